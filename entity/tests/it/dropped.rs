//! Futures dropped half-way, as when a client disconnects.

use std::time::Duration;

use entity::database::{IfMissing, open};
use entity::id::new_id;
use entity::job::{self, Status};
use futures::future::join_all;
use testkit::Database;
use tokio::time::timeout;

use crate::pending_job;

/// More jobs than the pool has connections.
const JOBS: usize = 24;

#[tokio::test]
async fn writes_after_a_dropped_transaction_are_committed() {
    for database in Database::each().await {
        let db = &database.connection;
        let owner = testkit::user(db).await;
        let others = open(&database.url, IfMissing::Fail).await.unwrap();
        for round in 0..12 {
            let jobs = join_all((0..JOBS).map(|_| pending_job(db, owner))).await;
            let drops = (0..JOBS).map(|n| {
                let after = Duration::from_micros((round * 40 + n * 25) as u64);
                timeout(after, job::delete(db, new_id(), owner))
            });
            join_all(drops).await;
            join_all(jobs.iter().map(|id| job::cancel(db, *id, owner))).await;
            for id in jobs {
                let seen = job::by_id(&others, id).await.unwrap();
                assert_eq!(seen.map(|job| job.status), Some(Status::Cancelled), "the write was not committed");
            }
        }
    }
}
