//! Jobs whose processor is killed, suspended or stopped.

use bus::Limits;
use entity::job::Status;
use entity::limits;
use testkit::{Database, Redis, eventually};

use crate::test_platform::{TestPlatform, signal, terminate};

/// Milliseconds between two steps of a generation: slow enough to kill the processor in between.
const PACE: u64 = 150;

async fn kill_during_generation(platform: &TestPlatform, differences: &[(&str, &str)]) -> entity::job::Model {
    let first = platform.processor(differences);
    let job = platform.submit("the processor is killed").await;
    let running = platform.until(job, "progress begins", |job| job.progress > 0).await;
    let _second = platform.processor(differences);
    first.kill().await;
    let ended = platform.end(job).await;
    assert!(ended.epoch > running.epoch);
    assert_eq!(ended.crashes, 1);
    platform.redis_is_empty(job).await;
    ended
}

#[tokio::test]
async fn reclaims_the_job_of_a_killed_processor() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, PACE).await;
        let ended = kill_during_generation(&platform, &[("SORA_MAX_RESUBMITS", "1")]).await;
        assert_eq!((ended.status, ended.resubmits), (Status::Completed, 1));
        assert_eq!(platform.simulator.stats().total.submissions, 2);
    }
}

#[tokio::test]
async fn does_not_resubmit_the_job_of_a_killed_processor_by_default() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, PACE).await;
        let ended = kill_during_generation(&platform, &[]).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("interrupted")));
        assert!(ended.may_have_been_charged);
        assert_eq!(platform.simulator.stats().total.submissions, 1);
    }
}

#[tokio::test]
async fn hands_over_its_jobs_when_asked_to_stop() {
    let platform = TestPlatform::new(Database::sqlite().await, PACE).await;
    let first = platform.processor(&[("SORA_MAX_RESUBMITS", "1")]);
    let job = platform.submit("the processor is stopped").await;
    platform.until(job, "progress begins", |job| job.progress > 0).await;
    assert_eq!(terminate(first).await, Some(0));
    let left = platform.row(job).await;
    assert_eq!((left.status, left.resubmits, left.crashes), (Status::Pending, 1, 0));
    let _second = platform.processor(&[("SORA_MAX_RESUBMITS", "1")]);
    assert_eq!(platform.end(job).await.status, Status::Completed);
}

/// Waits until Redis holds the limits of the database.
async fn limits_are_mirrored(platform: &TestPlatform) {
    eventually("Redis holds the limits of the database", async || {
        let row = limits::current(&platform.database.connection).await.unwrap()?;
        (platform.queue().limits().await.ok()? == Some(row.into())).then_some(())
    })
    .await;
}

#[tokio::test]
async fn replaces_the_limits_of_a_redis_that_restarted_with_an_older_file() {
    for database in Database::each().await {
        let mut redis = Redis::start().await;
        let platform = TestPlatform::new(database, 0).await.on_redis(&redis.url());
        let db = &platform.database.connection;
        let _processor = platform.processor(&[]);
        limits_are_mirrored(&platform).await;
        for paused in [true, false] {
            assert_eq!(redis.command("SAVE").await, "+OK");
            let row = limits::update(db, None, Some(paused)).await.unwrap();
            platform.queue().mirror_limits(row.into()).await.unwrap();
            redis = redis.restart().await;
            limits_are_mirrored(&platform).await;
            let job = platform.submit("only while the queue is not paused").await;
            if paused {
                assert_eq!(platform.queue().admit().await.unwrap(), 0);
            } else {
                assert_eq!(platform.end(job).await.status, Status::Completed);
            }
        }
        assert_eq!(platform.simulator.stats().total.submissions, 2, "the job of the paused queue was submitted later");
    }
}

#[tokio::test]
async fn replaces_limits_from_after_a_restored_backup() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        for version in [1, 9] {
            platform.queue().mirror_limits(Limits { cap: 3, paused: true, version }).await.unwrap();
            let _processor = platform.processor(&[]);
            limits_are_mirrored(&platform).await;
            let job = platform.submit("processing is not paused").await;
            assert_eq!(platform.end(job).await.status, Status::Completed);
        }
    }
}

#[tokio::test]
async fn exits_if_the_schema_is_incompatible() {
    use sea_orm::ConnectionTrait;
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let set = |sql: &'static str| async { platform.database.connection.execute_unprepared(sql).await.unwrap() };
        set("UPDATE schema_version SET version = 0").await;
        assert_eq!(platform.processor(&[]).exit().await, Some(1));
        set("UPDATE schema_version SET version = 99, compatible_from = 99").await;
        assert_eq!(platform.processor(&[]).exit().await, Some(1));
        set("UPDATE schema_version SET compatible_from = 1").await;
        let _processor = platform.processor(&[]);
        assert_eq!(platform.end(platform.submit("newer and compatible").await).await.status, Status::Completed);
    }
}

#[tokio::test]
async fn a_suspended_processor_resumes_under_a_new_id_and_changes_nothing() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, PACE).await;
        let suspended = platform.processor(&[]);
        let job = platform.submit("the processor is suspended").await;
        platform.until(job, "progress begins", |job| job.progress > 0).await;
        signal(&suspended, "STOP").await;
        let second = platform.processor(&[]);
        let ended = platform.end(job).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("interrupted")));
        second.kill().await;
        signal(&suspended, "CONT").await;
        let next = platform.end(platform.submit("the next one").await).await;
        assert_eq!(next.status, Status::Completed);
        assert_eq!(platform.row(job).await, ended);
        assert_eq!(platform.simulator.stats().total.submissions, 2);
    }
}

#[tokio::test]
async fn finishes_every_job_although_redis_loses_all_data_under_load() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 20).await;
        // Long leases, so that no worker expires however busy the machine is.
        let long_leases = [("LEASE_TTL", "30s"), ("LEASE_RENEW", "5s")];
        let _processors = [platform.processor(&long_leases), platform.processor(&long_leases)];
        let mut jobs = Vec::new();
        for n in 0..40 {
            jobs.push(platform.submit(&format!("job {n}")).await);
        }
        platform.until(jobs[0], "the first job makes progress", |job| job.progress > 0).await;
        platform.flush_redis().await;
        for job in &jobs {
            let ended = platform.end(*job).await;
            assert_eq!((ended.status, ended.error_code), (Status::Completed, None));
        }
        assert_eq!(platform.simulator.stats().total.submissions, 40);
    }
}
