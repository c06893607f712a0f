//! Fetching from a real server on loopback.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod content;
mod playlist;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use fetch::{Credential, Error, Fetcher, Kind, MediaType, Rules};
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
    let routes = Router::new()
        .route("/in-pieces", get(in_pieces))
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
    Fetcher::new(Rules { allowed, max_bytes, named_in_json: named, credential: None }).unwrap()
}

async fn fetched(server: &Url, path: &str, max_bytes: u64) -> Result<(MediaType, Vec<u8>), Error> {
    let download = fetcher(&[server], max_bytes).get(&server.join(path).unwrap()).await?;
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
async fn errors_do_not_contain_the_address() {
    let server = server().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let closed = Url::parse(&format!("http://{closed}/")).unwrap();
    for (url, path) in [(&closed, "video?key=secret"), (&server, "cut?key=secret"), (&server, "gone?key=secret")] {
        let error = fetched(url, path, 10_000).await.unwrap_err();
        let text = service::error_chain(&error);
        assert!(!text.contains("secret") && !format!("{error:?}").contains("secret"), "{path}: {text}");
    }
}

#[tokio::test]
async fn never_dials_a_private_address_directly_by_name_or_by_redirect() {
    let server = server().await;
    let guarded = fetcher(&[], 1_000);
    assert!(matches!(guarded.get(&server.join("video").unwrap()).await, Err(Error::Forbidden(_))));
    assert!(matches!(fetched(&server, "inside", 1_000).await, Err(Error::Forbidden(_))));
    let mut by_name = server.clone();
    by_name.set_host(Some("localhost")).unwrap();
    assert!(matches!(guarded.get(&by_name).await, Err(Error::Transport(error)) if error.is_connect()));
}

#[tokio::test]
async fn continues_a_download_where_it_was_cut() {
    let server = server().await;
    assert_eq!(fetched(&server, "in-pieces", 1_000).await.unwrap(), (MediaType::Mp4, VIDEO.to_vec()));
}

/// What a server received: each path with the token, if any.
type Received = Arc<Mutex<Vec<(String, bool)>>>;

/// A server that answers with `answers`, a path and a body each (a body that begins with `http` is a redirect), and
/// records what it received.
async fn recording(answers: Vec<(&'static str, String)>) -> (Url, Received) {
    let received = Received::default();
    let record = received.clone();
    let answer = move |request: Request| async move {
        let path = request.uri().path().to_owned();
        let token = request.headers().get(header::AUTHORIZATION).is_some_and(|token| token == "Bearer t");
        record.lock().unwrap().push((path.clone(), token));
        let body = answers.into_iter().find(|(known, _)| *known == path).map(|(_, body)| body);
        match body {
            Some(location) if location.starts_with("http") => Redirect::temporary(&location).into_response(),
            Some(body) => body.into_response(),
            None => VIDEO.into_response(),
        }
    };
    (serve(Router::new().fallback(answer)).await, received)
}

#[tokio::test]
async fn sends_the_token_below_the_upstreams_address_and_never_to_another_origin() {
    let segments = |address: &str| format!("#EXTM3U\n#EXTINF:4,\n{address}\n#EXT-X-ENDLIST\n");
    let (other, elsewhere) = recording(vec![("/list.m3u8", segments("one.ts"))]).await;
    let at_other = |path: &str| other.join(path).unwrap().to_string();
    let (home, received) = recording(vec![
        ("/api/away", at_other("video")),
        ("/api/named", format!("[\"{}\"]", at_other("video"))),
        ("/api/names-list", format!("[\"{}\"]", at_other("list.m3u8"))),
        ("/api/list.m3u8", segments(&at_other("two.ts"))),
        ("/api/files", "[\"/files/1\"]".into()),
    ])
    .await;
    let allowed = [&home, &other].map(|url| fetch::Origin::of(url).unwrap()).to_vec();
    let credential = Some(Credential { base: home.join("api").unwrap(), token: "t".into() });
    let fetcher = Fetcher::new(Rules { allowed, max_bytes: 1_000, named_in_json: named, credential }).unwrap();
    let directory = tempfile::tempdir().unwrap();
    for path in ["api/content", "api/away", "api/named", "api/names-list", "api/list.m3u8", "api/files", "public"] {
        if let Err(Error::Playlist(url)) = fetcher.get(&home.join(path).unwrap()).await.map(drop) {
            fetcher.playlist(&url, directory.path()).await.unwrap();
        }
    }
    let elsewhere = elsewhere.lock().unwrap();
    assert!(elsewhere.iter().any(|(path, _)| path == "/one.ts") && elsewhere.iter().any(|(path, _)| path == "/two.ts"));
    assert!(elsewhere.iter().all(|(_, token)| !token), "{elsewhere:?}");
    let received = received.lock().unwrap();
    assert!(received.iter().any(|(path, _)| path == "/files/1"));
    assert!(received.iter().all(|(path, token)| *token == (path != "/public")), "{received:?}");
}
