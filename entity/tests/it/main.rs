//! Queries and guarded transitions, on SQLite and PostgreSQL alike.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod budgets;
mod costs;
mod create;
mod disk_full;
mod dropped;
mod idempotency;
mod jobs;
mod limits;
mod owner;
mod restore;
mod results;
mod several_jobs;
mod submissions;
mod tls;
mod webhook_attempts;
mod webhook_events;
mod workers;
mod writability;

use entity::attempt::NewAttempt;
use entity::id::new_id;
use entity::idempotency_key::Key;
use entity::submission::Caps;
use entity::{AttemptId, JobId, UserId, WorkerId, clock, job, worker};
use sea_orm::DatabaseConnection;
use std::time::Duration;

const TTL: Duration = Duration::from_secs(3_600);

/// Registers a worker.
async fn register_worker(db: &DatabaseConnection) -> WorkerId {
    let id = new_id();
    worker::register(db, id, "host", TTL).await.unwrap();
    id
}

fn new_job(user_id: UserId) -> job::New {
    job::New {
        user_id,
        prompt: " 日落 \n🌅 ".into(),
        orientation: job::Orientation::Landscape,
        seconds: 10,
        model: "sora2".into(),
        size: "720x1280".into(),
        remix_of: None,
        reference_image_id: None,
        traceparent: None,
    }
}

/// The request for `count` jobs under an idempotency key.
fn creation(user: UserId, count: usize, key: &Key) -> job::Creation {
    job::Creation { new: vec![new_job(user); count], key: Some(key.clone()) }
}

/// Creates a pending job.
async fn pending_job(db: &DatabaseConnection, user_id: UserId) -> JobId {
    testkit::job(db, &new_job(user_id)).await.id
}

/// Creates a job and claims it for `worker`.
async fn claimed_job(db: &DatabaseConnection, worker: WorkerId) -> (job::Model, job::JobClaim) {
    let id = pending_job(db, testkit::user(db).await).await;
    let job::ClaimResult::Claimed(job) = job::claim(db, id, worker).await.unwrap() else {
        panic!("the job was not claimed")
    };
    let claim = job::JobClaim { job: job.id, epoch: job.epoch };
    (job, claim)
}

/// Starts an attempt without caps. Returns the job as committed, if the claim holds.
async fn start_attempt(db: &DatabaseConnection, claim: job::JobClaim, id: AttemptId) -> Option<job::Model> {
    let new = NewAttempt { id, upstream: "u".into(), sent_at: clock::system_ms(), is_follow_up: false, cost: None };
    match job::start_attempt(db, claim, new, Caps::default()).await.unwrap() {
        job::AttemptStart::Started(job) => Some(job),
        job::AttemptStart::NotHeld => None,
        job::AttemptStart::CapReached(_) => panic!("no caps are set"),
    }
}
