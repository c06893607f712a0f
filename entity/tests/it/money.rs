//! Facts about money: what an attempt leaves on record, and what a day allows.

use entity::attempt::{self, End, NewAttempt};
use entity::id::fresh;
use entity::job::{self, Begun, Cancel};
use entity::submission::{Caps, today};
use entity::{DatabaseConnection, JobId, UserId, WorkerId, clock, job::Held};
use testkit::Database;

use crate::{TTL, begun, claimed, pending, user, worker};

async fn held(db: &DatabaseConnection, owner: UserId, me: WorkerId) -> Held {
    let id: JobId = pending(db, owner).await;
    let job::Claim::Won(job) = job::claim(db, id, me).await.unwrap() else { panic!("the claim was lost") };
    Held { job: job.id, epoch: job.epoch }
}

fn end(charged: bool) -> End<'static> {
    End { outcome: "x", detail: None, may_have_been_charged: charged }
}

#[tokio::test]
async fn a_cap_counts_what_may_have_cost_and_a_refusal_gives_back() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, owner, other) = (worker(db, TTL).await, user(db).await, user(db).await);
        for (caps, whose) in [(Caps { per_user: 2, overall: 0 }, owner), (Caps { per_user: 0, overall: 4 }, other)] {
            let mut attempts = Vec::new();
            let before = today(db, whose).await.unwrap();
            for n in 0..3 {
                let hold = held(db, whose, me).await;
                let new = NewAttempt { id: fresh(), upstream: "u", sent_at: clock::wall() };
                let spent = matches!(job::begin_attempt(db, hold, new, caps).await.unwrap(), Begun::Spent);
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
            let again = NewAttempt { id: fresh(), upstream: "u", sent_at: clock::wall() };
            let hold = held(db, whose, me).await;
            assert!(matches!(job::begin_attempt(db, hold, again, caps).await.unwrap(), Begun::Send(_)), "{caps:?}");
        }
    }
}

#[tokio::test]
async fn what_was_spent_stays_spent_when_its_job_is_deleted() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, hold) = claimed(db, worker(db, TTL).await).await;
        begun(db, hold, fresh()).await.unwrap();
        job::fail(db, hold, &job::Failure { code: "unknown", message: "?".into() }).await.unwrap().unwrap();
        job::remove(db, job.id, job.user_id).await.unwrap().unwrap();
        assert_eq!(today(db, job.user_id).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_job_whose_generation_is_open_is_to_be_told_to_its_upstream() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, hold) = claimed(db, worker(db, TTL).await).await;
        let id = fresh();
        begun(db, hold, id).await.unwrap();
        attempt::accepted(db, id, Some("video_1")).await.unwrap();
        assert_eq!(attempt::open_elsewhere(db, "other").await.unwrap().len(), 1);
        assert!(attempt::open_elsewhere(db, "u").await.unwrap().is_empty());
        job::hand_over(db, hold).await.unwrap().unwrap();
        assert!(attempt::abandoned(db, "u", 9).await.unwrap().is_empty(), "a job that goes on");
        assert!(matches!(job::cancel(db, job.id, job.user_id).await.unwrap(), Some(Cancel::Done(_))));
        assert!(attempt::abandoned(db, "u", 9).await.unwrap().is_empty(), "its last worker may be telling it");
        testkit::backdate(db, job.id, 60_000).await;
        let abandoned = attempt::abandoned(db, "u", 9).await.unwrap();
        assert_eq!(abandoned.iter().map(|attempt| attempt.id).collect::<Vec<_>>(), [id]);
        attempt::finish(db, id, end(true)).await.unwrap();
        assert!(attempt::abandoned(db, "u", 9).await.unwrap().is_empty());
    }
}
