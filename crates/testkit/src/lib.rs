//! Test utilities: real databases, a real Redis under a unique namespace, a real bucket, waiting for a condition.
//!
//! `scripts/with-services` starts the servers; without them the tests fail with a message that says so.

#![allow(clippy::panic, clippy::expect_used, reason = "a test that cannot set up its world must fail")]

mod bucket;
mod clock;
pub mod configuration;
mod database;
mod failover;
mod http;
mod postgres;
mod process;
mod proxy;
mod redis;
mod sample;
mod wait;

pub use bucket::Bucket;
pub use clock::SteppedClock;
pub use database::Database;
pub use failover::Failover;
pub use http::{free_port, get};
pub use postgres::Postgres;
pub use process::Process;
pub use proxy::Proxy;
pub use redis::Redis;
pub use sample::sample_job;
pub use wait::eventually;

use bus::{Bus, Queue};
use serde::Deserialize;
use uuid::Uuid;

/// Returns the URL of the test Redis.
#[must_use]
pub fn redis_url() -> String {
    service("TEST_REDIS_URL")
}

/// Returns the URL of the same Redis with TLS and a password. Its certificate is signed by `ca.pem` of
/// [`certificates`].
#[must_use]
pub fn redis_tls_url() -> String {
    service("TEST_REDIS_TLS_URL")
}

/// Returns the folder with `ca.pem`, which signed the servers' certificate for `localhost`, and `other.pem`, an
/// unrelated CA.
#[must_use]
pub fn certificates() -> std::path::PathBuf {
    service("TEST_CERTIFICATES").into()
}

/// Returns a unique key prefix.
#[must_use]
pub fn namespace() -> String {
    format!("{{test-{}}}:v1", Uuid::now_v7())
}

/// Connects to the real Redis under a unique namespace.
#[must_use]
pub fn bus() -> Bus {
    Bus::new(&redis_url(), &namespace()).expect("the tests' Redis has a proper address")
}

/// The queue of the default pool under a unique namespace, without limits.
pub async fn queue() -> Queue {
    queue_of(&bus()).await
}

/// The queue of the default pool, without limits.
pub async fn queue_of(bus: &Bus) -> Queue {
    let queue = bus.queue(bus::DEFAULT_POOL);
    queue.mirror_limits(bus::Limits { cap: 0, paused: false, version: 0 }).await.expect("the tests' Redis answers");
    queue
}

/// Creates an ordinary user with a unique email address.
pub async fn user(db: &entity::DatabaseConnection) -> entity::UserId {
    use entity::user::{self, InitialRole, Registered};
    let email = format!("{}@example.com", Uuid::now_v7());
    let new = user::New { email, name: None, password_hash: "$argon2id$".into() };
    match user::register(db, new, InitialRole::User).await.expect("the database takes an account") {
        Registered::Created(user) => user.id,
        refused => panic!("the account was refused: {refused:?}"),
    }
}

/// Creates a pending job, as the gateway does.
pub async fn job(db: &entity::DatabaseConnection, new: &entity::job::New) -> entity::job::Model {
    jobs(db, new, 1).await.into_iter().next().expect("one job was created")
}

/// Creates equal pending jobs, as the gateway does.
pub async fn jobs(db: &entity::DatabaseConnection, new: &entity::job::New, number: usize) -> Vec<entity::job::Model> {
    let creation = entity::job::Creation { new: vec![new.clone(); number], key: None };
    let created = entity::job::create(db, &creation).await.expect("the database takes the jobs");
    created.created().expect("a request without a key is never a repetition")
}

/// Registers an endpoint of `user` at `url` that receives all events. Its secret is that of the Standard Webhooks
/// specification's examples.
pub async fn webhook(
    db: &entity::DatabaseConnection,
    user: entity::UserId,
    url: &str,
) -> entity::webhook_endpoint::Model {
    let new = entity::webhook_endpoint::New {
        user_id: user,
        name: "test".into(),
        url: url.into(),
        events: entity::webhook_event::EventType::ALL.into(),
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
    };
    let created = entity::webhook_endpoint::create(db, new, 100).await.expect("the database takes an endpoint");
    created.expect("a test has few endpoints")
}

/// Moves a job's `finished_at` into the past.
pub async fn backdate(db: &entity::DatabaseConnection, job: entity::JobId, milliseconds: i64) {
    use sea_orm::entity::prelude::*;
    use sea_orm::sea_query::{Expr, ExprTrait};
    let finished = entity::job::Column::FinishedAt;
    let update = entity::job::Entity::update_many().col_expr(finished, Expr::col(finished).sub(milliseconds));
    update.filter(entity::job::Column::Id.eq(job)).exec(db).await.expect("the database takes another date");
}

/// A prompt from `data/prompts.jsonl`.
#[derive(Clone, Debug, Deserialize)]
pub struct Prompt {
    /// What makes the prompt difficult.
    pub kind: String,
    /// Orientation to request.
    pub orientation: String,
    /// Text, which must be returned unchanged.
    pub prompt: String,
}

/// Returns all prompts: Chinese, emoji, right-to-left text, fenced code, imitated progress lines, 4,000 characters.
#[must_use]
pub fn prompts() -> Vec<Prompt> {
    include_str!("../data/prompts.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line of prompts.jsonl is a prompt"))
        .collect()
}

fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run the tests by `make test` or `scripts/with-services cargo test`")
    })
}
