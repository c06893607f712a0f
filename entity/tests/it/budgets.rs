//! Budgets: what may be spent is reserved before it is sent, and never exceeded.

use entity::attempt::{End, NewAttempt};
use entity::budget::{self, Budget, Budgets};
use entity::id::new_id;
use entity::job::{self, AttemptStart, JobClaim};
use entity::spending::{self, Refusal, Spent};
use entity::submission::Caps;
use entity::{AttemptId, DatabaseConnection, UserId, WorkerId, clock};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use testkit::Database;
use tokio::task::JoinSet;

use crate::{pending_job, register_worker};

async fn claim_job(db: &DatabaseConnection, owner: UserId, me: WorkerId) -> JobClaim {
    let id = pending_job(db, owner).await;
    let job::ClaimResult::Claimed(job) = job::claim(db, id, me).await.unwrap() else {
        panic!("the job was not claimed")
    };
    JobClaim { job: job.id, epoch: job.epoch }
}

fn costing(cost: Option<i64>) -> (AttemptId, NewAttempt) {
    let id = new_id();
    (id, NewAttempt { id, upstream: "u".into(), sent_at: clock::system_ms(), cost, is_follow_up: false })
}

fn caps(per_user: Budget, overall: Budget) -> Caps {
    Caps { budgets: Budgets { currency: Some("CNY"), per_user, overall }, ..Caps::default() }
}

fn per_day(amount: i64) -> Budget {
    Budget { day: Some(amount), month: None }
}

fn per_month(amount: i64) -> Budget {
    Budget { day: None, month: Some(amount) }
}

/// Starts an attempt of a new job. Returns its id, or why it may not be sent.
async fn start(
    db: &DatabaseConnection,
    (me, owner): (WorkerId, UserId),
    cost: Option<i64>,
    caps: Caps,
) -> Result<AttemptId, Refusal> {
    let claim = claim_job(db, owner, me).await;
    let (id, new) = costing(cost);
    match job::start_attempt(db, claim, new, caps).await.unwrap() {
        AttemptStart::Started(_) => Ok(id),
        AttemptStart::CapReached(refusal) => Err(refusal),
        AttemptStart::NotHeld => panic!("the job is held"),
    }
}

#[tokio::test]
async fn a_budget_holds_and_free_attempts_pass() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        for (budget, refusal) in [(per_day(250), Refusal::DayBudget), (per_month(250), Refusal::MonthBudget)] {
            let owner = testkit::user(db).await;
            let caps = caps(budget, Budget::default());
            start(db, (me, owner), Some(100), caps).await.unwrap();
            let second = start(db, (me, owner), Some(150), caps).await.unwrap();
            assert_eq!(start(db, (me, owner), Some(1), caps).await, Err(refusal));
            start(db, (me, owner), Some(0), caps).await.unwrap();
            assert_eq!(start(db, (me, owner), None, caps).await, Err(Refusal::UnknownCost));
            assert_eq!(spending::of_user(db, owner, "CNY").await.unwrap(), Spent { day: 250, month: 250 });
            assert_eq!(spending::of_user(db, owner, "USD").await.unwrap(), Spent::default());
            // Given back once, although it is recorded twice, as after a lost response.
            for _ in 0..2 {
                job::finish_attempt(db, second, ended(false)).await.unwrap();
            }
            assert_eq!(spending::of_user(db, owner, "CNY").await.unwrap(), Spent { day: 100, month: 100 });
            let third = start(db, (me, owner), Some(150), caps).await.unwrap();
            job::finish_attempt(db, third, ended(true)).await.unwrap();
            assert_eq!(start(db, (me, owner), Some(1), caps).await, Err(refusal), "it may have cost money");
        }
    }
}

fn ended(charged: bool) -> End<'static> {
    End { outcome: "x", detail: None, evidence: None, may_have_been_charged: charged }
}

#[tokio::test]
async fn the_budget_of_all_users_counts_what_was_spent_before_it_was_set() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        let (one, other) = (testkit::user(db).await, testkit::user(db).await);
        let before = spending::overall(db, "CNY").await.unwrap();
        let without = caps(Budget::default(), Budget::default());
        start(db, (me, one), Some(60), without).await.unwrap();
        for overall in [per_day(before.day + 100), per_month(before.month + 100)] {
            let caps = caps(Budget::default(), overall);
            assert!(start(db, (me, other), Some(41), caps).await.is_err());
            let id = start(db, (me, other), Some(40), caps).await.unwrap();
            job::finish_attempt(db, id, ended(false)).await.unwrap();
        }
        assert_eq!(spending::overall(db, "CNY").await.unwrap().day, before.day + 60);
    }
}

#[tokio::test]
async fn a_user_can_have_a_budget_of_their_own() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, owner, other) = (register_worker(db).await, testkit::user(db).await, testkit::user(db).await);
        let own = |currency: &str, per_day| budget::Model {
            user_id: owner,
            currency: currency.into(),
            per_day,
            per_month: None,
        };
        let caps = caps(per_day(10), Budget::default());
        budget::set(db, own("CNY", Some(100))).await.unwrap();
        start(db, (me, owner), Some(60), caps).await.unwrap();
        assert_eq!(start(db, (me, owner), Some(60), caps).await, Err(Refusal::DayBudget));
        assert_eq!(start(db, (me, other), Some(60), caps).await, Err(Refusal::DayBudget));
        budget::set(db, own("CNY", Some(120))).await.unwrap();
        start(db, (me, owner), Some(60), caps).await.unwrap();
        budget::set(db, own("USD", Some(1_000))).await.unwrap();
        assert_eq!(start(db, (me, owner), Some(1), caps).await, Err(Refusal::DayBudget), "in another currency");
        budget::set(db, own("CNY", None)).await.unwrap();
        assert_eq!(budget::of_user(db, owner).await.unwrap(), None);
        assert_eq!(start(db, (me, owner), Some(1), caps).await, Err(Refusal::DayBudget), "as configured");
    }
}

#[tokio::test]
async fn attempts_of_a_batch_pass_while_they_fit() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, rich, poor) = (register_worker(db).await, testkit::user(db).await, testkit::user(db).await);
        let mut batch = Vec::new();
        for owner in [poor, rich, poor, poor, rich] {
            batch.push((claim_job(db, owner, me).await, costing(Some(100)).1));
        }
        budget::set(db, budget::Model { user_id: rich, currency: "CNY".into(), per_day: Some(1_000), per_month: None })
            .await
            .unwrap();
        let results = job::start_attempts(db, &batch, caps(per_day(200), Budget::default())).await.unwrap();
        let started: Vec<bool> = results.iter().map(|result| matches!(result, AttemptStart::Started(_))).collect();
        assert_eq!(started, [true, true, true, false, true]);
        assert_eq!(spending::of_user(db, poor, "CNY").await.unwrap().day, 200);
        assert_eq!(spending::of_user(db, rich, "CNY").await.unwrap().day, 200);
    }
}

/// What concurrent batches start, of several users against budgets of each and of all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_attempts_never_exceed_a_budget() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        let before = spending::overall(db, "CNY").await.unwrap();
        let users = [testkit::user(db).await, testkit::user(db).await, testkit::user(db).await];
        let caps = caps(
            Budget { day: Some(500), month: Some(400) },
            Budget { day: Some(before.day + 900), month: Some(before.month + 1_100) },
        );
        let mut tasks = JoinSet::new();
        for _ in 0..12 {
            let mut batch = Vec::new();
            // Users in different orders: batches that lock rows in the order of requests would deadlock.
            for owner in users.iter().rev().chain(&users) {
                batch.push((claim_job(db, *owner, me).await, costing(Some(70)).1));
            }
            let db = db.clone();
            tasks.spawn(async move { job::start_attempts(&db, &batch, caps).await });
        }
        let mut started = 0;
        while let Some(results) = tasks.join_next().await {
            let results = results.unwrap().unwrap();
            started += results.iter().filter(|result| matches!(result, AttemptStart::Started(_))).count();
        }
        assert_eq!(started, 12, "12 * 70 is the most that fits in 900");
        assert_eq!(spending::overall(db, "CNY").await.unwrap().day, before.day + 840);
        for user in users {
            assert!(spending::of_user(db, user, "CNY").await.unwrap().day <= 400);
        }
    }
}

/// Another transaction, which has locked the row of all users, spends what is left while an attempt is being recorded.
#[tokio::test]
async fn an_attempt_waits_for_what_others_are_spending_of_the_total() {
    for database in Database::each().await {
        let db = &database.connection;
        if db.get_database_backend() != DbBackend::Postgres {
            // SQLite has one writer at a time.
            continue;
        }
        let (me, owner, other) = (register_worker(db).await, testkit::user(db).await, testkit::user(db).await);
        let today = spending::day_of(clock::system_ms());
        let before = spending::overall(db, "CNY").await.unwrap();
        let others = db.begin().await.unwrap();
        for (user, amount) in [(Uuid::nil(), 0), (other.into(), 250)] {
            let row = format!(
                "INSERT INTO spending (period, currency, user_id, amount) VALUES ('{today}', 'CNY', '{user}', {amount}) \
                 ON CONFLICT (period, currency, user_id) DO UPDATE SET amount = spending.amount + {amount}"
            );
            others.execute_unprepared(&row).await.unwrap();
        }
        let (caps, own) = (caps(Budget::default(), per_day(before.day + 300)), db.clone());
        let attempt = tokio::spawn(async move { start(&own, (me, owner), Some(70), caps).await });
        testkit::eventually("the attempt waits", async || {
            let waiting =
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            db.query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await.unwrap()
        })
        .await;
        others.commit().await.unwrap();
        assert_eq!(attempt.await.unwrap(), Err(Refusal::DayBudget));
    }
}

/// Without a cap on all users, an attempt waits for no other user's.
#[tokio::test]
async fn submissions_of_different_users_do_not_wait_for_each_other() {
    for database in Database::each().await {
        let db = &database.connection;
        if db.get_database_backend() != DbBackend::Postgres {
            continue;
        }
        let (me, owner) = (register_worker(db).await, testkit::user(db).await);
        let caps = caps(per_day(1_000), Budget::default());
        start(db, (me, testkit::user(db).await), Some(1), caps).await.unwrap();
        let other = db.begin().await.unwrap();
        other.execute_unprepared("SELECT * FROM submissions FOR UPDATE").await.unwrap();
        other.execute_unprepared("SELECT * FROM spending FOR UPDATE").await.unwrap();
        start(db, (me, owner), Some(1), caps).await.unwrap();
        other.rollback().await.unwrap();
    }
}
