//! Encodes server-sent events, with the irregularities of real servers.
//!
//! Each returned piece is written on its own, so that a client sees the boundaries that a behaviour asks for.

use bytes::Bytes;

use crate::plan::stream::Framing;

/// One item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SseItem {
    /// An event with this payload.
    Data(String),
    /// A line without `data:`.
    BareLine(String),
    /// Exactly these characters, without a line end.
    Raw(&'static str),
}

/// The bytes of one step's items.
pub(super) fn encode(framing: Framing, items: &[SseItem]) -> Vec<Bytes> {
    let end = if framing.crlf { "\r\n" } else { "\n" };
    let ping = framing.pings.then(|| format!(": PING{end}{end}"));
    let items = items.iter().map(|item| match item {
        SseItem::Data(payload) => format!("data: {payload}{end}{end}"),
        SseItem::BareLine(line) => format!("{line}{end}"),
        SseItem::Raw(text) => (*text).to_owned(),
    });
    ping.into_iter().chain(items).flat_map(|text| split(framing, text)).collect()
}

/// Splits a text within every character outside ASCII, if the framing asks for it.
fn split(framing: Framing, text: String) -> Vec<Bytes> {
    if !framing.split_utf8 {
        return vec![Bytes::from(text)];
    }
    let inside = text.char_indices().filter(|(_, char)| !char.is_ascii()).map(|(at, _)| at + 1);
    let boundaries: Vec<usize> = std::iter::once(0).chain(inside).chain([text.len()]).collect();
    boundaries.windows(2).map(|pair| Bytes::copy_from_slice(&text.as_bytes()[pair[0]..pair[1]])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> Vec<SseItem> {
        vec![SseItem::Data("{\"进\":1}".to_owned())]
    }

    #[test]
    fn writes_plain_events_by_default() {
        assert_eq!(encode(Framing::default(), &items()), ["data: {\"进\":1}\n\n"]);
    }

    #[test]
    fn pings_and_crlf_combine() {
        let framing = Framing { pings: true, crlf: true, ..Framing::default() };
        assert_eq!(encode(framing, &items()), [": PING\r\n\r\n", "data: {\"进\":1}\r\n\r\n"]);
    }

    #[test]
    fn bare_lines_and_raw_text_are_written_unchanged() {
        let items = [SseItem::BareLine("17:31:05".to_owned()), SseItem::Raw("data: [DONE]\\n\\n")];
        assert_eq!(encode(Framing::default(), &items), ["17:31:05\n", "data: [DONE]\\n\\n"]);
    }

    #[test]
    fn splitting_characters_loses_nothing() {
        let pieces = encode(Framing { split_utf8: true, ..Framing::default() }, &items());
        assert!(pieces.iter().all(|piece| str::from_utf8(piece).is_err()));
        assert_eq!(pieces.concat(), "data: {\"进\":1}\n\n".as_bytes());
    }
}
