//! What becomes of a job whose processor dies, freezes or leaves.

use entity::job::Status;
use testkit::{Database, Process};

use crate::world::World;

/// Slow enough that a job is in mid-generation when its processor is killed.
const PACE: u64 = 150;

async fn killed_in_mid_generation(world: &World, differences: &[(&str, &str)]) -> entity::job::Model {
    let first = world.processor(differences);
    let job = world.submit("a processor dies over this").await;
    let running = world.until(job, "progress begins", |job| job.progress > 0).await;
    let _second = world.processor(differences);
    first.kill().await;
    let ended = world.end(job).await;
    assert!(ended.epoch > running.epoch);
    assert_eq!(ended.crashes, 1);
    world.redis_is_empty(job).await;
    ended
}

#[tokio::test]
async fn another_processor_takes_over_a_killed_ones_job() {
    for database in Database::each().await {
        let world = World::new(database, PACE).await;
        let ended = killed_in_mid_generation(&world, &[("SORA_MAX_RESUBMITS", "1")]).await;
        assert_eq!((ended.status, ended.resubmits), (Status::Completed, 1));
        assert_eq!(world.simulator.stats().total.submissions, 2);
    }
}

#[tokio::test]
async fn a_killed_processors_job_is_not_bought_again_unasked() {
    for database in Database::each().await {
        let world = World::new(database, PACE).await;
        let ended = killed_in_mid_generation(&world, &[]).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("interrupted")));
        assert!(ended.may_have_been_charged);
        assert_eq!(world.simulator.stats().total.submissions, 1);
    }
}

#[tokio::test]
async fn a_processor_that_is_asked_to_stop_hands_over_and_leaves() {
    let world = World::new(Database::sqlite().await, PACE).await;
    let first = world.processor(&[("SORA_MAX_RESUBMITS", "1")]);
    let job = world.submit("a processor leaves").await;
    world.until(job, "progress begins", |job| job.progress > 0).await;
    assert_eq!(terminated(first).await, Some(0));
    let left = world.row(job).await;
    assert_eq!((left.status, left.resubmits, left.crashes), (Status::Pending, 1, 0));
    let _second = world.processor(&[("SORA_MAX_RESUBMITS", "1")]);
    assert_eq!(world.end(job).await.status, Status::Completed);
}

#[tokio::test]
async fn limits_that_redis_kept_from_another_time_give_way_to_those_on_record() {
    let world = World::new(Database::sqlite().await, 0).await;
    world.bus.mirror_limits(bus::Limits { cap: 0, paused: true }).await.unwrap();
    let _processor = world.processor(&[]);
    assert_eq!(world.end(world.submit("nobody is paused").await).await.status, Status::Completed);
}

#[tokio::test]
async fn a_processor_meets_another_schema_and_says_so() {
    use sea_orm::ConnectionTrait;
    for database in Database::each().await {
        let world = World::new(database, 0).await;
        let set = |sql: &'static str| async { world.database.connection.execute_unprepared(sql).await.unwrap() };
        set("UPDATE schema_version SET version = 0").await;
        assert_eq!(world.processor(&[]).exit().await, Some(1));
        set("UPDATE schema_version SET version = 9, compatible_from = 9").await;
        assert_eq!(world.processor(&[]).exit().await, Some(1));
        set("UPDATE schema_version SET compatible_from = 1").await;
        let _processor = world.processor(&[]);
        assert_eq!(world.end(world.submit("newer and compatible").await).await.status, Status::Completed);
    }
}

#[tokio::test]
async fn a_processor_that_wakes_after_its_burial_changes_nothing_and_goes_on_under_a_new_id() {
    for database in Database::each().await {
        let world = World::new(database, PACE).await;
        let frozen = world.processor(&[]);
        let job = world.submit("a processor freezes over this").await;
        world.until(job, "progress begins", |job| job.progress > 0).await;
        signal(&frozen, "STOP").await;
        let heir = world.processor(&[]);
        let ended = world.end(job).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("interrupted")));
        heir.kill().await;
        signal(&frozen, "CONT").await;
        let next = world.end(world.submit("the next one").await).await;
        assert_eq!(next.status, Status::Completed);
        assert_eq!(world.row(job).await, ended);
        assert_eq!(world.simulator.stats().total.submissions, 2);
    }
}

#[tokio::test]
async fn every_job_ends_though_redis_loses_all_its_data_under_load() {
    for database in Database::each().await {
        let world = World::new(database, 20).await;
        // Nobody is to be taken for dead here, however busy the machine is.
        let patient = [("LEASE_TTL", "30s"), ("LEASE_RENEW", "5s")];
        let _processors = [world.processor(&patient), world.processor(&patient)];
        let mut jobs = Vec::new();
        for n in 0..40 {
            jobs.push(world.submit(&format!("job {n}")).await);
        }
        world.until(jobs[0], "work is under way", |job| job.progress > 0).await;
        world.flush_redis().await;
        for job in &jobs {
            let ended = world.end(*job).await;
            assert_eq!((ended.status, ended.error_code), (Status::Completed, None));
        }
        assert_eq!(world.simulator.stats().total.submissions, 40);
    }
}

pub(crate) async fn terminated(process: Process) -> Option<i32> {
    signal(&process, "TERM").await;
    process.exit().await
}

pub(crate) async fn signal(process: &Process, name: &str) {
    let kill = tokio::process::Command::new("kill").args([format!("-{name}"), process.id().to_string()]).status().await;
    assert!(kill.unwrap().success());
}
