//! Fetching from a real server on loopback.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod content;
mod playlist;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use fetch::{Error, Fetcher, Kind, MediaType, Rules};
use futures::{StreamExt, TryStreamExt};
use url::Url;

/// The smallest file that counts as a whole video: `ftyp`, an index without tracks, media data.
const VIDEO: &[u8] = b"\0\0\0\x10ftypisom\0\0\x02\0\0\0\0\x08moov\0\0\0\x1fmdatsome frames that follow";

async fn serve(routes: Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Url::parse(&url).unwrap()
}

async fn server() -> Url {
    let cut = || async {
        let frames = futures::stream::iter([Ok::<_, std::io::Error>(VIDEO), Err(std::io::Error::other("cut"))]);
        ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(frames)).into_response()
    };
    // 20 bytes per connection, as long as they are asked for in order.
    let in_pieces = |headers: HeaderMap| async move {
        let start = headers.get(header::RANGE).map_or(0, |range| {
            assert_eq!(headers[header::IF_RANGE], "\"v1\"");
            range.to_str().unwrap().trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap()
        });
        let (rest, end) = (VIDEO.len() - start, VIDEO.len().min(start + 20));
        let cut = futures::stream::iter([Ok(&VIDEO[start..end]), Err(std::io::Error::other("cut"))]);
        // What was written leaves before the connection is cut.
        let cut = cut.take(if end == VIDEO.len() { 1 } else { 2 }).then(|piece| async {
            tokio::task::yield_now().await;
            piece
        });
        let range = format!("bytes {start}-{}/{}", VIDEO.len() - 1, VIDEO.len());
        let status = if start == 0 { StatusCode::OK } else { StatusCode::PARTIAL_CONTENT };
        let headers = [
            (header::CONTENT_LENGTH, rest.to_string()),
            (header::CONTENT_RANGE, range),
            (header::ETAG, "\"v1\"".into()),
        ];
        (status, headers, Body::from_stream(cut)).into_response()
    };
    let guarded = |headers: HeaderMap| async move {
        let token = headers.get(header::AUTHORIZATION).map(|token| token.to_str().unwrap().to_owned());
        if token.as_deref() == Some("Bearer t") {
            VIDEO.into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        }
    };
    let routes = Router::new()
        .route("/in-pieces", get(in_pieces))
        .route("/guarded", get(guarded))
        .route("/video", get(|| async { VIDEO }))
        .route("/page", get(|| async { "<!DOCTYPE html><html><body>Sign in</body></html>" }))
        .route("/empty", get(|| async { "" }))
        .route("/gone", get(|| async { StatusCode::GONE }))
        .route("/cut", get(cut))
        .route("/here", get(|| async { Redirect::temporary("/video") }))
        .route("/inside", get(|| async { Redirect::temporary("http://127.0.0.1:1/secret") }))
        .route("/round", get(|| async { Redirect::temporary("/round") }));
    serve(routes).await
}

/// The addresses that a test's JSON names: one a line, in quotes.
fn named(json: &str, base: &Url) -> Vec<Url> {
    json.split('"').skip(1).step_by(2).filter_map(|address| base.join(address).ok()).collect()
}

fn fetcher(allowed: &[&Url], max_bytes: u64) -> Fetcher {
    let allowed = allowed.iter().map(|url| fetch::Origin::of(url).unwrap()).collect();
    Fetcher::new(Rules { allowed, max_bytes, named_in_json: named }).unwrap()
}

async fn fetched(server: &Url, path: &str, max_bytes: u64) -> Result<(MediaType, Vec<u8>), Error> {
    let download = fetcher(&[server], max_bytes).get(&server.join(path).unwrap(), None).await?;
    let chunks: Vec<_> = download.bytes.try_collect().await?;
    Ok((download.media, chunks.concat()))
}

#[tokio::test]
async fn fetches_a_video_and_follows_redirects_within_the_allowed_origin() {
    let server = server().await;
    for path in ["video", "here"] {
        assert_eq!(fetched(&server, path, 1_000).await.unwrap(), (MediaType::Mp4, VIDEO.to_vec()), "{path}");
    }
}

#[tokio::test]
async fn refuses_content_that_is_not_a_whole_video() {
    let server = server().await;
    assert!(matches!(fetched(&server, "page", 1_000).await, Err(Error::NotVideo(Kind::Page))));
    assert!(matches!(fetched(&server, "empty", 1_000).await, Err(Error::NotVideo(Kind::Empty))));
    assert!(matches!(fetched(&server, "gone", 1_000).await, Err(Error::Status(410))));
    assert!(matches!(fetched(&server, "video", 20).await, Err(Error::TooLarge(20))));
    assert!(matches!(fetched(&server, "round", 1_000).await, Err(Error::Redirects)));
    assert!(fetched(&server, "cut", 10_000).await.is_err());
}

#[tokio::test]
async fn never_dials_a_private_address_directly_by_name_or_by_redirect() {
    let server = server().await;
    let guarded = fetcher(&[], 1_000);
    assert!(matches!(guarded.get(&server.join("video").unwrap(), None).await, Err(Error::Forbidden(_))));
    assert!(matches!(fetched(&server, "inside", 1_000).await, Err(Error::Forbidden(_))));
    let mut by_name = server.clone();
    by_name.set_host(Some("localhost")).unwrap();
    assert!(matches!(guarded.get(&by_name, None).await, Err(Error::Transport(error)) if error.is_connect()));
}

#[tokio::test]
async fn continues_a_download_where_it_was_cut() {
    let server = server().await;
    assert_eq!(fetched(&server, "in-pieces", 1_000).await.unwrap(), (MediaType::Mp4, VIDEO.to_vec()));
}

#[tokio::test]
async fn sends_a_token_to_its_own_origin_only() {
    let (server, other) = (server().await, server().await);
    let elsewhere = other.join("guarded").unwrap();
    let named = format!("[\"{}\"]", elsewhere.as_str());
    let routes = Router::new()
        .route("/away", get(move || async move { Redirect::temporary(elsewhere.as_str()) }))
        .route("/named", get(move || async move { named }))
        .route("/here", get(|| async { Redirect::temporary("/guarded") }))
        .route(
            "/guarded",
            get(|headers: HeaderMap| async move {
                assert_eq!(headers[header::AUTHORIZATION], "Bearer t");
                VIDEO
            }),
        );
    let home = serve(routes).await;
    let fetcher = fetcher(&[&server, &other, &home], 1_000);
    let get = async |url: Url| fetcher.get(&url, Some("t")).await.map(|download| download.media);
    assert_eq!(get(server.join("guarded").unwrap()).await.unwrap(), MediaType::Mp4);
    assert_eq!(get(home.join("here").unwrap()).await.unwrap(), MediaType::Mp4);
    assert!(matches!(get(home.join("away").unwrap()).await, Err(Error::Status(401))));
    assert!(matches!(get(home.join("named").unwrap()).await, Err(Error::Status(401))));
}
