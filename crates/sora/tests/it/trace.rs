//! The trace context that the upstream receives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request as HttpRequest;
use axum::http::Method;
use axum::{Json, Router};
use serde_json::json;
use sora::{Driver, OpenGeneration, Request, Upstream, driver};
use tokio::net::TcpListener;
use url::Url;

use crate::patient;

const PLACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const LATER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b8-01";

/// Method, path and trace of each request, in order.
type Log = Arc<Mutex<Vec<(Method, String, Option<String>)>>>;

/// A driver of a server that completes every request, and the requests that it received.
async fn upstream(path: &str) -> (Box<dyn Driver>, Log) {
    let log = Log::default();
    let received = log.clone();
    let answer = async move |request: HttpRequest| {
        let place = request.headers().get("traceparent").map(|place| place.to_str().unwrap().to_owned());
        received.lock().unwrap().push((request.method().clone(), request.uri().path().to_owned(), place));
        Json(json!({"id": "v1", "status": if request.method() == Method::POST { "queued" } else { "completed" }}))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}{path}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    let dialect = sora::Dialect::of(&url).unwrap();
    let poll = Duration::from_millis(1);
    (driver(&Upstream { url, dialect, token: None, timeouts: patient(), poll_interval: poll }).unwrap(), log)
}

fn request(traceparent: Option<&str>) -> Request {
    let (prompt, model) = ("a cat".into(), "sora-2".into());
    let traceparent = traceparent.map(ToOwned::to_owned);
    Request { prompt, model, seconds: "8".into(), size: "720x1280".into(), image: None, traceparent }
}

#[tokio::test]
async fn both_dialects_send_it_with_the_request() {
    for path in ["/v1/chat/completions", "/v1/videos"] {
        let (driver, log) = upstream(path).await;
        driver.submit(&request(Some(PLACE))).await.unwrap();
        driver.submit(&request(None)).await.unwrap();
        let sent = |place: Option<&str>| (Method::POST, path.to_owned(), place.map(ToOwned::to_owned));
        assert_eq!(*log.lock().unwrap(), [sent(Some(PLACE)), sent(None)]);
    }
}

#[tokio::test]
async fn failures_do_not_contain_the_address() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for path in ["/v1/chat/completions", "/v1/videos"] {
        let url = Url::parse(&format!("http://{closed}{path}?key=secret")).unwrap();
        let (dialect, poll_interval) = (sora::Dialect::of(&url).unwrap(), Duration::from_millis(1));
        let upstream = Upstream { url, dialect, token: None, timeouts: patient(), poll_interval };
        let failure = driver(&upstream).unwrap().submit(&request(None)).await.err().unwrap();
        assert!(!failure.detail.is_empty() && !failure.detail.contains("secret"), "{}", failure.detail);
    }
}

#[tokio::test]
async fn every_poll_sends_it() {
    let (driver, log) = upstream("/v1/videos").await;
    let mut generation = driver.submit(&request(Some(PLACE))).await.unwrap();
    while !matches!(generation.next().await.unwrap(), sora::Event::Finished) {}
    let begun = OpenGeneration { id: "v1", prompt: "a cat", age: Duration::ZERO, traceparent: Some(LATER) };
    driver.resume(begun).unwrap().cancel().await;
    let received = |method, path: &str, place: &str| (method, path.to_owned(), Some(place.to_owned()));
    let expected = [
        received(Method::POST, "/v1/videos", PLACE),
        received(Method::GET, "/v1/videos/v1", PLACE),
        received(Method::DELETE, "/v1/videos/v1", LATER),
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}
