//! Recovery of missed states on the websocket, and watching other users' jobs.

use std::time::Duration;

use bus::Control;
use entity::id::{kind, new_id};
use entity::job::{self, Phase};
use entity::user::{self, Role};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value as Sql};
use serde_json::{Value, json};
use testkit::{Database, Proxy, eventually};

use crate::live::{advance, listening, publish, quick};
use crate::socket_client::Socket;
use crate::test_server::{Account, PASSWORD, Setup, TestServer, parse_id};

/// Changes an account as an administrator does.
async fn change(server: &TestServer, account: &Account, column: user::Column, value: impl Into<Sql>) {
    let update = user::Entity::update_many()
        .col_expr(column, Expr::value(value))
        .filter(user::Column::Id.eq(parse_id::<kind::User>(&account.id)));
    assert_eq!(update.exec(&server.database.connection).await.unwrap().rows_affected, 1);
    server.bus.send_control(&Control::UserChanged { user: parse_id(&account.id) }).await.unwrap();
}

async fn sign_in_again(server: &TestServer, email: &str) -> String {
    let login = server.request(reqwest::Method::POST, "/api/auth/login");
    let login = login.json(&json!({"email": email, "password": PASSWORD})).send().await.unwrap();
    login.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
}

/// Returns the next frame of a kind, skipping others.
async fn heard(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let frame = socket.heard().await;
        if frame["type"] == kind {
            return frame;
        }
    }
}

/// The port of the Redis that all tests share.
fn shared_redis_port() -> u16 {
    testkit::redis_url().rsplit_once(':').unwrap().1.trim_end_matches('/').parse().unwrap()
}

#[tokio::test]
async fn sends_missed_states_after_an_outage_of_redis() {
    let redis = Proxy::start(shared_redis_port()).await;
    let variables = vec![("REDIS_URL", format!("redis://127.0.0.1:{}", redis.port()))];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let held = server.claim(&job).await;
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    listening(&server, &account, &mut socket).await;
    redis.cut();
    // Committed, but not published.
    let row = job::advance(&server.database.connection, held, Phase::Generating, 50).await.unwrap().unwrap();
    let missed = eventually("the missed state arrives", async || {
        let frame = socket.heard().await;
        (frame["id"] == *job && frame["seq"] == row.seq).then_some(frame)
    });
    assert_eq!(missed.await["progress"], 50);
}

#[tokio::test]
async fn reports_a_job_deleted_during_an_outage_of_redis() {
    let redis = Proxy::start(shared_redis_port()).await;
    let variables = vec![("REDIS_URL", format!("redis://127.0.0.1:{}", redis.port()))];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    server.completed(&job, b"video").await;
    let (mut socket, jobs) = Socket::greeted(&server, &account).await;
    assert_eq!(jobs[0]["id"], *job);
    listening(&server, &account, &mut socket).await;
    redis.cut();
    job::delete(&server.database.connection, job.parse().unwrap(), account.id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(heard(&mut socket, "gone").await["id"], *job);
}

#[tokio::test]
async fn finds_and_sends_unpublished_states() {
    let server = quick(|config| {
        config.background.missed_interval = Duration::from_millis(100);
        config.background.delivery_time = Duration::from_millis(50);
    })
    .await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    let held = server.claim(&job).await;
    let row = job::advance(&server.database.connection, held, Phase::Generating, 50).await.unwrap().unwrap();
    let frame = eventually("the state arrives", async || {
        let frame = socket.heard().await;
        (frame["id"] == *job && frame["seq"] == row.seq).then_some(frame)
    });
    assert_eq!(frame.await["progress"], 50);
}

#[tokio::test]
async fn shuffled_events_end_in_the_latest_state() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    listening(&server, &account, &mut socket).await;
    let mut rows = Vec::new();
    let mut last = std::collections::HashMap::new();
    for _ in 0..5 {
        let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
        let held = server.claim(&job).await;
        for progress in 1..=99 {
            let row =
                job::advance(&server.database.connection, held, Phase::Generating, progress).await.unwrap().unwrap();
            last.insert(job.clone(), row.seq);
            rows.push(row);
        }
    }
    // Each three times, in another order than committed.
    let storm = async {
        for round in 0..3 {
            for at in 0..rows.len() {
                publish(&server, &account, rows[(at * 7 + round * 31) % rows.len()].clone()).await;
            }
        }
    };
    let mut seen = std::collections::HashMap::new();
    let reader = async {
        while seen != last {
            let frame = socket.heard().await;
            let (id, seq) = (frame["id"].as_str().unwrap().to_owned(), frame["seq"].as_i64());
            if let (Some(seq), true) = (seq, last.contains_key(&id)) {
                let before = seen.insert(id, seq);
                assert!(before.is_none_or(|before| before < seq), "seq went back");
            }
        }
    };
    tokio::join!(storm, reader);
}

#[tokio::test]
async fn sends_changed_queue_positions() {
    let server = quick(|config| config.background.positions_interval = Duration::from_millis(50)).await;
    let account = server.account("ada@example.org").await;
    let first = server.job(&account, "first").await["id"].as_str().unwrap().to_owned();
    let second = server.job(&account, "second").await["id"].as_str().unwrap().to_owned();
    let (mut socket, jobs) = Socket::greeted(&server, &account).await;
    assert_eq!((jobs[0]["id"].as_str(), jobs[0]["queuePosition"].as_u64()), (Some(&*second), Some(2)));
    server.queue().remove(parse_id(&first)).await.unwrap();
    let mut frames = Vec::new();
    while frames.len() < 2 {
        frames.push(heard(&mut socket, "position").await);
    }
    frames.sort_by_key(|frame| frame["queuePosition"].as_u64());
    assert_eq!(frames[0], json!({"type": "position", "id": first, "queuePosition": null}));
    assert_eq!(frames[1], json!({"type": "position", "id": second, "queuePosition": 1}));
}

#[tokio::test]
async fn tells_watchers_that_the_owners_account_was_deleted() {
    let server = TestServer::new().await;
    let (ada, eve) = (server.admin("ada@example.org").await, server.account("eve@example.org").await);
    let job = server.job(&eve, "Eve's").await["id"].as_str().unwrap().to_owned();
    let (mut socket, _) = Socket::greeted(&server, &ada).await;
    listening(&server, &ada, &mut socket).await;
    socket.say(json!({"type": "watch", "job": job})).await;
    assert_eq!(heard(&mut socket, "job").await["id"], *job);
    let delete = server.request(reqwest::Method::DELETE, "/api/auth/me").bearer_auth(&eve.token);
    let answer = delete.json(&json!({"password": PASSWORD})).send().await.unwrap();
    assert_eq!(answer.status(), reqwest::StatusCode::NO_CONTENT);
    assert_eq!(heard(&mut socket, "gone").await["id"], *job);
}

#[tokio::test]
async fn admin_watches_any_job_until_it_ends() {
    for database in Database::each().await {
        let server = TestServer::with(database, Setup::default()).await;
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        change(&server, &ada, user::Column::Role, Role::Admin).await;
        let job = server.job(&eve, "Eve's").await["id"].as_str().unwrap().to_owned();
        let (mut socket, jobs) = Socket::greeted(&server, &ada).await;
        assert!(jobs.is_empty());
        listening(&server, &ada, &mut socket).await;
        let watched = eventually("the role has reached the gateway", async || {
            socket.say(json!({"type": "watch", "job": job})).await;
            loop {
                let frame = socket.heard().await;
                if frame["id"] == *job || frame["type"] == "error" {
                    break (frame["type"] == "job").then_some(frame);
                }
            }
        });
        assert_eq!(watched.await["prompt"], "Eve's");
        let held = server.claim(&job).await;
        let published = advance(&server, &eve, held, 7).await;
        assert_eq!(heard(&mut socket, "job").await, published);
        change(&server, &ada, user::Column::Role, Role::User).await;
        assert_eq!(socket.closed().await, 4403);
    }
}

#[tokio::test]
async fn other_users_cannot_watch_or_probe_jobs() {
    let server = TestServer::new().await;
    let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
    let job = server.job(&eve, "Eve's").await["id"].as_str().unwrap().to_owned();
    let (mut socket, _) = Socket::greeted(&server, &ada).await;
    for name in [job, new_id::<kind::Job>().to_string(), "nonsense".into()] {
        socket.say(json!({"type": "watch", "job": name})).await;
        let refused = json!({"type": "error", "code": "not_found", "retry": false, "job": name});
        assert_eq!(heard(&mut socket, "error").await, refused);
    }
}

#[tokio::test]
async fn refresh_moves_a_socket_to_a_newer_session() {
    let server = TestServer::new().await;
    let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
    let newer = sign_in_again(&server, "ada@example.org").await;
    let (mut socket, _) = Socket::greeted(&server, &ada).await;
    socket.say(json!({"type": "refresh", "token": newer})).await;
    heard(&mut socket, "welcome").await;
    server.post(&ada, "/api/auth/logout", json!({})).await;
    listening(&server, &Account { token: newer.clone(), ..ada.clone() }, &mut socket).await;
    server.post(&Account { token: newer, ..ada.clone() }, "/api/auth/logout", json!({})).await;
    assert_eq!(socket.closed().await, 4401);

    let ada = Account { token: sign_in_again(&server, "ada@example.org").await, ..ada };
    for (token, code) in [(&*eve.token, 4403), ("forged", 4401)] {
        let (mut socket, _) = Socket::greeted(&server, &ada).await;
        socket.say(json!({"type": "refresh", "token": token})).await;
        assert_eq!(socket.closed().await, code);
    }
}

#[tokio::test]
async fn closes_sockets_of_disabled_accounts_and_sessions_without_a_message() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    listening(&server, &account, &mut socket).await;
    change(&server, &account, user::Column::DisabledAt, 1_i64).await;
    assert_eq!(socket.closed().await, 4401);

    let server = quick(|config| config.background.revalidate_interval = Duration::from_millis(50)).await;
    let account = server.account("ada@example.org").await;
    let (socket, _) = Socket::greeted(&server, &account).await;
    let session = entity::session::Entity::find().one(&server.database.connection).await.unwrap().unwrap();
    entity::session::revoke(&server.database.connection, session.id).await.unwrap();
    assert_eq!(socket.closed().await, 4401);
}
