//! Administration: restricted to administrators, effective immediately, and recorded in the audit log.

use std::time::Duration;

use bus::{Control, Message};
use entity::attempt::NewAttempt;
use entity::job::{self, JobFailure};
use entity::submission::Caps;
use entity::{attempt, clock, id, limits};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::{Database, eventually};
use tokio::sync::mpsc;

use crate::socket_client::Socket;
use crate::test_server::{Account, PASSWORD, Setup, TestServer, problem};

async fn patch(server: &TestServer, account: &Account, path: &str, body: Value) -> Response {
    server.request(Method::PATCH, path).bearer_auth(&account.token).json(&body).send().await.unwrap()
}

async fn read(server: &TestServer, account: &Account, path: &str) -> Value {
    let response = server.get(account, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.unwrap()
}

fn id_of(job: &Value) -> String {
    job["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rejects_other_users_and_demoted_administrators() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        let deputy = server.admin("deputy@example.org").await;
        let job = id_of(&server.job(&user, "a cat").await);
        let calls = [
            (Method::GET, "/api/admin/stats".to_owned()),
            (Method::GET, "/api/admin/queue".into()),
            (Method::PATCH, "/api/admin/queue".into()),
            (Method::GET, "/api/admin/jobs".into()),
            (Method::GET, format!("/api/admin/jobs/{job}")),
            (Method::POST, format!("/api/admin/jobs/{job}/retry")),
            (Method::POST, format!("/api/admin/jobs/{job}/attempts/{job}/results")),
            (Method::GET, "/api/admin/upstreams".into()),
            (Method::POST, "/api/admin/upstreams/resume".into()),
            (Method::GET, "/api/admin/users".into()),
            (Method::PATCH, format!("/api/admin/users/{}", user.id)),
            (Method::GET, "/api/admin/audit".into()),
        ];
        let ask = async |account: &Account, method: &Method, path: &str| {
            server.request(method.clone(), path).bearer_auth(&account.token).json(&json!({})).send().await.unwrap()
        };
        for (method, path) in &calls {
            problem(ask(&user, method, path).await, 403, "forbidden").await;
            let anonymous = server.request(method.clone(), path).json(&json!({})).send().await.unwrap();
            problem(anonymous, 401, "unauthenticated").await;
        }
        assert_eq!(server.get(&deputy, "/api/admin/stats").await.status(), StatusCode::OK);
        let demote = patch(&server, &admin, &format!("/api/admin/users/{}", deputy.id), json!({"role": "user"})).await;
        assert_eq!(demote.status(), StatusCode::OK);
        for (method, path) in &calls {
            problem(ask(&deputy, method, path).await, 403, "forbidden").await;
        }
    }
}

#[tokio::test]
async fn returns_the_figures_of_the_platform() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        let jobs: Vec<_> =
            [server.job(&user, "a").await, server.job(&user, "b").await, server.job(&user, "c").await].into();
        let held = server.claim(&id_of(&jobs[0])).await;
        attempt_sent(&server, held).await;
        server.completed(&id_of(&jobs[1]), b"0123456789").await;
        let stats = read(&server, &admin, "/api/admin/stats").await;
        for (name, count) in [
            ("waiting", 1),
            ("inFlight", 1),
            ("completed", 1),
            ("failed", 0),
            ("cancelled", 0),
            ("poisoned", 0),
            ("submissionsToday", 1),
            ("users", 2),
        ] {
            assert_eq!(stats[name], json!(count), "{name} in {stats}");
        }
        let workers = stats["workers"].as_array().unwrap();
        assert_eq!(workers.iter().map(|worker| worker["inFlight"].as_u64().unwrap()).sum::<u64>(), 1);
        assert_eq!(stats["oldestWaiting"], jobs[2]["createdAt"]);
    }
}

async fn attempt_sent(server: &TestServer, held: job::JobClaim) -> entity::AttemptId {
    let (attempt, db) = (id::new_id(), &server.database.connection);
    let new = NewAttempt {
        id: attempt,
        upstream: "https://up.example".into(),
        sent_at: clock::system_ms(),
        is_follow_up: false,
        cost: None,
    };
    let begun = job::start_attempt(db, held, new, Caps::default()).await.unwrap();
    assert!(matches!(begun, job::AttemptStart::Started(_)));
    attempt
}

#[tokio::test]
async fn pauses_and_limits_the_queue_for_all_processors() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        assert_eq!(read(&server, &admin, "/api/admin/queue").await, json!({"paused": false, "concurrency": null}));
        let paused = patch(&server, &admin, "/api/admin/queue", json!({"paused": true, "concurrency": 5})).await;
        assert_eq!(paused.json::<Value>().await.unwrap(), json!({"paused": true, "concurrency": 5}));
        let job = id_of(&server.job(&user, "a cat").await);
        assert_eq!(server.queue().admit().await.unwrap(), 0);
        let position = read(&server, &user, &format!("/api/videos/jobs/{job}")).await["queuePosition"].take();
        assert_eq!(position, json!(1));
        let resumed = patch(&server, &admin, "/api/admin/queue", json!({"paused": false, "concurrency": null})).await;
        assert_eq!(resumed.json::<Value>().await.unwrap(), json!({"paused": false, "concurrency": null}));
        let position = read(&server, &user, &format!("/api/videos/jobs/{job}")).await["queuePosition"].take();
        assert_eq!(position, json!(null), "it was not admitted");
        for wrong in [json!({"concurrency": 0}), json!({"concurrency": -1}), json!({"paused": 1}), json!({"x": 1})] {
            problem(patch(&server, &admin, "/api/admin/queue", wrong).await, 422, "invalid_fields").await;
        }
        let log = read(&server, &admin, "/api/admin/audit").await;
        let acts: Vec<_> = log["data"].as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect();
        assert_eq!(acts, ["queue.concurrency", "queue.resumed", "queue.concurrency", "queue.paused"]);
        assert_eq!(log["data"][0]["actor"], "admin@example.org");
    }
}

#[tokio::test]
async fn simultaneous_changes_leave_redis_with_the_limits_of_the_database() {
    for database in Database::each().await {
        let setup = Setup { variables: vec![("WRITES_PER_MINUTE", "0".to_owned())], ..Setup::default() };
        let server = TestServer::with(database, setup).await;
        let admin = server.admin("admin@example.org").await;
        for round in 0..150 {
            let changes = (0..4).map(|n| {
                let body = json!({"paused": (round + n) % 2 == 0, "concurrency": round * 4 + n + 1});
                patch(&server, &admin, "/api/admin/queue", body)
            });
            for answer in futures::future::join_all(changes).await {
                assert_eq!(answer.status(), StatusCode::OK);
            }
            let row = limits::current(&server.database.connection).await.unwrap().unwrap();
            assert_eq!(server.queue().limits().await.unwrap(), Some(row.into()), "round {round}");
        }
    }
}

#[tokio::test]
async fn shows_raw_upstream_messages_and_restarts_poisoned_jobs() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        let (poisoned, fine) = (id_of(&server.job(&user, "a cat").await), id_of(&server.job(&user, "a dog").await));
        let held = server.claim(&poisoned).await;
        let db = &server.database.connection;
        let sent = attempt_sent(&server, held).await;
        let end =
            attempt::End { outcome: "unknown", detail: Some("500 oops"), evidence: None, may_have_been_charged: true };
        job::finish_attempt(db, sent, end).await.unwrap();
        let failure = JobFailure { code: "poison", message: "it was stopped".into() };
        job::fail(db, held, &failure).await.unwrap().unwrap();

        let list = read(&server, &admin, "/api/admin/jobs?errorCode=poison").await;
        assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["id"]), (1, &json!(poisoned)));
        assert_eq!(list["data"][0]["userEmail"], "ada@example.org");
        let of_user = read(&server, &admin, &format!("/api/admin/jobs?userId={}&q=DOG", user.id)).await;
        assert_eq!(of_user["data"][0]["id"], json!(fine));
        let whole = read(&server, &admin, &format!("/api/admin/jobs/{poisoned}")).await;
        assert_eq!((&whole["attempts"][0]["detail"], &whole["prompt"]), (&json!("500 oops"), &json!("a cat")));
        let own = read(&server, &user, &format!("/api/videos/jobs/{poisoned}")).await;
        assert!(!own.to_string().contains("oops"));

        let again = server.post(&admin, &format!("/api/admin/jobs/{poisoned}/retry"), json!({})).await;
        assert_eq!(again.status(), StatusCode::ACCEPTED);
        assert_eq!(again.json::<Value>().await.unwrap()["status"], "pending");
        assert!(server.is_enqueued(&poisoned).await);
        let active = server.post(&admin, &format!("/api/admin/jobs/{fine}/retry"), json!({})).await;
        problem(active, 409, "wrong_state").await;
        problem(server.get(&admin, &format!("/api/admin/jobs/{}", user.id)).await, 404, "not_found").await;
    }
}

#[tokio::test]
async fn disabling_an_account_ends_its_sessions_and_cancels_its_waiting_jobs() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        let (waiting, in_hand) = (id_of(&server.job(&user, "a cat").await), id_of(&server.job(&user, "a dog").await));
        server.claim(&in_hand).await;
        let (socket, _) = Socket::greeted(&server, &user).await;
        let (sender, mut messages) = mpsc::unbounded_channel();
        tokio::spawn(server.bus.control_subscriber().run(move |signal| drop(sender.send(signal))));
        assert_eq!(messages.recv().await, Some(Message::Subscribed));
        let path = format!("/api/admin/users/{}", user.id);
        let disabled = patch(&server, &admin, &path, json!({"disabled": true})).await;
        let disabled: Value = disabled.json().await.unwrap();
        assert_eq!((&disabled["disabled"], &disabled["jobs"]), (&json!(true), &json!(2)));
        assert_eq!(socket.closed().await, 4401);
        problem(server.get(&user, "/api/auth/me").await, 401, "unauthenticated").await;
        let body = json!({"email": "ada@example.org", "password": PASSWORD});
        let login = || server.request(Method::POST, "/api/auth/login").json(&body).send();
        problem(login().await.unwrap(), 401, "invalid_credentials").await;
        let status = async |job: &str| read(&server, &admin, &format!("/api/admin/jobs/{job}")).await["status"].take();
        assert_eq!(status(&waiting).await, "cancelled");
        assert_eq!(status(&in_hand).await, "processing", "what is paid for goes on");
        let control = Control::UserChanged { user: crate::test_server::parse_id(&user.id) };
        while messages.recv().await != Some(Message::Control(control.clone())) {}

        patch(&server, &admin, &path, json!({"disabled": false})).await;
        assert_eq!(login().await.unwrap().status(), StatusCode::OK);
        let own = format!("/api/admin/users/{}", admin.id);
        for change in [json!({"disabled": true}), json!({"role": "user"})] {
            problem(patch(&server, &admin, &own, change).await, 409, "wrong_state").await;
        }
        let users = read(&server, &admin, "/api/admin/users?q=ADA").await;
        assert_eq!((users["data"].as_array().unwrap().len(), &users["data"][0]["disabled"]), (1, &json!(false)));
    }
}

#[tokio::test]
async fn a_demotion_on_another_gateway_takes_effect_immediately() {
    let setup =
        Setup { configure: Some(|config| config.auth.session_cache = Duration::from_secs(3_600)), ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let admin = server.admin("admin@example.org").await;
    server.admin("another@example.org").await;
    let stats = async || server.get(&admin, "/api/admin/stats").await.status();
    assert_eq!(stats().await, StatusCode::OK);
    let id = admin.id.parse().unwrap();
    entity::account::set_role(&server.database.connection, id, entity::user::Role::User).await.unwrap().done().unwrap();
    assert_eq!(stats().await, StatusCode::OK, "still in the cache");
    let control = Control::UserChanged { user: crate::test_server::parse_id(&admin.id) };
    eventually("the notification arrives", async || {
        server.bus.send_control(&control).await.unwrap();
        (stats().await == StatusCode::FORBIDDEN).then_some(())
    })
    .await;
}

#[tokio::test]
async fn simultaneous_demotions_leave_at_least_one_administrator() {
    for server in TestServer::each().await {
        let (a, b) = (server.admin("a@example.org").await, server.admin("b@example.org").await);
        let path = |account: &Account| format!("/api/admin/users/{}", account.id);
        let (of_a, of_b) = (path(&a), path(&b));
        let demoted = || json!({"role": "user"});
        let (first, second) = tokio::join!(patch(&server, &a, &of_b, demoted()), patch(&server, &b, &of_a, demoted()));
        let done = [&first, &second].iter().filter(|answer| answer.status() == StatusCode::OK).count();
        assert_eq!(done, 1, "{} and {}", first.status(), second.status());
        let last = if first.status() == StatusCode::OK { &a } else { &b };
        let delete = server.request(Method::DELETE, "/api/auth/me").bearer_auth(&last.token);
        let rejected = delete.json(&json!({"password": PASSWORD})).send().await.unwrap();
        problem(rejected, 409, "wrong_state").await;
        assert_eq!(server.get(last, "/api/admin/stats").await.status(), StatusCode::OK);
    }
}
