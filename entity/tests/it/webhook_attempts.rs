//! Attempts of webhook deliveries: exclusive claims, leases, order, and endpoints that fail.

use std::time::Duration;

use entity::job::{self, Status};
use entity::webhook_delivery::{self as delivery, AttemptResult, DeliveryStatus, NextStep};
use entity::webhook_endpoint::{self as endpoint, Changes, DisabledReason};
use entity::webhook_event::EventType;
use entity::{UserId, account, clock};
use sea_orm::DatabaseConnection;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use testkit::{Database, eventually};

use crate::pending_job;

const LEASE: Duration = Duration::from_secs(60);
const LATER: NextStep = NextStep::RetryAfter(Duration::from_secs(600));

/// A user's endpoint and this many cancelled jobs.
async fn world(db: &DatabaseConnection, jobs: usize) -> (UserId, endpoint::Model) {
    let user = testkit::user(db).await;
    let hook = testkit::webhook(db, user, "https://a.example/").await;
    for _ in 0..jobs {
        let job = pending_job(db, user).await;
        job::cancel(db, job, user).await.unwrap().unwrap();
    }
    (user, hook)
}

fn answer(status: u16) -> AttemptResult {
    let error = (status >= 300).then(|| format!("status {status}"));
    AttemptResult {
        response_status: Some(status),
        response_body: Some("{}".into()),
        error,
        duration: Duration::from_millis(7),
    }
}

#[tokio::test]
async fn a_delivery_is_claimed_once_and_again_only_after_its_lease() {
    for database in Database::each().await {
        let db = &database.connection;
        let (_, hook) = world(db, 20).await;
        assert_eq!(endpoint::due(db, [], 10).await.unwrap(), std::slice::from_ref(&hook));
        assert!(endpoint::due(db, [hook.id], 10).await.unwrap().is_empty());
        let mut ids = Vec::new();
        // Of two claims that choose the same deliveries, one gets none.
        while ids.len() < 20 {
            let claims = futures::future::join_all((0..8).map(|_| delivery::claim(db, hook.id, 5, LEASE))).await;
            let claimed: Vec<_> = claims.into_iter().flat_map(Result::unwrap).map(|claimed| claimed.id).collect();
            assert!(!claimed.is_empty(), "of concurrent claims, one succeeds");
            ids.extend(claimed);
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 20, "no delivery is claimed twice");
        assert!(endpoint::due(db, [], 10).await.unwrap().is_empty());

        let (_, hook) = world(db, 1).await;
        let died = delivery::claim(db, hook.id, 5, Duration::ZERO).await.unwrap().remove(0);
        let again = eventually("the lease ends", async || delivery::claim(db, hook.id, 5, LEASE).await.unwrap().pop());
        let again = again.await;
        assert_eq!((again.id, again.event_id, again.attempts), (died.id, died.event_id, 2));
        assert!(!delivery::record(db, &died, answer(200), NextStep::Done).await.unwrap().applied, "a late result");
        assert!(delivery::record(db, &again, answer(500), LATER).await.unwrap().applied);
    }
}

#[tokio::test]
async fn records_how_the_receiver_answered() {
    for database in Database::each().await {
        let db = &database.connection;
        let (_, hook) = world(db, 1).await;
        let read = async || delivery::page(db, hook.id, None, None, 10).await.unwrap().remove(0);
        let claimed = delivery::claim(db, hook.id, 5, LEASE).await.unwrap().remove(0);
        delivery::record(db, &claimed, answer(503), LATER).await.unwrap();
        let row = read().await;
        assert_eq!((row.status, row.attempts, row.failures), (DeliveryStatus::Pending, 1, 1));
        assert_eq!(
            (row.response_status, row.response_body.as_deref(), row.duration_ms),
            (Some(503), Some("{}"), Some(7))
        );
        assert_eq!((row.error.as_deref(), row.finished_at), (Some("status 503"), None));
        let wait = row.next_attempt_at.unwrap() - row.last_attempt_at.unwrap();
        assert!((600_000..660_000).contains(&wait), "{wait}");
        assert!(delivery::claim(db, hook.id, 5, LEASE).await.unwrap().is_empty());

        delivery::resend(db, hook.id, row.id).await.unwrap().unwrap();
        let claimed = delivery::claim(db, hook.id, 5, LEASE).await.unwrap().remove(0);
        assert_eq!((claimed.attempts, claimed.failures), (2, 0));
        delivery::record(db, &claimed, answer(204), NextStep::Done).await.unwrap();
        let row = read().await;
        assert_eq!((row.status, row.next_attempt_at, row.error.as_deref()), (DeliveryStatus::Delivered, None, None));
        assert!(row.finished_at.is_some());
        assert_eq!(delivery::overdue(db).await.unwrap(), delivery::Overdue::default());
    }
}

#[tokio::test]
async fn events_of_one_job_arrive_in_order_and_do_not_delay_others() {
    for database in Database::each().await {
        let db = &database.connection;
        let (user, hook) = world(db, 1).await;
        let first = delivery::page(db, hook.id, None, None, 1).await.unwrap().remove(0);
        let job = first.job_id.unwrap();
        let restarted = job::restart(db, job, user, None).await.unwrap().created().unwrap().unwrap();
        assert_eq!(restarted.status, Status::Pending);
        job::cancel(db, job, user).await.unwrap().unwrap();
        let other = pending_job(db, user).await;
        job::cancel(db, other, user).await.unwrap().unwrap();
        let jobs = |claimed: &[delivery::Model]| claimed.iter().map(|one| one.job_id.unwrap()).collect::<Vec<_>>();

        let mut claimed = delivery::claim(db, hook.id, 10, LEASE).await.unwrap();
        claimed.sort_by_key(|one| one.id);
        assert_eq!(jobs(&claimed), [job, other], "one event of each job");
        assert_eq!(claimed[0].id, first.id);
        assert!(endpoint::due(db, [], 10).await.unwrap().is_empty(), "the second waits for the first");
        delivery::record(db, &claimed[0], answer(500), LATER).await.unwrap();
        assert!(delivery::claim(db, hook.id, 10, LEASE).await.unwrap().is_empty(), "the first is retried before");
        delivery::resend(db, hook.id, first.id).await.unwrap().unwrap();
        let again = delivery::claim(db, hook.id, 10, LEASE).await.unwrap().remove(0);
        delivery::record(db, &again, answer(500), NextStep::GiveUp).await.unwrap();
        let second = delivery::claim(db, hook.id, 10, LEASE).await.unwrap();
        assert_eq!((jobs(&second), second[0].job_seq > first.job_seq), (vec![job], true));
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_for_three_days_is_disabled_and_keeps_what_waits() {
    for database in Database::each().await {
        let db = &database.connection;
        let (user, hook) = world(db, 3).await;
        let mut claimed = delivery::claim(db, hook.id, 3, LEASE).await.unwrap();
        let find = async || endpoint::find(db, hook.id, user).await.unwrap().unwrap();
        assert_eq!(delivery::record(db, &claimed.remove(0), answer(500), LATER).await.unwrap().disabled, None);
        let since = find().await.failing_since.unwrap();
        let earlier = since - 3 * 86_400_000 - 1_000;
        let column = endpoint::Column::FailingSince;
        endpoint::Entity::update_many().col_expr(column, earlier.into()).exec(db).await.unwrap();
        let disabled = delivery::record(db, &claimed.remove(0), answer(500), LATER).await.unwrap().disabled.unwrap();
        assert_eq!((disabled.enabled, disabled.disabled_reason), (false, Some(DisabledReason::Failing)));
        assert!(delivery::claim(db, hook.id, 3, Duration::ZERO).await.unwrap().is_empty());
        delivery::resend(db, hook.id, claimed[0].id).await.unwrap().unwrap();
        assert!(endpoint::due(db, [], 10).await.unwrap().is_empty(), "a disabled endpoint is not called");

        let on = Changes { enabled: Some(true), ..Changes::default() };
        let enabled = endpoint::update(db, hook.id, user, on).await.unwrap().unwrap();
        assert_eq!((enabled.disabled_reason, enabled.failing_since), (None, None));
        assert_eq!(endpoint::due(db, [], 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_success_ends_a_series_of_failures_and_410_disables_at_once() {
    for database in Database::each().await {
        let db = &database.connection;
        let (user, hook) = world(db, 3).await;
        let mut claimed = delivery::claim(db, hook.id, 3, LEASE).await.unwrap();
        let find = async || endpoint::find(db, hook.id, user).await.unwrap().unwrap();
        delivery::record(db, &claimed.remove(0), answer(500), LATER).await.unwrap();
        assert!(find().await.failing_since.is_some());
        delivery::record(db, &claimed.remove(0), answer(200), NextStep::Done).await.unwrap();
        assert_eq!(find().await.failing_since, None);
        let gone = delivery::record(db, &claimed.remove(0), answer(410), NextStep::Disable).await.unwrap();
        assert_eq!(gone.disabled.unwrap().disabled_reason, Some(DisabledReason::Gone));
        assert!(!find().await.enabled);
    }
}

#[tokio::test]
async fn times_from_before_the_clock_was_set_back_are_due() {
    for database in Database::each().await {
        let db = &database.connection;
        let (_, hook) = world(db, 3).await;
        let claimed = delivery::claim(db, hook.id, 2, LEASE).await.unwrap();
        for claimed in &claimed {
            assert!(delivery::record(db, claimed, answer(500), LATER).await.unwrap().applied);
        }
        // One was attempted an hour ahead, one is new from then, and one waits for good reason.
        let ahead = clock::system_ms() + 3_600_000;
        let moved = delivery::Entity::update_many()
            .col_expr(delivery::Column::NextAttemptAt, Expr::value(ahead))
            .filter(delivery::Column::Id.ne(claimed[1].id))
            .exec(db);
        assert_eq!(moved.await.unwrap().rows_affected, 2);
        let attempted = delivery::Entity::update_many()
            .col_expr(delivery::Column::LastAttemptAt, Expr::value(ahead - 5_000))
            .filter(delivery::Column::Id.eq(claimed[0].id))
            .exec(db);
        assert_eq!(attempted.await.unwrap().rows_affected, 1);
        assert!(delivery::claim(db, hook.id, 5, LEASE).await.unwrap().is_empty());
        assert_eq!(delivery::make_due_after_clock_was_set_back(db).await.unwrap(), 2);
        let due = delivery::claim(db, hook.id, 5, LEASE).await.unwrap();
        assert_eq!((due.len(), due.iter().any(|due| due.id == claimed[1].id)), (2, false));
    }
}

#[tokio::test]
async fn a_retry_counts_from_the_claim_although_the_clock_was_set_meanwhile() {
    for database in Database::each().await {
        let db = &database.connection;
        let (_, hook) = world(db, 1).await;
        let mut claimed = delivery::claim(db, hook.id, 1, LEASE).await.unwrap().remove(0);
        // As if the claim had been nine hours ago by a clock that is right again.
        let hours_ago = claimed.last_attempt_at.unwrap() - 9 * 3_600_000;
        claimed.last_attempt_at = Some(hours_ago);
        let retry = NextStep::RetryAfter(Duration::from_secs(60));
        assert!(delivery::record(db, &claimed, answer(500), retry).await.unwrap().applied);
        let row = delivery::Entity::find_by_id(claimed.id).one(db).await.unwrap().unwrap();
        assert_eq!(row.next_attempt_at, Some(hours_ago + 7 + 60_000));
    }
}

#[tokio::test]
async fn endpoints_of_disabled_accounts_wait() {
    for database in Database::each().await {
        let db = &database.connection;
        let (user, hook) = world(db, 1).await;
        account::disable(db, user).await.unwrap().done().unwrap();
        assert!(endpoint::due(db, [], 10).await.unwrap().is_empty());
        account::enable(db, user).await.unwrap().unwrap();
        assert_eq!(endpoint::due(db, [], 10).await.unwrap()[0].id, hook.id);
    }
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_new_one_until_its_time() {
    for database in Database::each().await {
        let db = &database.connection;
        let (user, hook) = world(db, 0).await;
        let rotate = async |overlap| endpoint::rotate(db, hook.id, user, "whsec_new".into(), overlap).await.unwrap();
        let rotated = rotate(LEASE).await.unwrap();
        let now = clock::system_ms();
        assert_eq!(rotated.secrets(now).collect::<Vec<_>>(), ["whsec_new", &hook.secret]);
        assert_eq!(rotated.secrets(now + 120_000).collect::<Vec<_>>(), ["whsec_new"]);
        let other = testkit::user(db).await;
        assert!(endpoint::rotate(db, hook.id, other, "x".into(), LEASE).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_test_event_is_due_at_once_and_marked() {
    for database in Database::each().await {
        let db = &database.connection;
        let (_, hook) = world(db, 0).await;
        delivery::enqueue_test(db, &hook, EventType::Failed).await.unwrap().unwrap();
        let claimed = delivery::claim(db, hook.id, 1, LEASE).await.unwrap().remove(0);
        let payload: serde_json::Value = serde_json::from_str(&claimed.payload).unwrap();
        assert_eq!((&payload["type"], &payload["test"]), (&"video.failed".into(), &true.into()));
        assert_eq!((payload["data"]["status"].as_str(), claimed.job_id), (Some("failed"), None));
    }
}
