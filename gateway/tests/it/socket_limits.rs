//! Limits for hostile, slow and vanished websocket clients.

use std::time::Duration;

use bus::Event;
use futures::{SinkExt, StreamExt};
use serde_json::json;
use testkit::{Database, eventually};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::live::quick;
use crate::socket_client::Socket;
use crate::test_server::{Account, Setup, TestServer, parse_id};

/// Opens another socket of the user. Returns `None` if it is not welcomed.
async fn welcomed(server: &TestServer, account: &Account) -> Option<Socket> {
    let mut socket = Socket::page(server, account).await;
    socket.say(json!({"type": "hello"})).await;
    match socket.0.next().await {
        Some(Ok(Message::Text(text))) if text.contains("welcome") => Some(socket),
        _ => None,
    }
}

#[tokio::test]
async fn closes_a_socket_that_does_not_answer_heartbeats() {
    let server = quick(|config| config.sockets.timings.heartbeat = Duration::from_millis(100)).await;
    let account = server.account("ada@example.org").await;
    let (silent, _) = Socket::greeted(&server, &account).await;
    let (mut lively, _) = Socket::greeted(&server, &account).await;
    let answers = async {
        for _ in 0..6 {
            assert_eq!(lively.heard().await["type"], "heartbeat");
            lively.say(json!({"type": "heartbeat"})).await;
        }
    };
    let (code, ()) = tokio::join!(silent.closed(), answers);
    assert_eq!(code, 4410);
}

#[tokio::test]
async fn limits_sockets_and_commands() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(Socket::greeted(&server, &account).await.0);
    }
    let mut ninth = Socket::page(&server, &account).await;
    ninth.say(json!({"type": "hello"})).await;
    assert_eq!(ninth.closed().await, 4429);

    let mut chatty = sockets.pop().unwrap();
    for _ in 0..30 {
        // The gateway may have closed meanwhile.
        let _ = chatty.0.send(Message::text(r#"{"type":"heartbeat"}"#)).await;
    }
    assert_eq!(chatty.closed().await, 4429);
    eventually("the place is free again", async || welcomed(&server, &account).await).await;
}

#[tokio::test]
async fn closes_a_socket_whose_client_does_not_read() {
    let server = quick(|config| config.sockets.timings.flush = Duration::from_millis(200)).await;
    let account = server.account("ada@example.org").await;
    let mut stalled = Vec::new();
    for _ in 0..8 {
        stalled.push(Socket::greeted(&server, &account).await.0);
    }
    let frame = json!({"type": "job", "filler": "x".repeat(60_000)}).to_string();
    eventually("a stalled socket gives its place to another", async || {
        for _ in 0..50 {
            let gone = Event::gone(parse_id(&account.id), entity::id::new_id());
            server.bus.publish(&Event { seq: 1, frame: frame.clone(), ..gone }).await.unwrap();
        }
        welcomed(&server, &account).await
    })
    .await;
    assert_eq!(stalled.len(), 8, "all still open on this side");
}

#[tokio::test]
async fn closes_a_socket_after_an_oversized_or_binary_message() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let invalid = Frame::message(vec![b'"', 0xC3, 0x28, b'"'], OpCode::Data(Data::Text), true);
    for message in [Message::text("x".repeat(1_000_000)), Message::Frame(invalid), Message::binary(vec![0; 9])] {
        let (mut socket, _) = Socket::greeted(&server, &account).await;
        // The gateway may close before it has read everything.
        let _ = socket.0.send(message).await;
        assert_eq!(socket.closed().await, 4400);
    }
    assert!(welcomed(&server, &account).await.is_some());
}

#[tokio::test]
async fn closes_a_socket_after_ten_thousand_commands() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    for _ in 0..10_000 {
        if socket.0.feed(Message::text(r#"{"type":"watch","job":"x"}"#)).await.is_err() {
            break;
        }
    }
    let _ = socket.0.flush().await;
    assert_eq!(socket.closed().await, 4429);
}

#[tokio::test]
async fn releases_the_permits_of_vanished_clients() {
    let server = quick(|config| config.sockets.timings.heartbeat = Duration::from_millis(50)).await;
    let account = server.account("ada@example.org").await;
    let mut half_open = Vec::new();
    for _ in 0..8 {
        half_open.push(Socket::greeted(&server, &account).await.0);
    }
    // They stay open on this side and read nothing more.
    eventually("a place is free again", async || welcomed(&server, &account).await).await;
    assert_eq!(half_open.len(), 8);
}

#[tokio::test]
async fn limits_sockets_per_process_and_address() {
    for (variable, code) in [("MAX_SOCKETS", 1013), ("MAX_SOCKETS_PER_ADDRESS", 4429)] {
        let setup = Setup { variables: vec![(variable, "2".to_owned())], ..Setup::default() };
        let server = TestServer::with(Database::sqlite().await, setup).await;
        let account = server.account("ada@example.org").await;
        let first = Socket::greeted(&server, &account).await;
        let _silent = Socket::open(&server, &[]).await.unwrap();
        assert_eq!(Socket::page(&server, &account).await.closed().await, code, "{variable}");
        drop(first);
        eventually("the place is free again", async || welcomed(&server, &account).await).await;
    }
}

/// Sends the number of heartbeats of twelve hours.
#[tokio::test]
async fn twelve_hours_of_heartbeats_do_not_grow_memory() {
    const BEATS: usize = 12 * 60 * 60 / 25;
    let configure: fn(&mut gateway::Config) = |config| {
        config.sockets.timings.heartbeat = Duration::from_millis(5);
        // The machine may be busy.
        config.sockets.timings.max_missed = 1_000;
        config.sockets.timings.command_window = Duration::from_millis(1);
    };
    let setup =
        Setup { variables: vec![("MAX_SOCKETS", "8".to_owned())], configure: Some(configure), ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let account = server.account("ada@example.org").await;
    let live = async || {
        let (mut socket, _) = Socket::greeted(&server, &account).await;
        for _ in 0..BEATS {
            assert_eq!(socket.heard().await["type"], "heartbeat");
            socket.say(json!({"type": "heartbeat"})).await;
        }
    };
    for _ in 0..2 {
        futures::future::join_all((0..8).map(|_| live())).await;
        eventually("all places are free again", async || welcomed(&server, &account).await).await;
    }
}
