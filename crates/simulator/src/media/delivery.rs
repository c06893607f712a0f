//! Sends a file as a CDN does: conditional requests and ranges.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};

use super::file::File;
use super::range;

/// Sends the file or the requested range. A complete response breaks off half-way if `truncated`.
pub(super) fn deliver(file: &File, headers: &HeaderMap, no_range: bool, truncated: bool) -> Response {
    let (length, tag) = (file.length(), file.tag());
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let ranges = if no_range { "none" } else { "bytes" };
    let common = [(ACCEPT_RANGES, ranges.to_owned()), (ETAG, tag.clone())];
    if header(IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.contains(&tag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let requested = header(RANGE).filter(|_| !no_range && header(IF_RANGE).is_none_or(|given| given == tag));
    let (status, range) = match requested.and_then(|value| range::parse(value, length)) {
        None => (StatusCode::OK, 0..length),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => {
            let unsatisfied = [(CONTENT_RANGE, format!("bytes */{length}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, common, unsatisfied).into_response();
        }
    };
    let content_range = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| (CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1)));
    let content = [(CONTENT_TYPE, file.media_type.to_owned()), (CONTENT_LENGTH, (range.end - range.start).to_string())];
    let body = if truncated && status == StatusCode::OK { file.truncated(0..length / 2) } else { file.range(range) };
    (status, common, content, AppendHeaders(content_range), body).into_response()
}

/// Sends the whole file with status 206, also if no range was requested.
pub(super) fn deliver_as_partial(file: &File) -> Response {
    let length = file.length();
    let headers = [
        (CONTENT_TYPE, file.media_type.to_owned()),
        (CONTENT_RANGE, format!("bytes 0-{}/{length}", length - 1)),
        (CONTENT_LENGTH, length.to_string()),
    ];
    (StatusCode::PARTIAL_CONTENT, headers, file.range(0..length)).into_response()
}

/// Sends the first two thirds of the file as a chunked response that ends normally.
pub(super) fn deliver_two_thirds(file: &File) -> Response {
    // A body without a known length is sent in chunks.
    let body = Body::from_stream(file.range(0..file.length() * 2 / 3).into_data_stream());
    ([(CONTENT_TYPE, file.media_type)], body).into_response()
}
