//! What a job's owner does to its row, and what a wish to cancel does to everyone else's transitions.

use std::time::Duration;

use entity::job::{self, CancelResult, Status};
use entity::{attempt, id::new_id, worker};
use testkit::Database;

use crate::{TTL, begun, claimed, pending, worker as registered};

#[tokio::test]
async fn a_wish_to_cancel_turns_every_way_back_to_the_queue_into_the_end() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = registered(db, TTL).await;
        for way in ["retry", "hand over", "reject", "cancelled"] {
            let (job, held) = claimed(db, me).await;
            assert!(job::finish_cancelled(db, held).await.unwrap().is_none(), "cancelled without a wish");
            assert!(matches!(job::cancel(db, job.id, job.user_id).await.unwrap(), Some(CancelResult::Requested(_))));
            assert!(begun(db, held, new_id()).await.is_none(), "a request for a job unwanted");
            let ended = match way {
                "retry" => job::retry_later(db, held, None, TTL).await,
                "hand over" => job::hand_over(db, held).await,
                "reject" => job::requeue_orphan(db, held).await,
                _ => job::finish_cancelled(db, held).await,
            };
            let ended = ended.unwrap().unwrap();
            assert_eq!((ended.status, ended.worker_id), (Status::Cancelled, None), "{way}");
            assert!(ended.finished_at.is_some() && ended.phase.is_none(), "{way}");
        }
    }
}

#[tokio::test]
async fn a_wish_to_cancel_outlives_the_worker() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, _) = claimed(db, registered(db, Duration::ZERO).await).await;
        job::cancel(db, job.id, job.user_id).await.unwrap();
        let buried = testkit::eventually("the lease is over", async || worker::reap_one(db).await.unwrap()).await;
        assert_eq!(buried.jobs[0].status, Status::Cancelled);
    }
}

#[tokio::test]
async fn the_first_terminal_state_wins() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, held) = claimed(db, registered(db, TTL).await).await;
        let failure = job::JobFailure { code: "refused", message: "no".into() };
        job::fail(db, held, &failure).await.unwrap().unwrap();
        let Some(CancelResult::AlreadyFinished(over)) = job::cancel(db, job.id, job.user_id).await.unwrap() else {
            panic!("cancelled")
        };
        assert_eq!((over.status, over.cancel_requested_at), (Status::Failed, None));
    }
}

#[tokio::test]
async fn starting_anew_leaves_attempts_behind_and_every_former_holder() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, held) = claimed(db, registered(db, TTL).await).await;
        begun(db, held, new_id()).await.unwrap();
        job::fail(db, held, &job::JobFailure { code: "unknown", message: "?".into() }).await.unwrap().unwrap();
        assert!(
            job::restart(db, job.id, testkit::user(db).await, None).await.unwrap().created().unwrap().is_none(),
            "by another user"
        );
        let anew = job::restart(db, job.id, job.user_id, None).await.unwrap().created().unwrap().unwrap();
        assert_eq!((anew.status, anew.attempts_from, anew.error_code.as_deref()), (Status::Pending, 2, None));
        assert!(anew.epoch > held.epoch && anew.may_have_been_charged && anew.finished_at.is_none());
        assert!(attempt::of_job(db, job.id, anew.attempts_from).await.unwrap().is_empty());
        assert_eq!(attempt::of_job(db, job.id, 1).await.unwrap().len(), 1);
        assert!(
            job::restart(db, job.id, job.user_id, None).await.unwrap().created().unwrap().is_none(),
            "a pending job"
        );
    }
}

#[tokio::test]
async fn only_what_has_ended_is_removed_and_only_by_its_owner() {
    for database in Database::each().await {
        let db = &database.connection;
        let owner = testkit::user(db).await;
        let id = pending(db, owner).await;
        assert!(job::delete(db, id, owner).await.unwrap().is_none());
        job::cancel(db, id, owner).await.unwrap();
        assert!(job::delete(db, id, testkit::user(db).await).await.unwrap().is_none());
        assert_eq!(job::delete(db, id, owner).await.unwrap().unwrap().job.id, id);
        assert!(job::by_id(db, id).await.unwrap().is_none());
    }
}
