//! The outbox of webhooks: every end of a job is recorded with it, once for each endpoint that receives it.

use std::time::Duration;

use entity::id::new_id;
use entity::job::{self, JobClaim, JobFailure, NewVideo, RetryBudget, Status};
use entity::webhook_delivery::{self as delivery, DeliveryStatus};
use entity::webhook_endpoint::{self as endpoint, Changes};
use entity::webhook_event::EventType;
use entity::{JobId, UserId, WebhookEndpointId, account, restore, worker};
use sea_orm::DatabaseConnection;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use testkit::Database;

use crate::{TTL, new_job, pending_job, register_worker};

async fn deliveries(db: &DatabaseConnection, endpoint: WebhookEndpointId) -> Vec<delivery::Model> {
    delivery::page(db, endpoint, None, None, 1_000).await.unwrap()
}

/// Creates a job of `user` and claims it for a new worker.
async fn claimed(db: &DatabaseConnection, user: UserId) -> JobClaim {
    let worker = register_worker(db).await;
    let job::ClaimResult::Claimed(job) = job::claim(db, pending_job(db, user).await, worker).await.unwrap() else {
        panic!("the job was not claimed")
    };
    JobClaim { job: job.id, epoch: job.epoch }
}

fn failure() -> JobFailure {
    JobFailure { code: "refused", message: "no \"reason\"".into() }
}

fn video() -> NewVideo {
    let (path, content_type, sha256) = ("videos/x/1.mp4".into(), "video/mp4".into(), "00".into());
    NewVideo { id: new_id(), path, size: 1, content_type, sha256 }
}

/// Ends a job in the way of this name. Returns the job and the expected event.
async fn end(db: &DatabaseConnection, user: UserId, way: &str) -> (JobId, EventType) {
    let waiting = pending_job(db, user).await;
    let claim = claimed(db, user).await;
    let cancelled = async |end: &str| {
        job::cancel(db, claim.job, user).await.unwrap().unwrap();
        let ended = match end {
            "finish" => job::finish_cancelled(db, claim).await,
            "retry" => job::retry_later(db, claim, Some(RetryBudget::Retry), TTL).await,
            "hand over" => job::hand_over(db, claim).await,
            _ => job::requeue_orphan(db, claim).await,
        };
        assert_eq!(ended.unwrap().unwrap().status, Status::Cancelled);
        (claim.job, EventType::Cancelled)
    };
    match way {
        "completed" => {
            job::complete(db, claim, video()).await.unwrap().unwrap();
            (claim.job, EventType::Completed)
        }
        "failed" => {
            job::fail(db, claim, &failure()).await.unwrap().unwrap();
            (claim.job, EventType::Failed)
        }
        "cancelled while it waited" => {
            job::cancel(db, waiting, user).await.unwrap().unwrap();
            (waiting, EventType::Cancelled)
        }
        "cancelled with all others" => {
            assert_eq!(job::cancel_all(db, user, true).await.unwrap().cancelled.len(), 1);
            (waiting, EventType::Cancelled)
        }
        "cancelled" => cancelled("finish").await,
        "cancelled before a retry" => cancelled("retry").await,
        "cancelled before a hand-over" => cancelled("hand over").await,
        "cancelled and orphaned" => cancelled("orphan").await,
        _ => {
            let row = job::ActiveModel {
                id: sea_orm::ActiveValue::Set(claim.job),
                crashes: sea_orm::ActiveValue::Set(job::MAX_CRASHES),
                ..Default::default()
            };
            row.update(db).await.unwrap();
            for expired in worker::all(db).await.unwrap() {
                worker::reap(db, &expired).await.unwrap();
            }
            (claim.job, EventType::Failed)
        }
    }
}

#[tokio::test]
async fn every_end_of_a_job_is_recorded_once_per_endpoint_that_receives_it() {
    for database in Database::each().await {
        let db = &database.connection;
        for way in [
            "completed",
            "failed",
            "cancelled",
            "cancelled while it waited",
            "cancelled with all others",
            "cancelled before a retry",
            "cancelled before a hand-over",
            "cancelled and orphaned",
            "failed as poison",
        ] {
            let (user, other) = (testkit::user(db).await, testkit::user(db).await);
            let [first, second, disabled, unsubscribed] =
                [(); 4].map(|()| testkit::webhook(db, user, "https://a.example/"));
            let (first, second) = (first.await.id, second.await.id);
            let (disabled, unsubscribed) = (disabled.await.id, unsubscribed.await.id);
            let others = testkit::webhook(db, other, "https://b.example/").await.id;
            let (job, kind) = {
                let off = Changes { enabled: Some(false), ..Changes::default() };
                endpoint::update(db, disabled, user, off).await.unwrap().unwrap();
                let expected = if way.starts_with("completed") { EventType::Failed } else { EventType::Completed };
                let events = Changes { events: Some(vec![expected]), ..Changes::default() };
                endpoint::update(db, unsubscribed, user, events).await.unwrap().unwrap();
                end(db, user, way).await
            };
            for unaffected in [disabled, unsubscribed, others] {
                assert!(deliveries(db, unaffected).await.is_empty(), "{way}");
            }
            let [one, two] = [deliveries(db, first).await, deliveries(db, second).await];
            assert_eq!((one.len(), two.len()), (1, 1), "{way}");
            assert_eq!(one[0].event_id, two[0].event_id, "{way}: an event has one id at all endpoints");
            let row = job::by_id(db, job).await.unwrap().unwrap();
            assert_eq!((one[0].event_type, one[0].job_id, one[0].job_seq), (kind, Some(job), Some(row.seq)), "{way}");
            assert_eq!((one[0].status, one[0].attempts), (DeliveryStatus::Pending, 0), "{way}");
        }
    }
}

#[tokio::test]
async fn a_payload_holds_the_compatible_object_and_the_job() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let hook = testkit::webhook(db, user, "https://a.example/").await.id;
        let (id, _) = end(db, user, "failed").await;
        let row = job::by_id(db, id).await.unwrap().unwrap();
        let delivery = deliveries(db, hook).await.remove(0);
        let payload: Value = serde_json::from_str(&delivery.payload).unwrap();
        let event = format!("evt_{}", Uuid::from(delivery.event_id).simple());
        let data = json!({
            "id": id, "object": "video", "model": "sora2", "status": "failed", "progress": row.progress,
            "created_at": row.created_at / 1_000, "completed_at": row.finished_at.unwrap() / 1_000, "expires_at": null,
            "seconds": "10", "size": "720x1280", "prompt": " 日落 \n🌅 ", "remixed_from_video_id": null,
            "error": {"code": "refused", "message": "no \"reason\""},
            "job": job::View::from(row.clone()),
        });
        assert_eq!(
            payload,
            json!({
                "id": event, "object": "event", "created_at": row.finished_at.unwrap() / 1_000,
                "type": "video.failed", "data": data,
            })
        );
        let (cancelled, _) = end(db, user, "cancelled while it waited").await;
        let payload: Value = serde_json::from_str(&deliveries(db, hook).await[0].payload).unwrap();
        assert_eq!((&payload["type"], &payload["data"]["id"]), (&json!("video.cancelled"), &json!(cancelled)));
        assert_eq!(
            (&payload["data"]["status"], &payload["data"]["error"]["code"]),
            (&json!("failed"), &json!("cancelled"))
        );
    }
}

#[tokio::test]
async fn a_transition_that_is_refused_records_nothing() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let hook = testkit::webhook(db, user, "https://a.example/").await.id;
        let claim = claimed(db, user).await;
        job::fail(db, claim, &failure()).await.unwrap().unwrap();
        assert!(job::fail(db, claim, &failure()).await.unwrap().is_none());
        assert!(job::complete(db, claim, video()).await.unwrap().is_none());
        assert_eq!(deliveries(db, hook).await.len(), 1);
        let retried = job::restart(db, claim.job, user, None).await.unwrap().created().unwrap().unwrap();
        assert_eq!((retried.status, deliveries(db, hook).await.len()), (Status::Pending, 1));
        job::cancel(db, claim.job, user).await.unwrap().unwrap();
        assert_eq!(deliveries(db, hook).await.len(), 2, "an end after a retry is a new event");
    }
}

#[tokio::test]
async fn cancelling_many_jobs_records_each() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let hook = testkit::webhook(db, user, "https://a.example/").await.id;
        testkit::jobs(db, &new_job(user), 700).await;
        assert_eq!(job::cancel_all(db, user, false).await.unwrap().cancelled.len(), 700);
        assert_eq!(deliveries(db, hook).await.len(), 700);
    }
}

#[tokio::test]
async fn a_restored_backup_calls_nobody_unless_asked() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let hook = testkit::webhook(db, user, "https://a.example/").await.id;
        end(db, user, "failed").await;
        claimed(db, user).await;
        assert_eq!(restore::finalize(db).await.unwrap().webhooks, 1);
        assert_eq!(restore::finalize(db).await.unwrap().webhooks, 0);
        let rows = deliveries(db, hook).await;
        assert_eq!((rows.len(), rows[0].status), (1, DeliveryStatus::Failed), "{rows:?}");
        assert!(endpoint::due(db, [], 10).await.unwrap().is_empty());
        delivery::resend(db, hook, rows[0].id).await.unwrap().unwrap();
        assert_eq!(endpoint::due(db, [], 10).await.unwrap()[0].id, hook);
    }
}

#[tokio::test]
async fn an_account_takes_its_endpoints_and_deliveries_with_it() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        testkit::webhook(db, user, "https://a.example/").await;
        end(db, user, "failed").await;
        assert_eq!(delivery::latest_of_user(db, user, 10).await.unwrap().len(), 1);
        account::delete(db, user).await.unwrap().unwrap();
        assert_eq!(delivery::Entity::find().count(db).await.unwrap(), 0);
        assert_eq!(endpoint::Entity::find().count(db).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn deletes_old_deliveries_and_those_of_deleted_jobs() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let hook = testkit::webhook(db, user, "https://a.example/").await;
        let (deleted, _) = end(db, user, "failed").await;
        end(db, user, "failed").await;
        job::delete(db, deleted, user).await.unwrap().unwrap();
        assert_eq!(delivery::delete_old(db, 100).await.unwrap(), 0, "pending events are kept");
        let done = delivery::claim(db, hook.id, 10, Duration::from_secs(60)).await.unwrap();
        assert_eq!(done.len(), 2);
        for claimed in &done {
            let result = delivery::AttemptResult { response_status: Some(200), ..Default::default() };
            delivery::record(db, claimed, result, delivery::NextStep::Done).await.unwrap();
        }
        assert_eq!(delivery::delete_old(db, 100).await.unwrap(), 1, "its job was deleted");
        let month_ago = entity::clock::system_ms() - 31 * 86_400_000;
        let created = delivery::Column::CreatedAt;
        delivery::Entity::update_many().col_expr(created, month_ago.into()).exec(db).await.unwrap();
        assert_eq!(delivery::delete_old(db, 100).await.unwrap(), 1, "it is old");
    }
}
