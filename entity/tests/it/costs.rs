//! Reports of costs, and what deleted jobs leave in them.

use entity::attempt::{self, End, NewAttempt};
use entity::budget::Budgets;
use entity::cost::{self, Filter, Groups, Row};
use entity::id::new_id;
use entity::job::{self, AttemptStart, JobFailure};
use entity::submission::{self, Caps};
use entity::{DatabaseConnection, UserId, account, clock};
use testkit::Database;

use crate::{claimed_job, register_worker};

/// The report of a user, or of all.
async fn report(db: &DatabaseConnection, user: Option<UserId>) -> Vec<Row> {
    cost::report(db, Filter { from: 0, to: i64::MAX, user }, Groups::ALL, 1_000).await.unwrap()
}

/// Runs a job whose attempt costs 40, and returns it failed. `completed` = there was a video; `charged` = it may have cost money.
async fn failed_job(db: &DatabaseConnection, completed: bool, charged: bool) -> job::Model {
    let (_, claim) = claimed_job(db, register_worker(db).await).await;
    let id = new_id();
    let caps = Caps { budgets: Budgets { currency: Some("CNY"), ..Budgets::default() }, ..Caps::default() };
    let new =
        NewAttempt { id, upstream: "relay".into(), sent_at: clock::system_ms(), cost: Some(40), is_follow_up: false };
    let started = job::start_attempt(db, claim, new, caps).await.unwrap();
    assert!(matches!(started, AttemptStart::Started(_)));
    if completed {
        attempt::complete_each(db, &[(id, "https://cdn.example/v.mp4".into())]).await.unwrap();
    } else {
        let end = End { outcome: "unknown", detail: None, evidence: None, may_have_been_charged: charged };
        job::finish_attempt(db, id, end).await.unwrap();
    }
    job::fail(db, claim, &JobFailure { code: "unknown", message: "?".into() }).await.unwrap().unwrap()
}

/// The certain and possible attempts of a user with their amounts.
async fn of_user(db: &DatabaseConnection, user: UserId) -> Vec<(i64, i64, i64, i64)> {
    let rows = report(db, Some(user)).await;
    let is_known = |row: &Row| {
        row.user_id == Some(user) && row.model.as_deref() == Some("sora2") && row.upstream.as_deref() == Some("relay")
    };
    assert!(rows.iter().all(is_known));
    rows.iter().map(|row| (row.certain, row.certain_amount, row.possible, row.possible_amount)).collect()
}

#[tokio::test]
async fn reports_certain_and_possible_costs_apart() {
    for database in Database::each().await {
        let db = &database.connection;
        let (certain, possible) = (failed_job(db, true, true).await, failed_job(db, false, true).await);
        let none = failed_job(db, false, false).await;
        assert_eq!(of_user(db, certain.user_id).await, [(1, 40, 0, 0)]);
        assert_eq!(of_user(db, possible.user_id).await, [(0, 0, 1, 40)]);
        assert_eq!(of_user(db, none.user_id).await, []);
        let row = report(db, Some(certain.user_id)).await.remove(0);
        assert_eq!(row.day, Some(i64::from(submission::day_of(clock::system_ms()))));
        assert!(row.email.is_some() && row.currency.as_deref() == Some("CNY"));
        let all = report(db, None).await;
        let of = |user| all.iter().filter(|row| row.user_id == Some(user)).count();
        assert_eq!((of(certain.user_id), of(possible.user_id), of(none.user_id)), (1, 1, 0));
        let user = Some(certain.user_id);
        let future = Filter { from: clock::system_ms() + 60_000, to: i64::MAX, user };
        assert_eq!(cost::report(db, future, Groups::ALL, 1).await.unwrap(), []);
        let total = cost::report(db, Filter { from: 0, ..future }, Groups::default(), 10).await.unwrap();
        assert_eq!((total.len(), total[0].certain_amount, total[0].user_id, &total[0].model), (1, 40, None, &None));
    }
}

#[tokio::test]
async fn deleting_a_job_or_an_account_keeps_its_cost_on_record() {
    for database in Database::each().await {
        let db = &database.connection;
        for delete_account in [false, true] {
            let (certain, possible) = (failed_job(db, true, true).await, failed_job(db, false, true).await);
            let none = failed_job(db, false, false).await;
            for job in [&certain, &possible, &none] {
                if delete_account {
                    account::delete(db, job.user_id).await.unwrap().unwrap();
                } else {
                    job::delete(db, job.id, job.user_id).await.unwrap().unwrap();
                }
            }
            assert_eq!(of_user(db, certain.user_id).await, [(1, 40, 0, 0)]);
            assert_eq!(of_user(db, possible.user_id).await, [(0, 0, 1, 40)]);
            assert_eq!(of_user(db, none.user_id).await, []);
            let row = report(db, Some(certain.user_id)).await.remove(0);
            assert_eq!(row.email.is_none(), delete_account);
        }
    }
}

#[tokio::test]
async fn a_running_job_of_a_deleted_account_stays_a_possible_cost() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, claim) = claimed_job(db, register_worker(db).await).await;
        let id = new_id();
        let new =
            NewAttempt { id, upstream: "relay".into(), sent_at: clock::system_ms(), cost: None, is_follow_up: false };
        job::start_attempt(db, claim, new, Caps::default()).await.unwrap();
        assert!(job::delete(db, job.id, job.user_id).await.unwrap().is_none(), "it has not finished");
        account::delete(db, job.user_id).await.unwrap().unwrap();
        let end = End { outcome: "unknown", detail: None, evidence: None, may_have_been_charged: false };
        job::finish_attempt(db, id, end).await.unwrap();
        assert_eq!(of_user(db, job.user_id).await, [(0, 0, 1, 0)]);
    }
}
