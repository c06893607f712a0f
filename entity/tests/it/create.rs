//! Creating the jobs of many requests at once.

use entity::id::new_id;
use entity::job::{self, New};
use testkit::Database;

use crate::new_job;

#[tokio::test]
async fn creates_the_jobs_of_each_request_as_they_are_stored() {
    for database in Database::each().await {
        let db = &database.connection;
        let (ada, eve) = (testkit::user(db).await, testkit::user(db).await);
        let named = |user, prompt: &str| New { prompt: prompt.into(), ..new_job(user) };
        let requests = vec![vec![named(ada, "a"), named(ada, "b")], vec![named(eve, "c")]];
        let created: Vec<_> = job::create_each(db.clone(), requests).await.into_iter().map(Result::unwrap).collect();
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
        let requests = vec![vec![new_job(ada)], vec![new_job(unknown); 2], vec![new_job(ada); 2]];
        let created = job::create_each(db.clone(), requests).await;
        let counts: Vec<_> = created.iter().map(|jobs| jobs.as_ref().map_or(0, Vec::len)).collect();
        assert_eq!(counts, [1, 0, 2]);
        assert_eq!(job::snapshot(db, ada, 10).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn reads_many_jobs_at_once() {
    for database in Database::each().await {
        let db = &database.connection;
        let jobs = job::create_all(db, vec![new_job(testkit::user(db).await); 5]).await.unwrap();
        let mut ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        let mut read: Vec<_> = job::by_ids(db, [ids.clone(), vec![new_id()]].concat()).await.unwrap();
        read.sort_by_key(|job| job.id);
        ids.sort_unstable();
        assert_eq!(read.iter().map(|job| job.id).collect::<Vec<_>>(), ids);
        assert!(job::by_ids(db, Vec::new()).await.unwrap().is_empty());
    }
}
