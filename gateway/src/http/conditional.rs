//! `If-None-Match` (RFC 9110, section 13.1.2).

use axum::http::HeaderMap;
use headers::{ETag, HeaderMapExt, IfNoneMatch};

/// Whether none of the entity tags in `If-None-Match` is `tag`, a quoted string. `false` means 304.
pub(crate) fn none_match(headers: &HeaderMap, tag: &str) -> bool {
    let (Some(known), Ok(tag)) = (headers.typed_get::<IfNoneMatch>(), tag.parse::<ETag>()) else {
        return true;
    };
    known.precondition_passes(&tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    fn headers(known: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())])
    }

    #[test]
    fn compares_tags_weakly() {
        let none = |known| none_match(&headers(known), "\"t\"");
        assert!(none("\"other\"") && none("t") && none_match(&HeaderMap::new(), "\"t\""));
        assert!(!none("\"t\"") && !none("W/\"t\"") && !none("\"a\", \"t\"") && !none("*"));
        assert!(none("\"a,\"t\"") && !none("\"a,b\", \"t\""));
    }
}
