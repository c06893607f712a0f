//! Changes of several jobs in one statement: each job is changed as if alone, and only while its claim holds.

use entity::attempt::{self, NewAttempt};
use entity::database::{is_deadlock, is_transient};
use entity::id::new_id;
use entity::job::{self, AttemptStart, ClaimResult, JobClaim, NewVideo, Phase, Status};
use entity::submission::{Caps, today};
use entity::{AttemptId, DatabaseConnection, clock, video};
use sea_orm::{DatabaseTransaction, EntityTrait, QuerySelect, TransactionTrait};
use testkit::Database;

use crate::{claimed_job, pending_job, register_worker, start_attempt};

/// Three claims that hold, then one of an older epoch and one of a job that has ended.
async fn claims(db: &DatabaseConnection) -> Vec<JobClaim> {
    let me = register_worker(db).await;
    let mut claims = Vec::new();
    for _ in 0..5 {
        claims.push(claimed_job(db, me).await.1);
    }
    claims[3].epoch -= 1;
    job::complete(db, claims[4], new_video("ended")).await.unwrap().unwrap();
    claims
}

fn new_video(path: &str) -> NewVideo {
    let (content_type, sha256) = ("video/mp4".into(), "00".into());
    NewVideo { id: new_id(), path: path.into(), size: 5, content_type, sha256 }
}

fn new_attempt(id: AttemptId) -> NewAttempt {
    NewAttempt { id, upstream: "u".into(), sent_at: clock::system_ms(), is_follow_up: false, cost: None }
}

#[tokio::test]
async fn claims_those_that_wait_and_tells_why_not_the_others() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, other, user) = (register_worker(db).await, register_worker(db).await, testkit::user(db).await);
        let (first, second) = (pending_job(db, user).await, pending_job(db, user).await);
        let (_, held) = claimed_job(db, other).await;
        let wanted = [(first, me), (held.job, me), (new_id(), me), (second, other), (first, other)];
        let results = job::claim_each(db, &wanted).await.unwrap();
        let [
            ClaimResult::Claimed(one),
            ClaimResult::NotClaimable(holder),
            ClaimResult::NotFound,
            ClaimResult::Claimed(two),
            ClaimResult::NotClaimable(again),
        ] = &results[..]
        else {
            panic!("{results:?}")
        };
        assert_eq!((one.id, one.worker_id, one.epoch), (first, Some(me), 1));
        assert_eq!((two.id, two.worker_id, two.epoch), (second, Some(other), 1));
        assert_eq!((holder.id, holder.worker_id), (held.job, Some(other)));
        assert_eq!((again.id, again.worker_id), (first, Some(me)), "one job was claimed twice");
    }
}

#[tokio::test]
async fn progress_and_videos_go_to_their_own_jobs_while_the_claims_hold() {
    for database in Database::each().await {
        let db = &database.connection;
        let claims = claims(db).await;
        let changes: Vec<_> = claims.iter().zip([10, 20, 30, 40, 50]).collect();
        let changes: Vec<_> =
            changes.into_iter().map(|(claim, percent)| (*claim, (Phase::Generating, percent))).collect();
        let advanced = job::advance_each(db, &changes).await.unwrap();
        let shown: Vec<_> = advanced.iter().map(|job| job.as_ref().map(|job| (job.id, job.progress))).collect();
        let of = |index: usize, percent| Some((claims[index].job, percent));
        assert_eq!(shown, [of(0, 10), of(1, 20), of(2, 30), None, None]);

        let videos: Vec<_> = claims.iter().map(|claim| (*claim, new_video(&claim.job.to_string()))).collect();
        let completed = job::complete_each(db, &videos).await.unwrap();
        for (index, (claim, new)) in videos.iter().enumerate() {
            let row = job::by_id(db, claim.job).await.unwrap().unwrap();
            if index < 3 {
                assert_eq!(completed[index].as_ref(), Some(&row));
                assert_eq!((row.status, row.video_id), (Status::Completed, Some(new.id)));
                let stored = video::of_user(db, new.id, row.user_id).await.unwrap().unwrap();
                assert_eq!((stored.job_id, stored.path.as_str()), (claim.job, new.path.as_str()));
            } else {
                assert_eq!(completed[index], None);
                assert!(video::of_user(db, new.id, row.user_id).await.unwrap().is_none());
            }
        }
    }
}

#[tokio::test]
async fn attempts_are_recorded_for_the_claims_that_hold_and_charged_to_their_users() {
    for database in Database::each().await {
        let db = &database.connection;
        let claims = claims(db).await;
        let ids: Vec<AttemptId> = claims.iter().map(|_| new_id()).collect();
        let new: Vec<_> = claims.iter().zip(&ids).map(|(claim, id)| (*claim, new_attempt(*id))).collect();
        let started = job::start_attempts(db, &new, Caps::default()).await.unwrap();
        let is_started: Vec<_> = started.iter().map(|result| matches!(result, AttemptStart::Started(_))).collect();
        assert_eq!(is_started, [true, true, true, false, false]);
        for (index, claim) in claims.iter().enumerate() {
            let owner = job::by_id(db, claim.job).await.unwrap().unwrap().user_id;
            assert_eq!(today(db, owner).await.unwrap(), i32::from(index < 3));
        }

        let accepted: Vec<_> = ids[..2].iter().zip([Some("video_1".to_owned()), None]).collect();
        let accepted: Vec<_> = accepted.into_iter().map(|(id, upstream_id)| (*id, upstream_id)).collect();
        attempt::record_each_accepted(db, &accepted).await.unwrap();
        attempt::complete_each(db, &[(ids[0], "https://h/0".into()), (ids[2], "https://h/2".into())]).await.unwrap();
        let mut recorded = Vec::new();
        for claim in &claims[..3] {
            let attempt = attempt::of_job(db, claim.job, 1).await.unwrap().remove(0);
            recorded.push((attempt.accepted_at.is_some(), attempt.upstream_id, attempt.result_url, attempt.outcome));
        }
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            recorded,
            [
                (true, text("video_1"), text("https://h/0"), text("completed")),
                (true, None, None, None),
                (true, None, text("https://h/2"), text("completed")),
            ]
        );
    }
}

#[tokio::test]
async fn a_cap_stops_only_the_attempts_beyond_it() {
    for database in Database::each().await {
        let db = &database.connection;
        let (me, busy, other) = (register_worker(db).await, testkit::user(db).await, testkit::user(db).await);
        let mut new = Vec::new();
        for user in [busy, busy, other, busy] {
            let id = pending_job(db, user).await;
            let ClaimResult::Claimed(job) = job::claim(db, id, me).await.unwrap() else { panic!("not claimed") };
            new.push((JobClaim { job: id, epoch: job.epoch }, new_attempt(new_id())));
        }
        let started = job::start_attempts(db, &new, Caps { per_user: 2, overall: 0, ..Caps::default() }).await.unwrap();
        let capped: Vec<_> = started.iter().map(|result| matches!(result, AttemptStart::CapReached(_))).collect();
        assert_eq!(capped, [false, false, false, true]);
        assert_eq!((today(db, busy).await.unwrap(), today(db, other).await.unwrap()), (2, 1));
        assert!(attempt::of_job(db, new[3].0.job, 1).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn later_attempts_of_a_job_are_numbered_on() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        let (_, again) = claimed_job(db, me).await;
        start_attempt(db, again, new_id()).await.unwrap();
        job::hand_over(db, again).await.unwrap().unwrap();
        let ClaimResult::Claimed(job) = job::claim(db, again.job, me).await.unwrap() else { panic!("not claimed") };
        let (again, (_, first)) = (JobClaim { job: job.id, epoch: job.epoch }, claimed_job(db, me).await);
        let new = [(again, new_attempt(new_id())), (first, new_attempt(new_id()))];
        job::start_attempts(db, &new, Caps::default()).await.unwrap();
        for (claim, number) in [(again, 2), (first, 1)] {
            assert_eq!(attempt::of_job(db, claim.job, 1).await.unwrap().last().unwrap().number, number);
        }
    }
}

#[tokio::test]
async fn two_that_wait_for_each_other_are_told_from_an_outage() {
    let database = Database::postgres().await;
    let db = &database.connection;
    let claims = claims(db).await;
    let (first, second) = (claims[0], claims[1]);
    let lock = async |tx: &DatabaseTransaction, claim: JobClaim| {
        job::Entity::find_by_id(claim.job).lock_exclusive().one(tx).await.map(drop)
    };
    let (one, other) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    lock(&one, first).await.unwrap();
    lock(&other, second).await.unwrap();
    let (one, other) = tokio::join!(
        async {
            let locked = lock(&one, second).await;
            one.rollback().await.unwrap();
            locked
        },
        async {
            let locked = lock(&other, first).await;
            other.rollback().await.unwrap();
            locked
        },
    );
    let errors: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(is_deadlock(&errors[0]) && is_transient(&errors[0]), "{errors:?}");
}
