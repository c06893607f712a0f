//! Fetching from a real server on loopback.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::Router;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use fetch::{Error, Fetcher, MediaType, Rules};
use futures::TryStreamExt;
use url::Url;

const VIDEO: &[u8] = b"\0\0\0\x20ftypisom and some frames that follow";

async fn server() -> Url {
    let cut = || async {
        let frames = futures::stream::iter([Ok::<_, std::io::Error>(VIDEO), Err(std::io::Error::other("cut"))]);
        ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(frames)).into_response()
    };
    let routes = Router::new()
        .route("/video", get(|| async { VIDEO }))
        .route("/page", get(|| async { "<!DOCTYPE html><html><body>Sign in</body></html>" }))
        .route("/empty", get(|| async { "" }))
        .route("/gone", get(|| async { StatusCode::GONE }))
        .route("/cut", get(cut))
        .route("/here", get(|| async { Redirect::temporary("/video") }))
        .route("/inside", get(|| async { Redirect::temporary("http://127.0.0.1:1/secret") }))
        .route("/round", get(|| async { Redirect::temporary("/round") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Url::parse(&url).unwrap()
}

async fn fetched(server: &Url, path: &str, max_bytes: u64) -> Result<(MediaType, Vec<u8>), Error> {
    let allowed = vec![fetch::Origin::of(server).unwrap()];
    let download = Fetcher::new(Rules { allowed, max_bytes })?.get(&server.join(path).unwrap()).await?;
    let bytes = download.bytes.try_fold(Vec::new(), |mut all, chunk| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    });
    Ok((download.media, bytes.await?))
}

#[tokio::test]
async fn fetches_a_video_and_follows_redirects_within_the_allowed_origin() {
    let server = server().await;
    for path in ["video", "here"] {
        assert_eq!(fetched(&server, path, 1_000).await.unwrap(), (MediaType::Mp4, VIDEO.to_vec()), "{path}");
    }
}

#[tokio::test]
async fn refuses_what_is_no_whole_video() {
    let server = server().await;
    assert!(matches!(fetched(&server, "page", 1_000).await, Err(Error::NotVideo)));
    assert!(matches!(fetched(&server, "empty", 1_000).await, Err(Error::NotVideo)));
    assert!(matches!(fetched(&server, "gone", 1_000).await, Err(Error::Status(410))));
    assert!(matches!(fetched(&server, "video", 20).await, Err(Error::TooLarge(20))));
    assert!(matches!(fetched(&server, "round", 1_000).await, Err(Error::Redirects)));
    assert!(fetched(&server, "cut", 10_000).await.is_err());
}

#[tokio::test]
async fn dials_no_private_address_directly_by_name_or_by_redirect() {
    let server = server().await;
    let stranger = Fetcher::new(Rules { allowed: vec![], max_bytes: 1_000 }).unwrap();
    assert!(matches!(stranger.get(&server.join("video").unwrap()).await, Err(Error::Forbidden(_))));
    assert!(matches!(fetched(&server, "inside", 1_000).await, Err(Error::Forbidden(_))));
    let mut by_name = server.clone();
    by_name.set_host(Some("localhost")).unwrap();
    assert!(matches!(stranger.get(&by_name).await, Err(Error::Transport(error)) if error.is_connect()));
}
