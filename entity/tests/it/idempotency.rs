//! Idempotency keys.

use entity::idempotency_key::{Idempotent, Key};
use entity::job;
use entity::{DatabaseConnection, UserId};
use futures::future::join_all;
use testkit::Database;

use crate::new_job;

fn key(name: &str, fingerprint: &str) -> Key {
    Key { operation: "create".into(), key: name.into(), fingerprint: fingerprint.into() }
}

async fn create(db: &DatabaseConnection, user: UserId, count: usize, key: &Key) -> Idempotent<Vec<job::Model>> {
    job::create(db, &new_job(user), count, Some(key)).await.unwrap()
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
