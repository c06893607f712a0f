//! Creating the jobs of many requests at once.

use entity::id::new_id;
use entity::idempotency_key::{Idempotent, Key, Source};
use entity::job::{self, Creation, New};
use testkit::Database;

use crate::{creation, new_job};

fn without_key(new: Vec<New>) -> Creation {
    Creation { new, key: None }
}

#[tokio::test]
async fn creates_the_jobs_of_each_request_as_they_are_stored() {
    for database in Database::each().await {
        let db = &database.connection;
        let (ada, eve) = (testkit::user(db).await, testkit::user(db).await);
        let named = |user, prompt: &str| New { prompt: prompt.into(), ..new_job(user) };
        let requests = vec![without_key(vec![named(ada, "a"), named(ada, "b")]), without_key(vec![named(eve, "c")])];
        let created = job::create_each(db.clone(), requests).await.into_iter();
        let created: Vec<_> = created.map(|created| created.unwrap().created().unwrap()).collect();
        assert_eq!((created[0].len(), created[1].len()), (2, 1));
        for job in created.iter().flatten() {
            assert_eq!(job::by_id(db, job.id).await.unwrap().as_ref(), Some(job));
        }
        let prompts: Vec<_> = created.iter().flatten().map(|job| (job.user_id, job.prompt.as_str())).collect();
        assert_eq!(prompts, [(ada, "a"), (ada, "b"), (eve, "c")]);
    }
}

#[tokio::test]
async fn a_request_that_fails_takes_no_other_with_it() {
    for database in Database::each().await {
        let db = &database.connection;
        let (ada, unknown) = (testkit::user(db).await, new_id());
        let requests = [vec![new_job(ada)], vec![new_job(unknown); 2], vec![new_job(ada); 2]];
        let created = job::create_each(db.clone(), requests.map(without_key).to_vec()).await;
        let counts: Vec<_> =
            created.into_iter().map(|jobs| jobs.map_or(0, |jobs| jobs.created().unwrap().len())).collect();
        assert_eq!(counts, [1, 0, 2]);
        assert_eq!(job::snapshot(db, ada, 10).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn requests_with_the_same_key_at_once_create_their_jobs_once() {
    for database in Database::each().await {
        let db = &database.connection;
        let (ada, eve) = (testkit::user(db).await, testkit::user(db).await);
        let key = |name: &str, fingerprint: &str| {
            let source = Source::Client { fingerprint: fingerprint.into() };
            Key { operation: "create".into(), key: name.into(), source }
        };
        let earlier = job::create(db, &creation(ada, 1, &key("old", "a"))).await.unwrap().created().unwrap();
        let requests = vec![
            creation(ada, 2, &key("new", "a")),
            creation(ada, 2, &key("new", "a")),
            creation(ada, 1, &key("new", "b")),
            creation(eve, 1, &key("new", "a")),
            creation(ada, 1, &key("old", "a")),
            without_key(vec![new_job(eve)]),
        ];
        let results = job::create_each(db.clone(), requests).await.into_iter().map(Result::unwrap);
        let results: Vec<_> = results.collect();
        let Idempotent::Created(first) = &results[0] else { panic!("{results:?}") };
        assert_eq!(results[1], Idempotent::Replayed(first.iter().map(|job| job.id).collect()));
        assert_eq!(results[2], Idempotent::Conflict);
        assert!(matches!(results[3], Idempotent::Created(_)), "keys are scoped by user");
        assert_eq!(results[4], Idempotent::Replayed(vec![earlier[0].id]));
        assert!(matches!(results[5], Idempotent::Created(_)));
        assert_eq!(job::snapshot(db, ada, 10).await.unwrap().len(), 3);
        assert_eq!(job::snapshot(db, eve, 10).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn reads_many_jobs_at_once() {
    for database in Database::each().await {
        let db = &database.connection;
        let jobs = testkit::jobs(db, &new_job(testkit::user(db).await), 5).await;
        let mut ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        let mut read: Vec<_> = job::by_ids(db, [ids.clone(), vec![new_id()]].concat()).await.unwrap();
        read.sort_by_key(|job| job.id);
        ids.sort_unstable();
        assert_eq!(read.iter().map(|job| job.id).collect::<Vec<_>>(), ids);
        assert!(job::by_ids(db, Vec::new()).await.unwrap().is_empty());
    }
}
