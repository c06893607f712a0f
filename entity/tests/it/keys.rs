//! Asking twice under one key.

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

fn mine(user: UserId) -> job::Filter {
    job::Filter { user: Some(user), ..job::Filter::default() }
}

#[tokio::test]
async fn a_key_makes_its_jobs_once_and_tells_another_body_apart() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, other) = (testkit::user(db).await, testkit::user(db).await);
        let made = create(db, me, 3, &key("k", "a")).await.created().unwrap();
        let ids: Vec<_> = made.iter().map(|job| job.id).collect();
        assert_eq!(create(db, me, 3, &key("k", "a")).await, Idempotent::Replayed(ids));
        assert_eq!(create(db, me, 1, &key("k", "b")).await, Idempotent::Conflict);
        assert!(create(db, me, 1, &key("other", "b")).await.created().is_some());
        assert!(create(db, other, 1, &key("k", "b")).await.created().is_some(), "another user's key is another key");
        assert_eq!(job::search(db, mine(me), 99).await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn of_many_requests_with_one_key_one_makes_a_job() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, key) = (testkit::user(db).await, key("k", "a"));
        let made = join_all((0..12).map(|_| create(db, me, 1, &key))).await;
        assert_eq!(made.iter().filter(|made| matches!(made, Idempotent::Created(_))).count(), 1);
        let jobs = job::search(db, mine(me), 99).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert!(made.iter().all(|made| match made {
            Idempotent::Created(made) => made[0].id == jobs[0].id,
            Idempotent::Replayed(made) => made[..] == [jobs[0].id],
            Idempotent::Conflict => false,
        }));
    }
}
