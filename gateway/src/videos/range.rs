//! Range requests (RFC 9110) for one file: pure functions over headers.
//!
//! A single byte range is served. Several ranges or a malformed one return the whole file, as the RFC allows.

use std::ops::Range;

use axum::http::{HeaderMap, header};

/// The part of a file to return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole file: 200.
    Whole,
    /// A part: 206.
    Of(Range<u64>),
    /// The range starts after the end: 416.
    Unsatisfiable,
}

/// Returns the part of `size` bytes that `Range` selects. `If-Range` must match the file's `tag` or `modified`.
pub(crate) fn part(headers: &HeaderMap, size: u64, tag: &str, modified: &str) -> Part {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(header::RANGE), text(header::IF_RANGE)) {
        (None, _) => Part::Whole,
        (Some(_), Some(condition)) if condition != tag && condition != modified => Part::Whole,
        (Some(range), _) => single(range, size).unwrap_or(Part::Whole),
    }
}

/// Returns `None` unless `range` is one well-formed byte range.
fn single(range: &str, size: u64) -> Option<Part> {
    let (unit, spec) = range.split_once('=')?;
    let (from, to) = spec.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes"))?;
    let (start, end) = match (from.is_empty(), to.is_empty()) {
        (true, true) => return None,
        (true, false) => (size.saturating_sub(number(to)?), size),
        (false, true) => (number(from)?, size),
        (false, false) => {
            let (from, to) = (number(from)?, number(to)?);
            if to < from {
                return None;
            }
            (from, to.saturating_add(1).min(size))
        }
    };
    Some(if start < end { Part::Of(start..end) } else { Part::Unsatisfiable })
}

/// Parses digits only. A number that does not fit is larger than any file.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn reads_one_byte_range() {
        let of = |range: &str| part(&headers(&[(header::RANGE, range)]), 100, "\"t\"", "m");
        for (range, expected) in [
            ("bytes=0-9", Part::Of(0..10)),
            ("bytes=90-", Part::Of(90..100)),
            ("bytes=-10", Part::Of(90..100)),
            ("bytes=-1000", Part::Of(0..100)),
            ("bytes=50-1000", Part::Of(50..100)),
            ("bytes=99-99", Part::Of(99..100)),
            ("Bytes=0-0", Part::Of(0..1)),
            ("bytes=0-99999999999999999999999", Part::Of(0..100)),
            ("bytes=100-", Part::Unsatisfiable),
            ("bytes=100-200", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=99999999999999999999999-", Part::Unsatisfiable),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=9-0", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("items=0-9", Part::Whole),
            ("0-9", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(of(range), expected, "{range}");
        }
        assert_eq!(part(&HeaderMap::new(), 100, "\"t\"", "m"), Part::Whole);
    }

    #[test]
    fn serves_a_range_only_if_if_range_matches() {
        let of = |condition| {
            let headers = headers(&[(header::RANGE, "bytes=0-9"), (header::IF_RANGE, condition)]);
            part(&headers, 100, "\"t\"", "Sun, 06 Nov 1994 08:49:37 GMT")
        };
        assert_eq!(of("\"t\""), Part::Of(0..10));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), Part::Of(0..10));
        assert_eq!(of("\"other\""), Part::Whole);
        assert_eq!(of("W/\"t\""), Part::Whole);
    }
}
