//! Rows and their guarded transitions, on SQLite and PostgreSQL alike.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod jobs;
mod owner;
mod workers;

use entity::id::fresh;
use entity::{JobId, UserId, WorkerId, job, user, worker};
use sea_orm::DatabaseConnection;
use std::time::Duration;

const TTL: Duration = Duration::from_secs(3_600);

async fn user(db: &DatabaseConnection) -> UserId {
    let email = format!("{}@example.com", fresh::<entity::id::kind::User>());
    let new = user::New { email, name: None, password_hash: "$argon2id$".into() };
    user::create(db, new, false).await.unwrap().unwrap().id
}

async fn worker(db: &DatabaseConnection, ttl: Duration) -> WorkerId {
    let id = fresh();
    worker::register(db, id, "host", ttl).await.unwrap();
    id
}

async fn pending(db: &DatabaseConnection, user_id: UserId) -> JobId {
    let new = job::New {
        user_id,
        prompt: " 日落 \n🌅 ".into(),
        orientation: job::Orientation::Landscape,
        seconds: 10,
        model: "sora2".into(),
        traceparent: None,
    };
    job::create(db, new).await.unwrap().id
}

/// A job in the hands of `worker`.
async fn claimed(db: &DatabaseConnection, worker: WorkerId) -> (job::Model, job::Held) {
    let id = pending(db, user(db).await).await;
    let job::Claim::Won(job) = job::claim(db, id, worker).await.unwrap() else { panic!("the claim was lost") };
    let held = job::Held { job: job.id, epoch: job.epoch };
    (job, held)
}
