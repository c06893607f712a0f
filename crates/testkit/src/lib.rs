//! For tests only: real databases, a real Redis under a namespace of one's own, a real bucket, waiting for a condition.
//!
//! The servers are the ones that `scripts/with-services` starts; without them a test fails and says so.

#![allow(clippy::panic, clippy::expect_used, reason = "a test that cannot set up its world must fail")]

mod bucket;
pub mod configuration;
mod database;
mod http;
mod process;
mod redis;
mod sample;
mod wait;

pub use bucket::Bucket;
pub use database::Database;
pub use http::{free_port, get};
pub use process::Process;
pub use redis::Redis;
pub use sample::sample_job;
pub use wait::eventually;

use bus::Bus;
use serde::Deserialize;
use uuid::Uuid;

/// The address of the tests' Redis.
#[must_use]
pub fn redis_url() -> String {
    service("TEST_REDIS_URL")
}

/// The address of the same Redis with TLS and a password; its certificate is signed by `ca.pem` of [`certificates`].
#[must_use]
pub fn redis_tls_url() -> String {
    service("TEST_REDIS_TLS_URL")
}

/// The folder of `ca.pem`, which signed the servers' certificate for `localhost`, and of `other.pem`, a stranger's.
#[must_use]
pub fn certificates() -> std::path::PathBuf {
    service("TEST_CERTIFICATES").into()
}

/// A key prefix that nobody else uses.
#[must_use]
pub fn namespace() -> String {
    format!("{{test-{}}}:v1", Uuid::now_v7())
}

/// The real queue, under a namespace of its own, with limits in force.
pub async fn bus() -> Bus {
    let bus = Bus::new(&redis_url(), &namespace()).expect("the tests' Redis has a proper address");
    bus.mirror_limits(bus::Limits { cap: 0, paused: false }).await.expect("the tests' Redis answers");
    bus
}

/// A new account without rights, under an address that no other test uses.
pub async fn user(db: &entity::DatabaseConnection) -> entity::UserId {
    use entity::user::{self, InitialRole, Registered};
    let email = format!("{}@example.com", Uuid::now_v7());
    let new = user::New { email, name: None, password_hash: "$argon2id$".into() };
    match user::register(db, new, InitialRole::User).await.expect("the database takes an account") {
        Registered::Created(user) => user.id,
        refused => panic!("the account was refused: {refused:?}"),
    }
}

/// One pending job, as a gateway commits it.
pub async fn job(db: &entity::DatabaseConnection, new: &entity::job::New) -> entity::job::Model {
    let created = entity::job::create(db, new, 1, None).await.expect("the database takes a job");
    created.created().and_then(|mut jobs| jobs.pop()).expect("a job without a key is new")
}

/// Makes a job's end lie further back.
pub async fn backdate(db: &entity::DatabaseConnection, job: entity::JobId, milliseconds: i64) {
    use sea_orm::entity::prelude::*;
    use sea_orm::sea_query::{Expr, ExprTrait};
    let finished = entity::job::Column::FinishedAt;
    let update = entity::job::Entity::update_many().col_expr(finished, Expr::col(finished).sub(milliseconds));
    update.filter(entity::job::Column::Id.eq(job)).exec(db).await.expect("the database takes another date");
}

/// A real prompt out of `data/prompts.jsonl`.
#[derive(Clone, Debug, Deserialize)]
pub struct Prompt {
    /// What makes it hard.
    pub kind: String,
    /// The shape to ask for.
    pub orientation: String,
    /// The text, to come back unchanged.
    pub prompt: String,
}

/// Every prompt of the collection: Chinese, emoji, right to left, fenced code, imitated progress lines, 4,000 characters.
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
