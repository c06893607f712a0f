//! Server-Sent Events, requests that wait, and API keys on the websocket.

use std::time::Duration;

use entity::job;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::{Database, eventually};

use crate::keys::key;
use crate::live::{advance, listening, publish, quick};
use crate::socket_client::Socket;
use crate::test_server::{Account, Setup, TestServer, header, parse_id, problem};

/// Less than a heartbeat's interval.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(15);

/// An open stream.
struct Events {
    response: Response,
    received: String,
}

impl Events {
    async fn open(server: &TestServer, account: &Account, path: &str, last: Option<&str>) -> Self {
        let response = request(server, account, path, last).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "content-type"), "text/event-stream");
        assert_eq!((header(&response, "cache-control"), header(&response, "x-accel-buffering")), ("no-store", "no"));
        Self { response, received: String::new() }
    }

    /// Returns the id and the frame of the next event; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let text = self.next_block().await?;
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let Some(data) = field("data: ") {
                return Some((field("id: ").unwrap(), serde_json::from_str(&data).unwrap()));
            }
        }
    }

    /// Returns the next block of lines, comments included; `None` at the end.
    async fn next_block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.received.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.received = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(RECEIVE_TIMEOUT, self.response.chunk()).await.expect("something arrives");
            self.received.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }
}

async fn request(server: &TestServer, account: &Account, path: &str, last: Option<&str>) -> Response {
    let request = server.request(Method::GET, path).bearer_auth(&account.token);
    let request = if let Some(last) = last { request.header("last-event-id", last) } else { request };
    request.send().await.unwrap()
}

fn id_of(job: &Value) -> String {
    job["id"].as_str().unwrap().to_owned()
}

/// Waits until the gateway relays events.
async fn relaying(server: &TestServer, account: &Account) {
    let (mut socket, _) = Socket::greeted(server, account).await;
    listening(server, account, &mut socket).await;
}

/// Fails a job, as a processor does, and publishes it.
async fn fail(server: &TestServer, account: &Account, held: job::JobClaim) -> Value {
    let failure = job::JobFailure { code: "refused", message: "no".into() };
    let row = job::fail(&server.database.connection, held, &failure).await.unwrap().unwrap();
    publish(server, account, row).await
}

#[tokio::test]
async fn streams_all_jobs_to_sessions_and_keys() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        relaying(&server, &ada).await;
        let (_, reader) = key(&server, &ada, &["read"]).await;
        let job = server.job(&ada, "a cat").await;
        let mut streams = Vec::new();
        for account in [&ada, &reader] {
            let mut events = Events::open(&server, account, "/api/events", None).await;
            let (_, snapshot) = events.next().await.unwrap();
            assert_eq!((&snapshot["type"], &snapshot["last"]), (&json!("snapshot"), &json!(true)));
            assert!(snapshot["jobs"].as_array().unwrap().contains(&job));
            streams.push(events);
        }
        server.job(&eve, "not Ada's").await;
        let held = server.claim(&id_of(&job)).await;
        let published = advance(&server, &ada, held, 36).await;
        for events in &mut streams {
            assert_eq!(events.next().await.unwrap().1, published);
        }
    }
}

#[tokio::test]
async fn a_client_resumes_after_the_gateway_restarted() {
    for database in Database::each().await {
        let server = TestServer::with(database, Setup::default()).await;
        let account = server.account("ada@example.org").await;
        let (old, job) = (server.job(&account, "old").await, server.job(&account, "a cat").await);
        server.completed(&id_of(&old), b"video").await;
        testkit::backdate(&server.database.connection, parse_id(&id_of(&old)), 3_600_000).await;
        let mut all = Events::open(&server, &account, "/api/events", None).await;
        let path = format!("/api/videos/jobs/{}/events", id_of(&job));
        let mut one = Events::open(&server, &account, &path, None).await;
        let ((cursor, _), (seq, first)) = (all.next().await.unwrap(), one.next().await.unwrap());
        assert_eq!((seq, &first["status"]), (first["seq"].to_string(), &json!("pending")));
        server.shutdown.cancel();
        for events in [&mut all, &mut one] {
            let farewell = events.next_block().await.unwrap();
            assert!(farewell.starts_with("retry: 50"), "{farewell}");
            assert_eq!(events.next_block().await, None);
        }
        server.served.await.unwrap().unwrap();

        let server = TestServer::with(server.database, Setup::default()).await;
        // While the client was away, this job finished, and then more than a snapshot holds.
        server.completed(&id_of(&job), b"video").await;
        for n in 0..25 {
            let later = server.job(&account, &format!("{n}")).await;
            server.completed(&id_of(&later), b"video").await;
        }
        let (_, snapshot) = Events::open(&server, &account, "/api/events", Some(&cursor)).await.next().await.unwrap();
        let jobs = snapshot["jobs"].as_array().unwrap();
        assert!(jobs.iter().any(|seen| seen["id"] == job["id"] && seen["status"] == "completed"));
        assert!(jobs.len() == 26 && jobs.iter().all(|seen| seen["id"] != old["id"]), "only what finished since");
        let mut one = Events::open(&server, &account, &path, Some(&first["seq"].to_string())).await;
        let (seq, last) = one.next().await.unwrap();
        assert_eq!((&last["status"], one.next().await), (&json!("completed"), None));
        assert_eq!(request(&server, &account, &path, Some(&seq)).await.status(), StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn streams_one_job_until_it_has_ended() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        relaying(&server, &ada).await;
        let (job, other) = (server.job(&ada, "a cat").await, server.job(&ada, "another").await);
        let path = format!("/api/videos/jobs/{}/events", id_of(&job));
        let mut events = Events::open(&server, &ada, &path, None).await;
        let (seq, first) = events.next().await.unwrap();
        assert_eq!((seq, &first["prompt"]), (job["seq"].to_string(), &json!("a cat")));
        let mut resumed = Events::open(&server, &ada, &path, Some(&job["seq"].to_string())).await;
        let unrelated = server.claim(&id_of(&other)).await;
        advance(&server, &ada, unrelated, 5).await;
        let held = server.claim(&id_of(&job)).await;
        let moved = advance(&server, &ada, held, 50).await;
        for events in [&mut events, &mut resumed] {
            assert_eq!(events.next().await.unwrap(), (moved["seq"].to_string(), moved.clone()));
        }
        let ended = fail(&server, &ada, held).await;
        for events in [&mut events, &mut resumed] {
            assert_eq!(events.next().await.unwrap(), (ended["seq"].to_string(), ended.clone()));
            assert_eq!(events.next().await, None);
        }
        problem(request(&server, &eve, &path, None).await, 404, "not_found").await;
        problem(request(&server, &ada, "/api/videos/jobs/nonsense/events", None).await, 404, "not_found").await;
    }
}

#[tokio::test]
async fn sends_heartbeats_on_streams() {
    let server = quick(|config| config.sockets.timings.heartbeat = Duration::from_millis(100)).await;
    let account = server.account("ada@example.org").await;
    let mut events = Events::open(&server, &account, "/api/events", None).await;
    events.next().await.unwrap();
    for _ in 0..3 {
        assert_eq!(events.next_block().await.unwrap(), ": heartbeat");
    }
}

#[tokio::test]
async fn revocation_ends_streams_and_sockets_of_keys() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (creator_id, creator) = key(&server, &ada, &["create"]).await;
        problem(request(&server, &creator, "/api/events", None).await, 403, "insufficient_scope").await;
        let bearer = format!("Bearer {}", creator.token);
        assert_eq!(Socket::open(&server, &[("authorization", &bearer)]).await.unwrap().closed().await, 4403);
        server.delete(&ada, &format!("/api/keys/{creator_id}")).await;
        assert_eq!(Socket::open(&server, &[("authorization", &bearer)]).await.unwrap().closed().await, 4401);

        let (id, reader) = key(&server, &ada, &["read"]).await;
        let mut events = Events::open(&server, &reader, "/api/events", None).await;
        events.next().await.unwrap();
        let bearer = format!("Bearer {}", reader.token);
        let mut by_header = Socket::open(&server, &[("authorization", &bearer)]).await.unwrap();
        by_header.say(json!({"type": "hello"})).await;
        let mut by_hello = Socket::open(&server, &[]).await.unwrap();
        by_hello.say(json!({"type": "hello", "token": reader.token})).await;
        for socket in [&mut by_header, &mut by_hello] {
            let welcome = socket.heard().await;
            assert_eq!((&welcome["type"], &welcome["expiresAt"]), (&json!("welcome"), &Value::Null));
            socket.snapshot().await;
        }
        assert_eq!(server.delete(&ada, &format!("/api/keys/{id}")).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(events.next().await, None);
        assert_eq!((by_header.closed().await, by_hello.closed().await), (4401, 4401));
    }
}

#[tokio::test]
async fn closes_sockets_of_keys_revoked_without_a_message() {
    let server = quick(|config| config.background.revalidate_interval = Duration::from_millis(50)).await;
    let ada = server.account("ada@example.org").await;
    let (id, reader) = key(&server, &ada, &["read"]).await;
    let mut events = Events::open(&server, &reader, "/api/events", None).await;
    events.next().await.unwrap();
    let db = &server.database.connection;
    assert!(entity::api_key::revoke(db, parse_id(&id), parse_id(&ada.id)).await.unwrap());
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_key_watches_no_other_users_jobs() {
    let server = TestServer::new().await;
    let (admin, eve) = (server.admin("admin@example.org").await, server.account("eve@example.org").await);
    let job = id_of(&server.job(&eve, "Eve's").await);
    let (_, reader) = key(&server, &admin, &["read"]).await;
    let mut socket = Socket::open(&server, &[]).await.unwrap();
    socket.say(json!({"type": "hello", "token": reader.token})).await;
    assert_eq!(socket.heard().await["type"], "welcome");
    socket.snapshot().await;
    socket.say(json!({"type": "watch", "job": job})).await;
    assert_eq!(socket.heard().await["code"], "not_found");
}

#[tokio::test]
async fn streams_count_against_the_limits_of_sockets() {
    let setup = Setup { variables: vec![("MAX_SOCKETS_PER_USER", "2".to_owned())], ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let account = server.account("ada@example.org").await;
    let (first, _) = Socket::greeted(&server, &account).await;
    let second = Events::open(&server, &account, "/api/events", None).await;
    problem(request(&server, &account, "/api/events", None).await, 429, "rate_limited").await;
    // A preference that cannot be met is ignored.
    let job = id_of(&server.job(&account, "a cat").await);
    let waiting = server.request(Method::GET, &format!("/api/videos/jobs/{job}")).bearer_auth(&account.token);
    let answer = waiting.header("prefer", "wait=60").send().await.unwrap();
    assert_eq!((answer.status(), header(&answer, "preference-applied")), (StatusCode::OK, ""));
    drop((first, second));
    eventually("the places are free again", async || {
        (request(&server, &account, "/api/events", None).await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_whose_client_does_not_read_ends() {
    const CLIENTS: usize = 200;
    let variables = vec![("MAX_SOCKETS_PER_USER", CLIENTS.to_string()), ("READS_PER_MINUTE", "0".to_owned())];
    let configure: fn(&mut gateway::Config) = |config| config.sockets.timings.flush = Duration::from_millis(500);
    let setup = Setup { variables, configure: Some(configure), ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let account = server.account("ada@example.org").await;
    let mut stalled = Vec::new();
    for _ in 0..CLIENTS {
        stalled.push(request(&server, &account, "/api/events", None).await);
    }
    problem(request(&server, &account, "/api/events", None).await, 429, "rate_limited").await;
    let frame = json!({"type": "job", "filler": "x".repeat(60_000)}).to_string();
    eventually("the stalled streams give their places to others", async || {
        for _ in 0..20 {
            let gone = bus::Event::gone(parse_id(&account.id), entity::id::new_id());
            server.bus.publish(&bus::Event { seq: 1, frame: frame.clone(), ..gone }).await.unwrap();
        }
        (request(&server, &account, "/api/events", None).await.status() == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(stalled.len(), CLIENTS, "all still open on this side");
}

#[tokio::test]
async fn a_request_waits_for_its_job_to_end() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        relaying(&server, &account).await;
        let job = id_of(&server.job(&account, "a cat").await);
        let path = format!("/api/videos/jobs/{job}");
        let get = || server.request(Method::GET, &path).bearer_auth(&account.token).header("prefer", "wait=600").send();
        let (answer, _) = tokio::join!(get(), async {
            let held = server.claim(&job).await;
            advance(&server, &account, held, 50).await;
            fail(&server, &account, held).await
        });
        let answer = answer.unwrap();
        assert_eq!(header(&answer, "preference-applied"), "wait=60");
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "failed");
        let ended = get().await.unwrap();
        assert_eq!((ended.status(), header(&ended, "preference-applied")), (StatusCode::OK, ""));
    }
}

#[tokio::test]
async fn a_submission_waits_for_its_jobs_to_end() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    relaying(&server, &account).await;
    let post = |wait: &'static str| {
        let request = server.request(Method::POST, "/api/videos").bearer_auth(&account.token).header("prefer", wait);
        request.json(&json!({"prompt": "both", "count": 2})).send()
    };
    let short = post("wait=1").await.unwrap();
    assert_eq!((short.status(), header(&short, "preference-applied")), (StatusCode::ACCEPTED, "wait=1"));
    assert_eq!(short.json::<Value>().await.unwrap()["jobs"][0]["status"], "pending");
    let before = server.jobs_in_database().await;
    let (answer, ()) = tokio::join!(post("wait=60"), async {
        eventually("both are created", async || (server.jobs_in_database().await == before + 2).then_some(())).await;
        let jobs = server.get(&account, "/api/videos/jobs?limit=2").await.json::<Value>().await.unwrap();
        for job in jobs["data"].as_array().unwrap() {
            let held = server.claim(&id_of(job)).await;
            fail(&server, &account, held).await;
        }
    });
    let answer = answer.unwrap();
    assert_eq!(header(&answer, "preference-applied"), "wait=60");
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["jobs"][0]["status"], &body["jobs"][1]["status"]), (&json!("failed"), &json!("failed")));
    assert!(id_of(&body["jobs"][0]) < id_of(&body["jobs"][1]), "in order");
}

#[tokio::test]
async fn requests_that_wait_are_answered_together() {
    const CLIENTS: usize = 200;
    let variables = vec![("MAX_SOCKETS_PER_USER", CLIENTS.to_string()), ("READS_PER_MINUTE", "0".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let account = server.account("ada@example.org").await;
    relaying(&server, &account).await;
    let job = id_of(&server.job(&account, "a cat").await);
    let held = server.claim(&job).await;
    let path = format!("/api/videos/jobs/{job}");
    // Returns whether the answer waited. A request that finds all places taken is answered at once, and repeated: the
    // streams below take one at times.
    let wait = async || {
        eventually("the job ends", async || {
            let request = server.request(Method::GET, &path).bearer_auth(&account.token).header("prefer", "wait=60");
            let answer = request.send().await.unwrap();
            let waited = header(&answer, "preference-applied") == "wait=60";
            (answer.json::<Value>().await.unwrap()["status"] == "failed").then_some(waited)
        })
        .await
    };
    let (answers, ()) = tokio::join!(futures::future::join_all((0..CLIENTS).map(|_| wait())), async {
        eventually("all places are taken", async || {
            let stream = request(&server, &account, "/api/events", None).await;
            (stream.status() == StatusCode::TOO_MANY_REQUESTS).then_some(())
        })
        .await;
        assert_eq!(server.get(&account, &path).await.status(), StatusCode::OK, "others are served meanwhile");
        fail(&server, &account, held).await;
    });
    let waited = answers.into_iter().filter(|waited| *waited).count();
    assert!(waited >= CLIENTS * 9 / 10, "{waited} waited");
    eventually("the places are free again", async || {
        (request(&server, &account, "/api/events", None).await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn polls_many_jobs_at_once_in_the_order_asked() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let (first, second) = (id_of(&server.job(&ada, "1").await), id_of(&server.job(&ada, "2").await));
        let others = id_of(&server.job(&eve, "Eve's").await);
        let poll = async |query: String| server.get(&ada, &format!("/api/videos/jobs?{query}")).await;
        let answer = poll(format!("id={first}&id={others}&id=nonsense&id={second}")).await;
        let tag = header(&answer, "etag").to_owned();
        let page: Value = answer.json().await.unwrap();
        let ids: Vec<_> = page["data"].as_array().unwrap().iter().map(id_of).collect();
        assert_eq!((ids, &page["nextCursor"]), (vec![first.clone(), second.clone()], &Value::Null));
        let again = server.request(Method::GET, &format!("/api/videos/jobs?id={first},{second}"));
        let again = again.bearer_auth(&ada.token).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let none: Value = poll("id=nonsense".into()).await.json().await.unwrap();
        assert_eq!(none["data"], json!([]));
        problem(poll(format!("id={}", vec![first.as_str(); 101].join(","))).await, 422, "invalid_fields").await;
    }
}
