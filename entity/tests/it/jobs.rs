//! Claims and the transitions of their holders.

use std::time::Duration;

use entity::id::new_id;
use entity::job::{self, ClaimResult, JobClaim, JobFailure, NewVideo, Phase, RetryBudget, Status};
use entity::{DatabaseConnection, attempt, video};
use futures::future::join_all;
use testkit::Database;

use crate::{TTL, claimed_job, pending_job, register_worker, start_attempt};

fn video() -> NewVideo {
    NewVideo { id: new_id(), path: "p".into(), size: 5, content_type: "video/mp4".into(), sha256: "00".into() }
}

/// Tries every transition under `claim`. Returns which of them applied.
async fn try_all_transitions(db: &DatabaseConnection, claim: JobClaim) -> Vec<bool> {
    let failure = JobFailure { code: "refused", message: "no".into() };
    vec![
        job::advance(db, claim, Phase::Generating, 50).await.unwrap().is_some(),
        start_attempt(db, claim, new_id()).await.is_some(),
        job::retry_later(db, claim, Some(RetryBudget::Retry), TTL).await.unwrap().is_some(),
        job::hand_over(db, claim).await.unwrap().is_some(),
        job::fail(db, claim, &failure).await.unwrap().is_some(),
        job::complete(db, claim, video()).await.unwrap().is_some(),
    ]
}

#[tokio::test]
async fn one_of_many_concurrent_claims_wins() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, job) = (register_worker(db).await, pending_job(db, testkit::user(db).await).await);
        let claims = join_all((0..10).map(|_| job::claim(db, job, me))).await;
        let won = claims.iter().filter(|claim| matches!(claim, Ok(ClaimResult::Claimed(_)))).count();
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn rejects_writes_under_an_older_epoch() {
    for database in Database::each().await {
        let db = &database.connection;
        let (_, claim) = claimed_job(db, register_worker(db).await).await;
        let stale = JobClaim { epoch: claim.epoch - 1, ..claim };
        assert_eq!(try_all_transitions(db, stale).await, [false; 6]);
        assert!(attempt::of_job(db, claim.job, 1).await.unwrap().is_empty(), "an attempt without a claim");
        assert!(job::by_id(db, claim.job).await.unwrap().unwrap().status == Status::Processing);
    }
}

#[tokio::test]
async fn terminal_states_are_final() {
    for database in Database::each().await {
        let db = &database.connection;
        let (_, claim) = claimed_job(db, register_worker(db).await).await;
        let done = job::complete(db, claim, video()).await.unwrap().unwrap();
        assert_eq!((done.status, done.progress), (Status::Completed, 100));
        assert_eq!(try_all_transitions(db, claim).await, [false; 6]);
        assert_eq!(job::by_id(db, claim.job).await.unwrap(), Some(done.clone()));
        let stored = video::of_user(db, done.video_id.unwrap(), done.user_id).await.unwrap().unwrap();
        assert_eq!(stored.job_id, done.id);
        assert!(
            video::of_user(db, stored.id, testkit::user(db).await).await.unwrap().is_none(),
            "another user's video"
        );
    }
}

#[tokio::test]
async fn each_change_increments_seq_and_progress_never_decreases_within_an_attempt() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, claim) = claimed_job(db, register_worker(db).await).await;
        let mut seq = job.seq;
        for (given, shown) in [(40, 40), (30, 40), (70, 70)] {
            let job = job::advance(db, claim, Phase::Generating, given).await.unwrap().unwrap();
            assert_eq!((job.progress, job.seq), (shown, seq + 1));
            seq = job.seq;
        }
        let restarted = start_attempt(db, claim, new_id()).await.unwrap();
        assert_eq!((restarted.progress, restarted.seq), (0, seq + 1));
    }
}

#[tokio::test]
async fn a_retry_cannot_be_claimed_until_it_is_due() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        let (_, claim) = claimed_job(db, me).await;
        let waiting = job::retry_later(db, claim, Some(RetryBudget::Retry), TTL).await.unwrap().unwrap();
        assert_eq!((waiting.status, waiting.phase, waiting.retries), (Status::Pending, Some(Phase::Retrying), 1));
        assert!(matches!(job::claim(db, claim.job, me).await.unwrap(), ClaimResult::NotClaimable(_)));
        assert!(job::promote_due(db, 10).await.unwrap().is_empty());
        assert!(job::pending_after(db, None, 10).await.unwrap().is_empty());

        let (_, soon) = claimed_job(db, me).await;
        job::retry_later(db, soon, Some(RetryBudget::Resubmit), Duration::ZERO).await.unwrap().unwrap();
        let due = job::promote_due(db, 10).await.unwrap();
        assert_eq!(due.iter().map(|job| (job.id, job.phase, job.resubmits)).collect::<Vec<_>>(), [(soon.job, None, 1)]);
        assert!(matches!(job::claim(db, soon.job, me).await.unwrap(), ClaimResult::Claimed(_)));
    }
}

#[tokio::test]
async fn a_failed_job_reports_whether_an_attempt_may_have_been_charged() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        for charged in [true, false] {
            let (_, claim) = claimed_job(db, me).await;
            let id = new_id();
            start_attempt(db, claim, id).await.unwrap();
            attempt::record_accepted(db, id, None).await.unwrap();
            let end = attempt::End {
                outcome: "x",
                detail: Some("a\0b"),
                evidence: Some("c\0d"),
                may_have_been_charged: charged,
            };
            job::finish_attempt(db, id, end).await.unwrap();
            let failure = JobFailure { code: "interrupted", message: "the stream ended".into() };
            let failed = job::fail(db, claim, &failure).await.unwrap().unwrap();
            assert_eq!((failed.may_have_been_charged, failed.error_code.as_deref()), (charged, Some("interrupted")));
            let attempts = attempt::of_job(db, claim.job, 1).await.unwrap();
            assert_eq!((attempts.len(), attempts[0].detail.as_deref()), (1, Some("ab")));
        }
    }
}

#[tokio::test]
async fn pages_are_newest_first_and_stable_under_inserts() {
    for database in Database::each().await {
        let db = &database.connection;
        let owner = testkit::user(db).await;
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(pending_job(db, owner).await);
        }
        pending_job(db, testkit::user(db).await).await;
        let of_owner = job::Filter { user: Some(owner), ..job::Filter::default() };
        let first = job::search(db, of_owner.clone(), 2).await.unwrap();
        pending_job(db, owner).await;
        let second = job::search(db, job::Filter { before: Some(first[1].id), ..of_owner }, 9).await.unwrap();
        let seen: Vec<_> = first.iter().chain(&second).map(|job| job.id).collect();
        assert_eq!(seen, all.into_iter().rev().collect::<Vec<_>>());
    }
}
