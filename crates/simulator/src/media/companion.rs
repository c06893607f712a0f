//! Files beside a video: pages, images, and the segments of an HLS playlist. `media/make-formats.sh` creates them.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::http::injected_error::page;

const COVER: &[u8] = include_bytes!("../../media/formats/cover.webp");
const POSTER: &[u8] = include_bytes!("../../media/formats/poster.jpg");
const SEGMENTS: [&[u8]; 2] =
    [include_bytes!("../../media/formats/segment0.ts"), include_bytes!("../../media/formats/segment1.ts")];
const AUDIO: &[u8] = include_bytes!("../../media/formats/audio.m4a");
const PICTURE: &[u8] = include_bytes!("../../media/formats/picture.avif");

/// The file of this name beside a video.
pub(super) fn companion(name: &str) -> Option<Response> {
    Some(match name {
        "task.html" => ([(CONTENT_TYPE, "text/html")], page("Task")).into_response(),
        "cover.webp" => ([(CONTENT_TYPE, "image/webp")], COVER).into_response(),
        "poster.jpg" => ([(CONTENT_TYPE, "image/jpeg")], POSTER).into_response(),
        "segment0.ts" => ([(CONTENT_TYPE, "video/mp2t")], SEGMENTS[0]).into_response(),
        "segment1.ts" => ([(CONTENT_TYPE, "video/mp2t")], SEGMENTS[1]).into_response(),
        _ => return None,
    })
}

/// An HLS playlist of two segments of a second each.
pub(super) fn playlist([first, second]: &[String; 2]) -> Response {
    let playlist = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXTINF:1.000,\n{first}\n#EXTINF:1.000,\n{second}\n#EXT-X-ENDLIST\n"
    );
    ([(CONTENT_TYPE, "application/vnd.apple.mpegurl")], playlist).into_response()
}

/// An audio file in place of a video.
pub(super) fn audio() -> Response {
    ([(CONTENT_TYPE, "audio/mp4")], AUDIO).into_response()
}

/// An image in place of a video.
pub(super) fn picture() -> Response {
    ([(CONTENT_TYPE, "image/avif")], PICTURE).into_response()
}
