//! Conditional requests (RFC 9110, section 13): a pure function over headers.

use axum::http::{HeaderMap, header};

/// Whether the client's copies are all other ones than `tag`: false means 304.
pub(crate) fn none_match(headers: &HeaderMap, tag: &str) -> bool {
    let mut known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    !known.any(|list| list.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(known: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())])
    }

    #[test]
    fn compares_tags_weakly() {
        let none = |known| none_match(&headers(known), "\"t\"");
        assert!(none("\"other\"") && none("t") && none_match(&HeaderMap::new(), "\"t\""));
        assert!(!none("\"t\"") && !none("W/\"t\"") && !none("\"a\", \"t\"") && !none("*"));
    }
}
