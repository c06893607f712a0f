//! Idempotency keys.

use entity::clock::system_ms;
use entity::idempotency_key::{self, Idempotent, Key, RETENTION, RETRY_WINDOW, Source};
use entity::job;
use entity::{DatabaseConnection, UserId};
use futures::future::join_all;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use testkit::Database;

use crate::creation;

fn key(name: &str, fingerprint: &str) -> Key {
    Key { operation: "create".into(), key: name.into(), source: Source::Client { fingerprint: fingerprint.into() } }
}

/// The key of a request that arrives now, made from its content.
fn content(is_retry: bool) -> Key {
    content_after(is_retry, 0)
}

/// The same, of a request that arrives in `millis`.
fn content_after(is_retry: bool, millis: i64) -> Key {
    let source = Source::Content { is_retry, received_at: system_ms() + millis };
    Key { operation: "create".into(), key: "hash".into(), source }
}

async fn create(db: &DatabaseConnection, user: UserId, count: usize, key: &Key) -> Idempotent<Vec<job::Model>> {
    job::create(db, &creation(user, count, key)).await.unwrap()
}

fn jobs_of(user: UserId) -> job::Filter {
    job::Filter { user: Some(user), ..job::Filter::default() }
}

#[tokio::test]
async fn a_key_creates_its_jobs_once_and_conflicts_with_another_body() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, other) = (testkit::user(db).await, testkit::user(db).await);
        let created = create(db, me, 3, &key("k", "a")).await.created().unwrap();
        let ids: Vec<_> = created.iter().map(|job| job.id).collect();
        assert_eq!(create(db, me, 3, &key("k", "a")).await, Idempotent::Replayed(ids));
        assert_eq!(create(db, me, 1, &key("k", "b")).await, Idempotent::Conflict);
        assert!(create(db, me, 1, &key("other", "b")).await.created().is_some());
        assert!(create(db, other, 1, &key("k", "b")).await.created().is_some(), "keys are scoped by user");
        assert_eq!(job::search(db, jobs_of(me), 99).await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn one_of_many_concurrent_requests_with_one_key_creates_a_job() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, key) = (testkit::user(db).await, key("k", "a"));
        let created = join_all((0..12).map(|_| create(db, me, 1, &key))).await;
        assert_eq!(created.iter().filter(|created| matches!(created, Idempotent::Created(_))).count(), 1);
        let jobs = job::search(db, jobs_of(me), 99).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert!(created.iter().all(|created| match created {
            Idempotent::Created(created) => created[0].id == jobs[0].id,
            Idempotent::Replayed(created) => created[..] == [jobs[0].id],
            Idempotent::Conflict => false,
        }));
    }
}

#[tokio::test]
async fn a_repetition_without_a_key_returns_the_job_of_the_latest_equal_request() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, other) = (testkit::user(db).await, testkit::user(db).await);
        let clicked = create(db, me, 1, &content(false)).await.created().unwrap()[0].id;
        assert_eq!(create(db, me, 1, &content(true)).await, Idempotent::Replayed(vec![clicked]));
        let again = create(db, me, 1, &content(false)).await.created().unwrap()[0].id;
        assert_ne!(again, clicked, "an equal request that is no repetition is another one");
        for _ in 0..2 {
            assert_eq!(create(db, me, 1, &content(true)).await, Idempotent::Replayed(vec![again]));
        }
        assert!(create(db, other, 1, &content(true)).await.created().is_some(), "others' requests do not count");
        assert_eq!(job::search(db, jobs_of(me), 99).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_repetition_whose_first_request_never_arrived_creates_the_job_once() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, first, retry) = (testkit::user(db).await, content(false), content(true));
        let created = join_all((0..8).map(|_| create(db, me, 1, &retry))).await;
        assert_eq!(created.iter().filter(|created| matches!(created, Idempotent::Created(_))).count(), 1);
        let id = job::search(db, jobs_of(me), 99).await.unwrap()[0].id;
        for held_up in [first, content_after(false, 1_000)] {
            assert_eq!(
                create(db, me, 1, &held_up).await,
                Idempotent::Replayed(vec![id]),
                "the first request came late"
            );
        }
        let later = create(db, me, 1, &content_after(false, 60_000)).await;
        assert!(later.created().is_some(), "a later request is another one");
    }
}

#[tokio::test]
async fn a_request_is_not_repeated_after_the_window() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = testkit::user(db).await;
        let old = create(db, me, 1, &content(false)).await.created().unwrap()[0].id;
        let window = entity::clock::millis(RETRY_WINDOW);
        idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::CreatedAt, Expr::col(idempotency_key::Column::CreatedAt).sub(window + 1))
            .exec(db)
            .await
            .unwrap();
        let retry = content(true);
        let created = join_all((0..8).map(|_| create(db, me, 1, &retry))).await;
        assert_eq!(created.iter().filter(|created| matches!(created, Idempotent::Created(_))).count(), 1);
        let jobs = job::search(db, jobs_of(me), 99).await.unwrap();
        assert!(jobs.len() == 2 && jobs[1].id == old, "{jobs:?}");
    }
}

#[tokio::test]
async fn cleaning_up_deletes_the_keys_that_are_no_longer_remembered() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, kept) = (testkit::user(db).await, key("kept", "a"));
        create(db, me, 1, &key("old", "a")).await.created().unwrap();
        let remembered = i64::try_from(RETENTION.as_millis()).unwrap();
        idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::CreatedAt, Expr::value(system_ms() - remembered - 1))
            .exec(db)
            .await
            .unwrap();
        let created = create(db, me, 1, &kept).await.created().unwrap();
        assert_eq!(idempotency_key::delete_expired(db, system_ms()).await.unwrap(), 1);
        let rows = idempotency_key::Entity::find().all(db).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["kept"]);
        assert_eq!(create(db, me, 1, &kept).await, Idempotent::Replayed(vec![created[0].id]));
    }
}
