//! From payloads to bytes: server-sent events, and the ways in which real servers bend them.
//!
//! Each piece becomes a write of its own, so a client meets the borders that a behaviour asks for.

use bytes::Bytes;

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
    /// The pieces of one step: its payloads as `data:` frames.
    pub(crate) fn pieces(self, payloads: &[String]) -> Vec<Bytes> {
        let end = if self.crlf { "\r\n\r\n" } else { "\n\n" };
        let comment = self.pings.then(|| format!(": PING{end}"));
        let frames = payloads.iter().map(|payload| format!("data: {payload}{end}"));
        comment.into_iter().chain(frames).flat_map(|frame| self.cut(&frame)).collect()
    }

    fn cut(self, frame: &str) -> Vec<Bytes> {
        if !self.split_utf8 {
            return vec![Bytes::copy_from_slice(frame.as_bytes())];
        }
        let inside = frame.char_indices().filter(|(_, char)| !char.is_ascii()).map(|(at, _)| at + 1);
        let borders: Vec<usize> = std::iter::once(0).chain(inside).chain([frame.len()]).collect();
        borders.windows(2).map(|pair| Bytes::copy_from_slice(&frame.as_bytes()[pair[0]..pair[1]])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Vec<String> {
        vec!["{\"进\":1}".to_owned()]
    }

    #[test]
    fn frames_are_plain_events() {
        assert_eq!(Framing::default().pieces(&payload()), ["data: {\"进\":1}\n\n"]);
    }

    #[test]
    fn comments_and_line_ends_combine() {
        let framing = Framing { pings: true, crlf: true, ..Framing::default() };
        assert_eq!(framing.pieces(&payload()), [": PING\r\n\r\n", "data: {\"进\":1}\r\n\r\n"]);
    }

    #[test]
    fn characters_are_cut_and_nothing_is_lost() {
        let pieces = Framing { split_utf8: true, ..Framing::default() }.pieces(&payload());
        assert!(pieces.iter().all(|piece| str::from_utf8(piece).is_err()));
        assert_eq!(pieces.concat(), "data: {\"进\":1}\n\n".as_bytes());
    }
}
