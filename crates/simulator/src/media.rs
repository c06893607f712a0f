//! `GET /media/{id}.mp4`: the video of a generation, whole or in part, as a CDN serves it.
//!
//! An address works from the moment its stream has told it, and until [`crate::ledger`] forgets it.

use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::clip::Clip;
use crate::error::ApiError;
use crate::server::Shared;

/// Answers GET and HEAD for a video.
pub(crate) async fn fetch(
    State(shared): State<Arc<Shared>>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = file.strip_suffix(".mp4").and_then(|id| id.parse().ok());
    let (clip, origin) = id
        .and_then(|id| shared.ledger.video(id))
        .ok_or_else(|| ApiError::invalid(StatusCode::NOT_FOUND, "No such video.").code("not_found"))?;
    if method == Method::GET {
        shared.ledger.download(&origin);
    }
    Ok(serve(clip, &headers))
}

/// The clip, or the part of it that is asked for.
pub(crate) fn serve(clip: &'static Clip, headers: &HeaderMap) -> Response {
    let length = clip.bytes.len();
    let etag = format!("\"{}-{length:x}\"", clip.name);
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let common = [(ACCEPT_RANGES, "bytes".to_owned()), (ETAG, etag.clone())];
    if header(IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.contains(&etag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let wanted = header(RANGE).filter(|_| header(IF_RANGE).is_none_or(|tag| tag == etag));
    let (status, range) = match wanted.and_then(|value| parse(value, length)) {
        None => (StatusCode::OK, 0..length),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => {
            let whole = [(CONTENT_RANGE, format!("bytes */{length}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, common, whole).into_response();
        }
    };
    let part = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| [(CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1))]);
    let about = [(CONTENT_TYPE, "video/mp4".to_owned()), (CONTENT_LENGTH, range.len().to_string())];
    let mut response = (status, common, about, Body::from(Bytes::from_static(&clip.bytes[range]))).into_response();
    response
        .headers_mut()
        .extend(part.into_iter().flatten().filter_map(|(name, value)| Some((name, value.parse().ok()?))));
    response
}

/// One range of bytes, `Some(None)` if it lies outside, `None` if the header is to be ignored (RFC 9110 §14.2): other
/// units, several ranges, nonsense.
fn parse(header: &str, length: usize) -> Option<Option<Range<usize>>> {
    let (first, last) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| text.parse::<usize>().ok();
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
    fn ranges_follow_the_rules_of_http() {
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
