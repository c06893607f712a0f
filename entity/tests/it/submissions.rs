//! What attempts cost: daily caps, and generations that are still open at the upstream.

use entity::attempt::{self, End, NewAttempt};
use entity::id::new_id;
use entity::job::{self, AttemptStart, CancelResult};
use entity::submission::{Caps, today};
use entity::{DatabaseConnection, JobId, UserId, WorkerId, clock, job::JobClaim};
use testkit::Database;

use crate::{claimed_job, pending_job, register_worker, start_attempt};

async fn claim_job(db: &DatabaseConnection, owner: UserId, me: WorkerId) -> JobClaim {
    let id: JobId = pending_job(db, owner).await;
    let job::ClaimResult::Claimed(job) = job::claim(db, id, me).await.unwrap() else {
        panic!("the job was not claimed")
    };
    JobClaim { job: job.id, epoch: job.epoch }
}

fn end(charged: bool) -> End<'static> {
    End { outcome: "x", detail: None, evidence: None, may_have_been_charged: charged }
}

#[tokio::test]
async fn a_cap_counts_attempts_that_may_have_been_charged() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, owner, other) = (register_worker(db).await, testkit::user(db).await, testkit::user(db).await);
        for (caps, whose) in [
            (Caps { per_user: 2, overall: 0, ..Caps::default() }, owner),
            (Caps { per_user: 0, overall: 4, ..Caps::default() }, other),
        ] {
            let mut attempts = Vec::new();
            let before = today(db, whose).await.unwrap();
            for n in 0..3 {
                let claim = claim_job(db, whose, me).await;
                let id = new_id();
                let new = NewAttempt {
                    id,
                    upstream: "u".into(),
                    sent_at: clock::system_ms(),
                    is_follow_up: false,
                    cost: None,
                };
                let capped =
                    matches!(job::start_attempt(db, claim, new, caps).await.unwrap(), AttemptStart::CapReached(_));
                assert_eq!(capped, n == 2, "{caps:?}, {n}");
                assert_eq!(attempt::of_job(db, claim.job, 1).await.unwrap().is_empty(), capped);
                attempts.push(id);
            }
            job::finish_attempt(db, attempts[0], end(true)).await.unwrap();
            assert_eq!(today(db, whose).await.unwrap(), before + 2);
            // Repeated, as after a lost response.
            for _ in 0..2 {
                job::finish_attempt(db, attempts[1], end(false)).await.unwrap();
            }
            assert_eq!(today(db, whose).await.unwrap(), before + 1);
            let again = NewAttempt {
                id: new_id(),
                upstream: "u".into(),
                sent_at: clock::system_ms(),
                is_follow_up: false,
                cost: None,
            };
            let claim = claim_job(db, whose, me).await;
            assert!(
                matches!(job::start_attempt(db, claim, again, caps).await.unwrap(), AttemptStart::Started(_)),
                "{caps:?}"
            );
        }
    }
}

#[tokio::test]
async fn deleting_a_job_does_not_reduce_the_count() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, claim) = claimed_job(db, register_worker(db).await).await;
        start_attempt(db, claim, new_id()).await.unwrap();
        job::fail(db, claim, &job::JobFailure { code: "unknown", message: "?".into() }).await.unwrap().unwrap();
        job::delete(db, job.id, job.user_id).await.unwrap().unwrap();
        assert_eq!(today(db, job.user_id).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn lists_open_generations_of_cancelled_jobs() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, claim) = claimed_job(db, register_worker(db).await).await;
        let id = new_id();
        start_attempt(db, claim, id).await.unwrap();
        attempt::record_accepted(db, id, Some("video_1")).await.unwrap();
        assert_eq!(job::open_attempts_at_other_upstreams(db, &["other".to_owned()]).await.unwrap().len(), 1);
        assert!(job::open_attempts_at_other_upstreams(db, &["u".to_owned()]).await.unwrap().is_empty());
        job::hand_over(db, claim).await.unwrap().unwrap();
        assert!(
            job::cancelled_open_attempts(db, &["u".to_owned()], 9).await.unwrap().is_empty(),
            "the job is not cancelled"
        );
        assert!(matches!(job::cancel(db, job.id, job.user_id).await.unwrap(), Some(CancelResult::Cancelled(_))));
        assert!(
            job::cancelled_open_attempts(db, &["u".to_owned()], 9).await.unwrap().is_empty(),
            "its worker may be cancelling it"
        );
        testkit::backdate(db, job.id, 60_000).await;
        let open = job::cancelled_open_attempts(db, &["u".to_owned()], 9).await.unwrap();
        assert_eq!(open.iter().map(|attempt| attempt.id).collect::<Vec<_>>(), [id]);
        job::finish_attempt(db, id, end(true)).await.unwrap();
        assert!(job::cancelled_open_attempts(db, &["u".to_owned()], 9).await.unwrap().is_empty());
    }
}
