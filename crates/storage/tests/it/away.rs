//! An S3 server that is unreachable, rejects requests or drops connections; and the requests it receives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, header};
use futures::{StreamExt, stream};
use storage::{Error, PutError, Storage};
use tokio::net::TcpListener;

use crate::world::{chunks, opened, read};

const CONTENT: &str = "0123456789";

#[tokio::test]
async fn unreachable_server_fails_without_leaking_the_secret() {
    let storage = at(&format!("127.0.0.1:{}", testkit::free_port().await));
    assert!(matches!(storage.ping().await, Err(Error::Store(_))));
    assert!(matches!(read(&storage, "videos/x.mp4", None).await, Err(Error::Store(_))));
    assert!(matches!(storage.delete("videos/x.mp4").await, Err(Error::Store(_))));
    match storage.put("videos/x.mp4", chunks(&[Ok("x")])).await {
        Err(PutError::Storage(error)) => assert!(!format!("{error} {error:?}").contains("hidden"), "{error:?}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn retries_when_the_server_is_unavailable() {
    let (storage, asked) = server(|before, _| match before {
        0 => answer(StatusCode::SERVICE_UNAVAILABLE, ""),
        _ => answer(StatusCode::OK, ""),
    })
    .await;
    storage.put("videos/x.mp4", chunks(&[Ok("x")])).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn does_not_retry_a_forbidden_request() {
    let (storage, asked) = server(|_, _| answer(StatusCode::FORBIDDEN, "<Code>AccessDenied</Code>")).await;
    let refused = storage.put("videos/x.mp4", chunks(&[Ok("x")])).await;
    assert!(matches!(refused, Err(PutError::Storage(_))));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn ping_fails_with_a_key_that_may_only_read() {
    let (storage, _) = server(|_, request| match *request.method() {
        Method::GET => answer(StatusCode::OK, "<ListBucketResult></ListBucketResult>"),
        _ => answer(StatusCode::FORBIDDEN, "<Code>AccessDenied</Code>"),
    })
    .await;
    storage.verify().await.unwrap();
    assert!(storage.ping().await.is_err());
}

#[tokio::test]
async fn requests_only_the_range() {
    let (storage, asked) = server(|_, request| {
        assert_eq!(request.method(), Method::GET);
        assert_eq!(request.headers()[header::RANGE], "bytes=2-4");
        partial(2..5)
    })
    .await;
    assert_eq!(read(&storage, "videos/x.mp4", Some(2..5)).await.unwrap(), (10, b"234".to_vec()));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn size_uses_a_head_request() {
    let (storage, asked) = server(|_, request| {
        assert_eq!(request.method(), Method::HEAD);
        answer(StatusCode::OK, CONTENT)
    })
    .await;
    assert_eq!(storage.size("videos/x.mp4").await.unwrap(), 10);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn resumes_an_interrupted_download() {
    let (storage, asked) = server(|before, request| match before {
        0 => {
            let mut cut = answer(StatusCode::OK, CONTENT);
            let pieces = [Ok(Bytes::from(&CONTENT[..4])), Err(std::io::Error::other("cut"))];
            // Sends the first piece before the connection closes.
            let pieces = stream::iter(pieces).then(async |piece| {
                tokio::task::yield_now().await;
                piece
            });
            *cut.body_mut() = Body::from_stream(pieces);
            cut
        }
        _ => {
            let start = request.headers()[header::RANGE].to_str().unwrap().trim_start_matches("bytes=");
            partial(start.trim_end_matches("-9").parse().unwrap()..10)
        }
    })
    .await;
    assert_eq!(read(&storage, "videos/x.mp4", None).await.unwrap(), (10, CONTENT.into()));
    assert!(asked.load(Ordering::Relaxed) >= 2);
}

/// Opens a bucket at this address.
fn at(address: &str) -> Storage {
    opened(&[
        ("STORAGE_URL", "s3://videos".into()),
        ("S3_ENDPOINT", format!("http://{address}")),
        ("S3_ALLOW_HTTP", "true".into()),
        ("S3_ACCESS_KEY_ID", "test".into()),
        ("S3_SECRET_ACCESS_KEY", "hidden".into()),
    ])
}

/// Starts a server whose responses depend on the number of earlier requests. Returns a client and the request count.
async fn server(answer: fn(usize, &Request) -> Response<Body>) -> (Storage, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let storage = at(&listener.local_addr().unwrap().to_string());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let app =
        Router::new().fallback(async move |request: Request| answer(counter.fetch_add(1, Ordering::Relaxed), &request));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (storage, asked)
}

fn answer(status: StatusCode, body: &'static str) -> Response<Body> {
    let response = Response::builder().status(status).header(header::ETAG, "\"one\"");
    let response = response.header(header::LAST_MODIFIED, "Thu, 01 Jan 2026 00:00:00 GMT");
    response.header(header::CONTENT_LENGTH, body.len()).body(body.into()).unwrap()
}

fn partial(range: std::ops::Range<usize>) -> Response<Body> {
    let mut response = answer(StatusCode::PARTIAL_CONTENT, &CONTENT[range.clone()]);
    let range = format!("bytes {}-{}/{}", range.start, range.end - 1, CONTENT.len());
    response.headers_mut().insert(header::CONTENT_RANGE, range.parse().unwrap());
    response
}
