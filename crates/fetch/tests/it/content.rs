//! What an address answers with: encodings, parts, JSON that names a video, files that are not whole or no video.

use async_compression::tokio::bufread::GzipEncoder;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use fetch::{Error, Incomplete, Kind, MediaType};
use tokio::io::AsyncReadExt;

use crate::{VIDEO, fetched, serve};

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    GzipEncoder::new(bytes).read_to_end(&mut compressed).await.unwrap();
    compressed
}

#[tokio::test]
async fn reads_compressed_downloads_announced_or_not() {
    let compressed = gzip(VIDEO).await;
    let unannounced = compressed.clone();
    let bomb = gzip(&[VIDEO, &[0; 100_000]].concat()).await;
    let routes = Router::new()
        .route(
            "/announced",
            get(|headers: HeaderMap| async move {
                assert_eq!(headers[header::ACCEPT_ENCODING], "identity");
                ([(header::CONTENT_ENCODING, "gzip")], compressed)
            }),
        )
        .route("/unannounced", get(|| async { unannounced }))
        .route("/bomb", get(|| async { ([(header::CONTENT_ENCODING, "gzip")], bomb) }));
    let server = serve(routes).await;
    for path in ["announced", "unannounced"] {
        assert_eq!(fetched(&server, path, 1_000).await.unwrap().1, VIDEO, "{path}");
    }
    assert!(matches!(fetched(&server, "bomb", 10_000).await, Err(Error::TooLarge(_))));
}

#[tokio::test]
async fn takes_partial_answers_that_begin_at_the_beginning() {
    // At most 30 bytes an answer, whatever is asked for.
    let parts = |headers: HeaderMap| async move {
        let range = headers.get(header::RANGE).map_or("bytes=0-", |range| range.to_str().unwrap());
        let start: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
        let end = VIDEO.len().min(start + 30);
        let range = format!("bytes {start}-{}/{}", end - 1, VIDEO.len());
        (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, range)], &VIDEO[start..end])
    };
    let whole = || async {
        let range = format!("bytes 0-{}/{}", VIDEO.len() - 1, VIDEO.len());
        (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, range)], VIDEO)
    };
    let middle = || async { (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, "bytes 8-9/100")], &VIDEO[8..10]) };
    let routes = Router::new().route("/parts", get(parts)).route("/whole", get(whole)).route("/middle", get(middle));
    let server = serve(routes).await;
    for path in ["parts", "whole"] {
        assert_eq!(fetched(&server, path, 1_000).await.unwrap().1, VIDEO, "{path}");
    }
    assert!(matches!(fetched(&server, "middle", 1_000).await, Err(Error::Status(206))));
}

#[tokio::test]
async fn follows_json_that_names_a_video_one_hop_under_the_same_rules() {
    let routes = Router::new()
        .route("/video", get(|| async { VIDEO }))
        .route("/page", get(|| async { "<html>" }))
        .route("/named", get(|| async { "\u{feff}\n[\"/page\", \"/video\"]" }))
        .route("/twice", get(|| async { "[\"/named\"]" }))
        .route("/inside", get(|| async { "[\"http://127.0.0.1:1/v.mp4\"]" }))
        .route("/nothing", get(|| async { "{}" }));
    let server = serve(routes).await;
    assert_eq!(fetched(&server, "named", 1_000).await.unwrap(), (MediaType::Mp4, VIDEO.to_vec()));
    assert!(matches!(fetched(&server, "inside", 1_000).await, Err(Error::Forbidden(_))));
    for path in ["twice", "nothing"] {
        assert!(matches!(fetched(&server, path, 1_000).await, Err(Error::NotVideo(Kind::Json))), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_ends_cleanly_before_the_file_does_is_an_error() {
    // Chunked, so that no length is announced.
    let chunked = || async {
        let cut = VIDEO[..VIDEO.len() - 5].to_vec();
        Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(cut)])).into_response()
    };
    let audio = || async { b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x08moov".as_slice() };
    let server = serve(Router::new().route("/cut", get(chunked)).route("/audio", get(audio))).await;
    assert!(matches!(fetched(&server, "cut", 1_000).await, Err(Error::Incomplete(Incomplete::Cut))));
    assert!(matches!(fetched(&server, "audio", 1_000).await, Err(Error::NotVideo(Kind::Audio))));
}
