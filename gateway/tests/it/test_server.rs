//! A gateway for one test: in this process, on a free port, with its own Redis namespace and database.

use std::net::SocketAddr;
use std::time::Duration;

use bus::{Bus, DEFAULT_POOL, Queue};
use entity::job::{self, ClaimResult, JobClaim, NewVideo};
use entity::{JobId, account, id, user, video, worker};
use gateway::{Config, Gateway};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use service::Environment;
use storage::Storage;
use tempfile::TempDir;
use testkit::Database;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c";

/// Configuration that a test changes.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) configure: Option<fn(&mut Config)>,
    /// Port to share with other gateways.
    pub(crate) port: Option<u16>,
}

pub(crate) struct TestServer {
    pub(crate) port: u16,
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) storage: Storage,
    pub(crate) client: Client,
    pub(crate) shutdown: CancellationToken,
    pub(crate) served: JoinHandle<std::io::Result<()>>,
    namespace: String,
    folder: TempDir,
}

/// A registered user with a token.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl TestServer {
    /// Starts a server on SQLite, as in the demo.
    pub(crate) async fn new() -> Self {
        Self::with(Database::sqlite().await, Setup::default()).await
    }

    /// Starts a server on each kind of database.
    pub(crate) async fn each() -> Vec<Self> {
        let mut servers = Vec::new();
        for database in Database::each().await {
            servers.push(Self::with(database, Setup::default()).await);
        }
        servers
    }

    pub(crate) async fn with(database: Database, setup: Setup) -> Self {
        service::tls::install_provider();
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], setup.port.unwrap_or(0)));
        let listener = gateway::bind(address, setup.port.is_some()).unwrap();
        let port = listener.local_addr().unwrap().port();
        let namespace = testkit::namespace();
        let lookup = |name: &str| {
            let own = setup.variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
            own.or_else(|| match name {
                "APP_ENV" => Some("development".into()),
                "BACKEND_PORT" => Some(port.to_string()),
                "DATABASE_URL" => Some(database.url.clone()),
                "REDIS_URL" => Some(testkit::redis_url()),
                "REDIS_NAMESPACE" => Some(namespace.clone()),
                "STORAGE_URL" => Some(folder.path().display().to_string()),
                "JWT_SECRET" => Some(SECRET.into()),
                _ => None,
            })
        };
        let mut env = Environment::new(&lookup);
        let config = Config::read(&mut env);
        let mut config = env.finish(config).unwrap();
        if let Some(configure) = setup.configure {
            configure(&mut config);
        }
        let gateway = Gateway::open(config).await.unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(gateway::run(listener, gateway, shutdown.clone()));
        Self {
            port,
            bus: Bus::new(&testkit::redis_url(), &namespace).unwrap(),
            storage: Storage::folder(folder.path()).unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
            database,
            shutdown,
            served,
            namespace,
            folder,
        }
    }

    /// Uses another Redis than the one that all tests share, which the gateway uses too.
    pub(crate) fn on_redis(self, url: &str) -> Self {
        Self { bus: Bus::new(url, &self.namespace).unwrap(), ..self }
    }

    /// Folder of the storage.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://127.0.0.1:{}{path}", self.port))
    }

    pub(crate) async fn get(&self, account: &Account, path: &str) -> Response {
        self.request(Method::GET, path).bearer_auth(&account.token).send().await.unwrap()
    }

    pub(crate) async fn post(&self, account: &Account, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).bearer_auth(&account.token).json(&body).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, account: &Account, path: &str) -> Response {
        self.request(Method::DELETE, path).bearer_auth(&account.token).send().await.unwrap()
    }

    /// Registers an administrator.
    pub(crate) async fn admin(&self, email: &str) -> Account {
        let account = self.account(email).await;
        let id = account.id.parse().unwrap();
        account::set_role(&self.database.connection, id, user::Role::Admin).await.unwrap().done().unwrap();
        account
    }

    /// Registers a user, as a program does.
    pub(crate) async fn account(&self, email: &str) -> Account {
        let body = json!({"email": email, "password": PASSWORD});
        let response = self.request(Method::POST, "/api/auth/register").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        let body: Value = response.json().await.unwrap();
        Account { id: body["user"]["id"].as_str().unwrap().into(), token: body["token"].as_str().unwrap().into() }
    }

    /// Submits a prompt and returns the job.
    pub(crate) async fn job(&self, account: &Account, prompt: &str) -> Value {
        let response = self.post(account, "/api/videos", json!({"prompt": prompt})).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        response.json::<Value>().await.unwrap()["job"].take()
    }

    pub(crate) async fn jobs_in_database(&self) -> u64 {
        job::Entity::find().count(&self.database.connection).await.unwrap()
    }

    /// The queue of the default pool.
    pub(crate) fn queue(&self) -> Queue {
        self.bus.queue(DEFAULT_POOL)
    }

    /// Whether the job is in the backlog or the stream.
    pub(crate) async fn is_enqueued(&self, job: &str) -> bool {
        !self
            .queue()
            .enqueue(job.parse::<JobId>().unwrap(), &bus::Flow::new_jobs(parse_id(job)), bus::Position::FairTurn)
            .await
            .unwrap()
            .added
    }

    /// Records an attempt that the upstream accepted under `upstream_id` and whose outcome is unknown.
    pub(crate) async fn attempted(&self, job: &str, upstream_id: &str) {
        use entity::attempt::{self, End, NewAttempt};
        let (held, db, id) = (self.claim(job).await, &self.database.connection, entity::id::new_id());
        let new = NewAttempt {
            id,
            upstream: "https://up.example/v1/videos".into(),
            sent_at: entity::clock::system_ms(),
            is_follow_up: false,
            cost: None,
        };
        entity::job::start_attempt(db, held, new, entity::submission::Caps::default()).await.unwrap();
        attempt::record_accepted(db, id, Some(upstream_id)).await.unwrap();
        let end = End { outcome: "unknown", detail: Some("raw words"), evidence: None, may_have_been_charged: true };
        job::finish_attempt(db, id, end).await.unwrap();
    }

    /// Claims a job, as a processor does.
    pub(crate) async fn claim(&self, job: &str) -> JobClaim {
        let worker = id::new_id();
        let db = &self.database.connection;
        worker::register(db, worker, "test", Duration::from_secs(60)).await.unwrap();
        match job::claim(db, job.parse().unwrap(), worker).await.unwrap() {
            ClaimResult::Claimed(row) => JobClaim { job: row.id, epoch: row.epoch },
            other => panic!("{other:?}"),
        }
    }

    /// Completes a job with a video that contains `content`. Returns the video's id.
    pub(crate) async fn completed(&self, job: &str, content: &[u8]) -> String {
        let held = self.claim(job).await;
        let path = storage::video_path(held.job, held.epoch, "mp4");
        let chunks = futures::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::copy_from_slice(content))]);
        let stored = self.storage.put(&path, chunks).await.unwrap();
        let (id, content_type) = (id::new_id(), "video/mp4".to_owned());
        let size = i64::try_from(stored.size).unwrap();
        let new = NewVideo { id, path, size, content_type, sha256: stored.sha256 };
        job::complete(&self.database.connection, held, new).await.unwrap().unwrap();
        assert_eq!(video::Entity::find_by_id(id).count(&self.database.connection).await.unwrap(), 1);
        id.to_string()
    }

    /// Adds a poster to a video, as a processor does.
    pub(crate) async fn poster(&self, video: &str, content: &[u8]) {
        let db = &self.database.connection;
        let id = parse_id(video);
        let path = storage::poster_path(&video::by_id(db, id).await.unwrap().unwrap().path);
        let chunks = futures::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::copy_from_slice(content))]);
        self.storage.put(&path, chunks).await.unwrap();
        let facts = video::MediaInfo {
            poster_path: Some(path),
            width: Some(720),
            height: Some(1280),
            duration_ms: Some(5_000),
        };
        assert!(job::record_inspection(db, id, facts).await.unwrap().unwrap().has_poster);
    }

    /// Stops the gateway and waits until it has ended.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.served.await.unwrap().unwrap();
    }
}

/// Parses an id from a response.
pub(crate) fn parse_id<Kind>(text: &str) -> entity::id::Id<Kind> {
    text.parse().unwrap()
}

/// Checks that a response is a problem document with `status` and `code`, and returns it.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status().as_u16(), status, "{}", response.url());
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    let id = header(&response, "x-request-id").to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(u64::from(status))), "{body}");
    assert_eq!(body["requestId"], id);
    for member in ["type", "title", "detail"] {
        assert!(body[member].is_string(), "{member} is missing in {body}");
    }
    body
}

/// Checks that a response has OpenAI's error envelope with `status` and `code`, and returns its `error`.
pub(crate) async fn envelope(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status().as_u16(), status, "{}", response.url());
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_ne!(header(&response, "x-request-id"), "");
    let is_final = status == 501 || (400..500).contains(&status) && code != "rate_limited";
    assert_eq!(header(&response, "x-should-retry") == "false", is_final, "{}", response.url());
    let body: Value = response.json().await.unwrap();
    let error = &body["error"];
    assert_eq!(error["code"], code, "{body}");
    assert!(error["message"].is_string() && error["type"].is_string() && error.get("param").is_some(), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    error.clone()
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
