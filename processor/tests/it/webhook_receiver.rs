//! A server that receives webhooks, well or badly.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect};
use axum::routing::post;

/// Bytes of a chunk of the endless response.
const CHUNK: &[u8] = &[b'x'; 64 * 1024];

/// See the module.
#[derive(Clone)]
pub(crate) struct Receiver {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
    endless_chunks: Arc<AtomicUsize>,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) timestamp: i64,
    pub(crate) signature: String,
    pub(crate) body: String,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let receiver = Self { address, received: Arc::default(), endless_chunks: Arc::default() };
        let routes = Router::new()
            .route("/ok", post(async |State(receiver): State<Self>, headers, body| receiver.record(&headers, body)))
            .route("/error", post(async || (StatusCode::SERVICE_UNAVAILABLE, "é".repeat(2_000))))
            .route("/gone", post(async || StatusCode::GONE))
            .route("/redirect", post(async || Redirect::temporary("/ok")))
            .route("/hang", post(async || std::future::pending::<()>().await))
            .route("/endless", post(async |State(receiver): State<Self>| receiver.endless()))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    /// `host:port`, for `WEBHOOK_ALLOW`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests to `/ok`, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The requests to `/ok` by `webhook-id`.
    pub(crate) fn by_event(&self) -> BTreeMap<String, Vec<Received>> {
        let mut events: BTreeMap<String, Vec<Received>> = BTreeMap::new();
        for one in self.received() {
            events.entry(one.id.clone()).or_default().push(one);
        }
        events
    }

    /// Bytes that the endless response has produced.
    pub(crate) fn endless_bytes(&self) -> usize {
        self.endless_chunks.load(Ordering::SeqCst) * CHUNK.len()
    }

    fn record(&self, headers: &HeaderMap, body: String) {
        let text = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(text("content-type"), "application/json");
        self.received.lock().unwrap().push(Received {
            id: text("webhook-id"),
            timestamp: text("webhook-timestamp").parse().unwrap(),
            signature: text("webhook-signature"),
            body,
        });
    }

    fn endless(&self) -> impl IntoResponse + use<> {
        let chunks = self.endless_chunks.clone();
        let endless = futures::stream::repeat_with(move || {
            chunks.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(CHUNK)
        });
        Body::from_stream(endless)
    }
}
