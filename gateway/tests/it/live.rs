//! The websocket: authentication, frames and close codes.

use std::time::Duration;

use bus::Event;
use entity::job::{self, Phase, View};
use futures::SinkExt;
use gateway::Config;
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::{Database, eventually};
use tokio_tungstenite::tungstenite::Message;

use crate::socket_client::Socket;
use crate::test_server::{Account, PASSWORD, Setup, TestServer, header, parse_id};

pub(crate) async fn quick(configure: fn(&mut Config)) -> TestServer {
    TestServer::with(Database::sqlite().await, Setup { configure: Some(configure), ..Setup::default() }).await
}

/// Advances a job in the database and publishes its state, as a processor does.
pub(crate) async fn advance(server: &TestServer, account: &Account, held: job::JobClaim, progress: i32) -> Value {
    let row = job::advance(&server.database.connection, held, Phase::Generating, progress).await.unwrap().unwrap();
    publish(server, account, row).await
}

pub(crate) async fn publish(server: &TestServer, account: &Account, row: job::Model) -> Value {
    let view = View::from(row);
    let event = Event::job(parse_id(&account.id), &view);
    server.bus.publish(&event).await.unwrap();
    serde_json::from_str(&event.frame).unwrap()
}

/// Waits until the gateway is subscribed: a new job's event arrives.
pub(crate) async fn listening(server: &TestServer, account: &Account, socket: &mut Socket) {
    let job = eventually("the gateway listens", async || {
        let job = server.job(account, "are you there?").await;
        let heard = tokio::time::timeout(Duration::from_millis(500), socket.heard()).await.ok()?;
        (heard["type"] == "job" || heard["type"] == "snapshot").then_some(job)
    });
    job.await;
}

#[tokio::test]
async fn sends_welcome_snapshot_and_live_frames_to_a_page() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let before = server.job(&account, "before").await;
        let mut socket = Socket::page(&server, &account).await;
        socket.say(json!({"type": "hello"})).await;
        let welcome = socket.heard().await;
        assert_eq!((welcome["type"].as_str(), welcome["v"].as_u64()), (Some("welcome"), Some(1)));
        assert_eq!(welcome["heartbeat"], 25);
        assert!(welcome["connection"].is_string() && welcome["expiresAt"].is_string());
        let jobs = socket.snapshot().await;
        assert_eq!(jobs, std::slice::from_ref(&before));

        listening(&server, &account, &mut socket).await;
        let held = server.claim(before["id"].as_str().unwrap()).await;
        let published = advance(&server, &account, held, 36).await;
        let heard = eventually("the frame arrives", async || {
            let frame = socket.heard().await;
            (frame["id"] == before["id"]).then_some(frame)
        });
        assert_eq!(heard.await, published, "handed on untouched");
    }
}

#[tokio::test]
async fn authenticates_a_program_by_the_token_in_hello() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let mut socket = Socket::open(&server, &[]).await.unwrap();
    socket.say(json!({"type": "hello", "token": account.token})).await;
    assert_eq!(socket.heard().await["type"], "welcome");
    let bearer = format!("Bearer {}", account.token);
    let mut socket = Socket::open(&server, &[("authorization", &bearer)]).await.unwrap();
    socket.say(json!({"type": "hello"})).await;
    assert_eq!(socket.heard().await["type"], "welcome");
}

#[tokio::test]
async fn sends_only_own_jobs_and_never_an_older_seq() {
    let server = TestServer::new().await;
    let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
    let job = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
    let held = server.claim(&job).await;
    let (mut socket, _) = Socket::greeted(&server, &ada).await;
    listening(&server, &ada, &mut socket).await;
    let old = job::of_user(&server.database.connection, held.job, ada.id.parse().unwrap()).await.unwrap().unwrap();
    server.job(&eve, "not Ada's").await;
    for progress in [10, 20] {
        advance(&server, &ada, held, progress).await;
    }
    publish(&server, &ada, old).await;
    let last = advance(&server, &ada, held, 30).await;
    let mut seqs = Vec::new();
    while seqs.last() != last["seq"].as_i64().as_ref() {
        let frame = socket.heard().await;
        assert_ne!(frame["prompt"], "not Ada's");
        if frame["id"] == *job {
            seqs.push(frame["seq"].as_i64().unwrap());
        }
    }
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
}

#[tokio::test]
async fn sends_changes_made_while_connecting() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let held = server.claim(&job).await;
    let (mut first, _) = Socket::greeted(&server, &account).await;
    listening(&server, &account, &mut first).await;
    for round in 0..20 {
        let mut socket = Socket::page(&server, &account).await;
        socket.say(json!({"type": "hello"})).await;
        let last = advance(&server, &account, held, round).await["seq"].as_i64();
        let mut newest = None;
        while newest < last {
            let frame = socket.heard().await;
            let jobs = frame["jobs"].as_array().cloned().unwrap_or_else(|| vec![frame]);
            for seen in jobs.iter().filter(|seen| seen["id"] == *job) {
                assert!(newest < seen["seq"].as_i64());
                newest = seen["seq"].as_i64();
            }
        }
        assert_eq!(newest, last);
    }
}

#[tokio::test]
async fn splits_a_large_snapshot_and_omits_known_states() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let mut known = serde_json::Map::new();
        for number in 0..60 {
            let job = server.job(&account, &format!("{number} {}", "字".repeat(1_500))).await;
            known.insert(job["id"].as_str().unwrap().into(), job["seq"].clone());
        }
        let (_, jobs) = Socket::greeted(&server, &account).await;
        assert_eq!(jobs.len(), 60);

        let stale = known.keys().next().unwrap().clone();
        known.insert(stale.clone(), json!(0));
        let nobodys = entity::id::new_id::<entity::id::kind::Job>().to_string();
        known.insert(nobodys.clone(), json!(5));
        let mut socket = Socket::page(&server, &account).await;
        socket.say(json!({"type": "hello", "known": known})).await;
        assert_eq!(socket.heard().await["type"], "welcome");
        let mut frames = Vec::new();
        while frames.iter().all(|frame: &Value| frame["type"] != "gone") {
            frames.push(socket.heard().await);
        }
        let of = |kind: &str| frames.iter().filter(|frame| frame["type"] == kind).collect::<Vec<_>>();
        assert_eq!(of("position").len(), 59);
        assert_eq!(of("snapshot").len(), 1);
        assert_eq!(of("snapshot")[0]["last"], true);
        let jobs = of("snapshot")[0]["jobs"].as_array().unwrap();
        assert_eq!((jobs.len(), jobs[0]["id"].as_str()), (1, Some(&*stale)));
        assert_eq!(of("gone")[0]["id"], nobodys);
    }
}

#[tokio::test]
async fn answers_for_known_jobs_that_finished_long_ago() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let old = server.job(&account, "old").await["id"].as_str().unwrap().to_owned();
    server.completed(&old, b"video").await;
    for number in 0..20 {
        let job = server.job(&account, &format!("{number}")).await["id"].as_str().unwrap().to_owned();
        server.completed(&job, b"video").await;
    }
    let (_, jobs) = Socket::greeted(&server, &account).await;
    assert!(jobs.len() == 20 && jobs.iter().all(|job| job["id"] != *old));
    let mut socket = Socket::page(&server, &account).await;
    let known = json!({&old: 1});
    socket.say(json!({"type": "hello", "known": known})).await;
    assert_eq!(socket.heard().await["type"], "welcome");
    assert!(socket.snapshot().await.iter().any(|job| job["id"] == *old && job["status"] == "completed"));
}

#[tokio::test]
async fn rejects_a_wrong_origin_before_the_upgrade() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let cookie = format!("session={}", account.token);
    for headers in [
        vec![("cookie", &*cookie), ("origin", "https://evil.example")],
        vec![("cookie", &*cookie), ("origin", "null")],
        vec![("cookie", &*cookie)],
        vec![("origin", "https://evil.example")],
    ] {
        assert_eq!(Socket::open(&server, &headers).await.err(), Some(403), "{headers:?}");
    }
}

#[tokio::test]
async fn reports_an_invalid_token_by_close_code() {
    let server = TestServer::new().await;
    let origin = server.origin();
    for headers in [vec![("cookie", "session=forged"), ("origin", &*origin)], vec![("authorization", "Bearer forged")]]
    {
        assert_eq!(Socket::open(&server, &headers).await.unwrap().closed().await, 4401);
    }
    for hello in [json!({"type": "hello"}), json!({"type": "hello", "token": "forged"})] {
        let mut socket = Socket::open(&server, &[]).await.unwrap();
        socket.say(hello).await;
        assert_eq!(socket.closed().await, 4401);
    }
}

#[tokio::test]
async fn requires_a_hello_first_and_in_time() {
    let server = quick(|config| config.sockets.timings.hello = Duration::from_millis(100)).await;
    let account = server.account("ada@example.org").await;
    assert_eq!(Socket::page(&server, &account).await.closed().await, 4408);
    assert_eq!(Socket::open(&server, &[]).await.unwrap().closed().await, 4408);
    let malformed = ["hello", "{}", r#"{"type":"heartbeat"}"#, r#"{"type":"hello","known":[1]}"#];
    for text in malformed.map(Message::text).into_iter().chain([Message::binary(vec![1])]) {
        let mut socket = Socket::page(&server, &account).await;
        socket.0.send(text).await.unwrap();
        assert_eq!(socket.closed().await, 4400);
    }
    let mut socket = Socket::page(&server, &account).await;
    socket.0.send(Message::text(" ".repeat(17 * 1024))).await.unwrap();
    assert_eq!(socket.closed().await, 4400);
}

#[tokio::test]
async fn signing_out_closes_only_that_sessions_sockets() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let login = server.request(reqwest::Method::POST, "/api/auth/login");
    let login = login.json(&json!({"email": "ada@example.org", "password": PASSWORD})).send().await.unwrap();
    let token = login.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let other = Account { token, ..account.clone() };
    let (socket, _) = Socket::greeted(&server, &account).await;
    let (mut stays, _) = Socket::greeted(&server, &other).await;
    assert_eq!(server.post(&account, "/api/auth/logout", json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(socket.closed().await, 4401);
    listening(&server, &other, &mut stays).await;
}

#[tokio::test]
async fn signing_out_works_without_redis() {
    let variables = vec![("REDIS_URL", "redis://127.0.0.1:1".to_owned())];
    let setup = Setup { variables, ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let account = server.account("ada@example.org").await;
    let (socket, _) = Socket::greeted(&server, &account).await;
    let out = server.post(&account, "/api/auth/logout", json!({})).await;
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let me = server.get(&account, "/api/auth/me").await;
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn closes_sockets_of_a_session_ended_by_another_gateway() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    listening(&server, &account, &mut socket).await;
    let row = <entity::session::Entity as sea_orm::EntityTrait>::find().one(&server.database.connection).await;
    let session = row.unwrap().unwrap().id;
    entity::session::revoke(&server.database.connection, session).await.unwrap();
    assert_eq!(server.get(&account, "/api/auth/me").await.status(), StatusCode::OK, "still in the cache");
    server.bus.send_control(&bus::Control::SessionRevoked { session }).await.unwrap();
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(server.get(&account, "/api/auth/me").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn closes_the_socket_of_an_expired_session() {
    let variables = vec![("JWT_EXPIRES_IN", "2s".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let account = server.account("ada@example.org").await;
    let (socket, _) = Socket::greeted(&server, &account).await;
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(server.get(&account, "/api/auth/me").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sends_bye_with_a_reconnect_window_on_shutdown() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    let mut unknown = Socket::open(&server, &[]).await.unwrap();
    server.shutdown.cancel();
    let bye = socket.heard().await;
    assert_eq!(bye["type"], "bye");
    assert_eq!(socket.closed().await, 1012);
    let other = unknown.heard().await;
    assert_eq!(unknown.closed().await, 1012);
    let mut windows = [bye, other].map(|bye| bye["retryMs"].clone());
    windows.sort_by_key(|window| window[0].as_u64());
    assert_eq!(windows, [json!([500, 1_500]), json!([502, 1_502])], "each has a window of its own");
    server.stop().await;
}

#[tokio::test]
async fn upgrades_only_get_requests_and_forbids_caching() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let response = server.post(&account, "/api/ws", json!({})).await;
    assert_eq!((response.status(), header(&response, "cache-control")), (StatusCode::METHOD_NOT_ALLOWED, "no-store"));
}
