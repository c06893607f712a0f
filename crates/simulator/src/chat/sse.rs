//! From frames to bytes: server-sent events, and the ways in which real servers bend them.
//!
//! Each piece becomes a write of its own, so a client meets the borders that a behaviour asks for.

use bytes::Bytes;

/// How a connection ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hangup {
    /// In order, for TCP (FIN).
    Close,
    /// At once (RST).
    Reset,
}

/// What a variant has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The payload of an event.
    Data(String),
    /// A line that is no event.
    Stray(String),
    /// These characters and no line end.
    Raw(&'static str),
}

/// How the frames of a stream are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framing {
    /// A comment comes before every step.
    pub(crate) pings: bool,
    /// Lines end in CR LF.
    pub(crate) crlf: bool,
    /// Characters outside ASCII are spread over two pieces.
    pub(crate) split_utf8: bool,
}

impl Framing {
    /// The pieces of one step.
    pub(crate) fn pieces(self, frames: &[Frame]) -> Vec<Bytes> {
        let end = if self.crlf { "\r\n" } else { "\n" };
        let comment = self.pings.then(|| format!(": PING{end}{end}"));
        let frames = frames.iter().map(|frame| match frame {
            Frame::Data(payload) => format!("data: {payload}{end}{end}"),
            Frame::Stray(line) => format!("{line}{end}"),
            Frame::Raw(text) => (*text).to_owned(),
        });
        comment.into_iter().chain(frames).flat_map(|text| self.cut(text)).collect()
    }

    fn cut(self, text: String) -> Vec<Bytes> {
        if !self.split_utf8 {
            return vec![Bytes::from(text)];
        }
        let inside = text.char_indices().filter(|(_, char)| !char.is_ascii()).map(|(at, _)| at + 1);
        let borders: Vec<usize> = std::iter::once(0).chain(inside).chain([text.len()]).collect();
        borders.windows(2).map(|pair| Bytes::copy_from_slice(&text.as_bytes()[pair[0]..pair[1]])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Frame> {
        vec![Frame::Data("{\"进\":1}".to_owned())]
    }

    #[test]
    fn frames_are_plain_events() {
        assert_eq!(Framing::default().pieces(&frames()), ["data: {\"进\":1}\n\n"]);
    }

    #[test]
    fn comments_and_line_ends_combine() {
        let framing = Framing { pings: true, crlf: true, ..Framing::default() };
        assert_eq!(framing.pieces(&frames()), [": PING\r\n\r\n", "data: {\"进\":1}\r\n\r\n"]);
    }

    #[test]
    fn stray_lines_and_raw_text_are_left_alone() {
        let frames = [Frame::Stray("17:31:05".to_owned()), Frame::Raw("data: [DONE]\\n\\n")];
        assert_eq!(Framing::default().pieces(&frames), ["17:31:05\n", "data: [DONE]\\n\\n"]);
    }

    #[test]
    fn characters_are_cut_and_nothing_is_lost() {
        let pieces = Framing { split_utf8: true, ..Framing::default() }.pieces(&frames());
        assert!(pieces.iter().all(|piece| str::from_utf8(piece).is_err()));
        assert_eq!(pieces.concat(), "data: {\"进\":1}\n\n".as_bytes());
    }
}
