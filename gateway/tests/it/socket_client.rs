//! A websocket client for tests.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::test_server::{Account, TestServer};

/// Less than a heartbeat's interval.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a websocket with these headers. `Err` is the status of a rejected upgrade.
    pub(crate) async fn open(server: &TestServer, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://127.0.0.1:{}/api/ws", server.port).into_client_request().unwrap();
        for (name, value) in headers.iter().chain([&("sec-websocket-protocol", "sora.v1")]) {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, response)) => {
                assert_eq!(response.headers()["sec-websocket-protocol"], "sora.v1");
                Ok(Self(socket))
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a websocket as a page does: with a cookie, from our origin.
    pub(crate) async fn page(server: &TestServer, account: &Account) -> Self {
        let cookie = format!("session={}", account.token);
        Self::open(server, &[("cookie", &cookie), ("origin", &server.origin())]).await.unwrap()
    }

    /// Opens a websocket as a page, sends `hello`, and reads the welcome and the snapshot. Returns its jobs.
    pub(crate) async fn greeted(server: &TestServer, account: &Account) -> (Self, Vec<Value>) {
        let mut socket = Self::page(server, account).await;
        socket.say(json!({"type": "hello"})).await;
        assert_eq!(socket.heard().await["type"], "welcome");
        let jobs = socket.snapshot().await;
        (socket, jobs)
    }

    /// Returns the next message. Waits only shortly, because a heartbeat would hide delays.
    async fn next(&mut self) -> Option<Result<Message, Error>> {
        timeout(RECEIVE_TIMEOUT, self.0.next()).await.expect("the gateway sends something")
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Returns the next frame, heartbeats included.
    pub(crate) async fn heard(&mut self) -> Value {
        match self.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Returns the jobs of a snapshot, up to its last frame.
    pub(crate) async fn snapshot(&mut self) -> Vec<Value> {
        let mut jobs = Vec::new();
        loop {
            let frame = self.heard().await;
            assert_eq!(frame["type"], "snapshot", "{frame}");
            let part = frame["jobs"].as_array().unwrap();
            assert!(part.len() <= 50);
            jobs.extend(part.iter().cloned());
            if frame["last"] == true {
                return jobs;
            }
        }
    }

    /// Returns the close code, skipping earlier frames.
    pub(crate) async fn closed(mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(Some(close)))) => return close.code.into(),
                Some(Ok(_)) => {}
                other => panic!("closed without a code: {other:?}"),
            }
        }
    }
}
