//! Facts about money: what an attempt leaves on record, and what a day allows.

use entity::attempt::{self, End, NewAttempt};
use entity::id::new_id;
use entity::job::{self, AttemptStart, CancelResult};
use entity::submission::{Caps, today};
use entity::{DatabaseConnection, JobId, UserId, WorkerId, clock, job::JobClaim};
use testkit::Database;

use crate::{TTL, begun, claimed, pending, worker};

async fn held(db: &DatabaseConnection, owner: UserId, me: WorkerId) -> JobClaim {
    let id: JobId = pending(db, owner).await;
    let job::ClaimResult::Claimed(job) = job::claim(db, id, me).await.unwrap() else { panic!("the claim was lost") };
    JobClaim { job: job.id, epoch: job.epoch }
}

fn end(charged: bool) -> End<'static> {
    End { outcome: "x", detail: None, evidence: None, may_have_been_charged: charged }
}

#[tokio::test]
async fn a_cap_counts_what_may_have_cost_and_a_refusal_gives_back() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, owner, other) = (worker(db, TTL).await, testkit::user(db).await, testkit::user(db).await);
        for (caps, whose) in [(Caps { per_user: 2, overall: 0 }, owner), (Caps { per_user: 0, overall: 4 }, other)] {
            let mut attempts = Vec::new();
            let before = today(db, whose).await.unwrap();
            for n in 0..3 {
                let hold = held(db, whose, me).await;
                let new = NewAttempt { id: new_id(), upstream: "u", sent_at: clock::system_ms() };
                let spent = matches!(job::start_attempt(db, hold, new, caps).await.unwrap(), AttemptStart::CapReached);
                assert_eq!(spent, n == 2, "{caps:?}, {n}");
                assert_eq!(attempt::of_job(db, hold.job, 1).await.unwrap().is_empty(), spent);
                attempts.push(new.id);
            }
            attempt::finish(db, attempts[0], end(true)).await.unwrap();
            assert_eq!(today(db, whose).await.unwrap(), before + 2);
            // Repeated, as after an answer that was lost.
            for _ in 0..2 {
                attempt::finish(db, attempts[1], end(false)).await.unwrap();
            }
            assert_eq!(today(db, whose).await.unwrap(), before + 1);
            let again = NewAttempt { id: new_id(), upstream: "u", sent_at: clock::system_ms() };
            let hold = held(db, whose, me).await;
            assert!(
                matches!(job::start_attempt(db, hold, again, caps).await.unwrap(), AttemptStart::Started(_)),
                "{caps:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_was_spent_stays_spent_when_its_job_is_deleted() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, hold) = claimed(db, worker(db, TTL).await).await;
        begun(db, hold, new_id()).await.unwrap();
        job::fail(db, hold, &job::JobFailure { code: "unknown", message: "?".into() }).await.unwrap().unwrap();
        job::delete(db, job.id, job.user_id).await.unwrap().unwrap();
        assert_eq!(today(db, job.user_id).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_job_whose_generation_is_open_is_to_be_told_to_its_upstream() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, hold) = claimed(db, worker(db, TTL).await).await;
        let id = new_id();
        begun(db, hold, id).await.unwrap();
        attempt::record_accepted(db, id, Some("video_1")).await.unwrap();
        assert_eq!(attempt::open_at_other_upstreams(db, "other").await.unwrap().len(), 1);
        assert!(attempt::open_at_other_upstreams(db, "u").await.unwrap().is_empty());
        job::hand_over(db, hold).await.unwrap().unwrap();
        assert!(attempt::open_of_cancelled_jobs(db, "u", 9).await.unwrap().is_empty(), "a job that goes on");
        assert!(matches!(job::cancel(db, job.id, job.user_id).await.unwrap(), Some(CancelResult::Cancelled(_))));
        assert!(
            attempt::open_of_cancelled_jobs(db, "u", 9).await.unwrap().is_empty(),
            "its last worker may be telling it"
        );
        testkit::backdate(db, job.id, 60_000).await;
        let abandoned = attempt::open_of_cancelled_jobs(db, "u", 9).await.unwrap();
        assert_eq!(abandoned.iter().map(|attempt| attempt.id).collect::<Vec<_>>(), [id]);
        attempt::finish(db, id, end(true)).await.unwrap();
        assert!(attempt::open_of_cancelled_jobs(db, "u", 9).await.unwrap().is_empty());
    }
}
