//! Parses `Range` headers (RFC 9110, section 14.2).

use std::ops::Range;

/// The requested bytes; `Some(None)` if they lie outside of the file, `None` if the header must be ignored: another unit,
/// several ranges, or a syntax error.
pub(super) fn parse(header: &str, length: u64) -> Option<Option<Range<u64>>> {
    let (first, last) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| text.parse::<u64>().ok();
    let range = match (first, last) {
        ("", last) => length.saturating_sub(number(last)?)..length,
        (first, "") => number(first)?..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(Some(range).filter(|range| range.start < range.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_single_byte_ranges() {
        for (header, expected) in [
            ("bytes=0-9", Some(Some(0..10))),
            ("bytes=90-", Some(Some(90..100))),
            ("bytes=-10", Some(Some(90..100))),
            ("bytes=-1000", Some(Some(0..100))),
            ("bytes=50-1000", Some(Some(50..100))),
            ("bytes=100-", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=9-0", None),
            ("bytes=0-1,5-6", None),
            ("lines=0-9", None),
        ] {
            assert_eq!(parse(header, 100), expected, "{header}");
        }
    }
}
