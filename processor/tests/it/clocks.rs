//! Clocks that are set, and processes that stand still: no running job is lost or submitted again, and the jobs of a dead
//! worker are continued all the same.

use entity::job::{self, Status};
use entity::{JobId, clock, worker};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use simulator::Config;
use testkit::{Database, Postgres, Process, SteppedClock, eventually};

use crate::test_platform::{TestPlatform, signal};

/// Milliseconds between two steps of a generation: a job takes about five seconds, longer than a lease.
const SLOW: u64 = 400;

/// Jobs of a test.
const JOBS: usize = 4;

const HOUR: i64 = 3_600;

/// Without resubmissions, a job that is interrupted would fail. Without posters, which would change jobs once more.
const VARIABLES: [(&str, &str); 2] = [("SORA_MAX_RESUBMITS", "0"), ("FFMPEG", "/nowhere/ffmpeg")];

/// Starts a processor under `clock`.
fn processor(platform: &TestPlatform, clock: &SteppedClock, variables: &[(&str, &str)]) -> Process {
    let clock = clock.variables();
    let mut all: Vec<_> = clock.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend(VARIABLES);
    all.extend(variables);
    platform.processor(&all)
}

/// Submits jobs and waits until each makes progress.
async fn running_jobs(platform: &TestPlatform) -> Vec<JobId> {
    let mut jobs = Vec::new();
    for number in 0..JOBS {
        jobs.push(platform.submit(&format!("a clock is set, {number}")).await);
    }
    for job in &jobs {
        platform.until(*job, "progress begins", |job| job.progress > 0).await;
    }
    jobs
}

/// Waits for all jobs, and requires that each was submitted once and completed without losing its worker.
async fn completed_undisturbed(platform: &TestPlatform, jobs: &[JobId]) {
    for job in jobs {
        let ended = platform.end(*job).await;
        assert_eq!((ended.status, ended.error_code, ended.crashes), (Status::Completed, None, 0));
    }
    assert_eq!(platform.simulator.stats().total.submissions, jobs.len() as u64);
}

/// Waits until the database's clock shows about `seconds` more than the real time.
async fn database_shows(platform: &TestPlatform, seconds: i64) {
    eventually("the database's clock is set", async || {
        let shown = clock::database_ms(&platform.database.connection).await.ok()?;
        ((shown - clock::system_ms()) / 1_000 - seconds).abs().le(&60).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_single_processor_survives_a_step_of_its_machines_clock() {
    for hours in [8, -8] {
        let clock = SteppedClock::new();
        let platform = TestPlatform::new(Database::sqlite().await, SLOW).await;
        let _processor = processor(&platform, &clock, &[]);
        let jobs = running_jobs(&platform).await;
        clock.step(hours * HOUR);
        completed_undisturbed(&platform, &jobs).await;
    }
}

#[tokio::test]
async fn processors_survive_a_step_of_the_databases_clock() {
    let clock = SteppedClock::new();
    let postgres = Postgres::start(&clock).await;
    let platform = TestPlatform::new(postgres.database().await, SLOW).await;
    // Long enough that neither expires however busy the machine is.
    let lease = [("LEASE_TTL", "30s"), ("LEASE_RENEW", "1s"), ("PROCESSOR_SLOTS", "2")];
    let real = SteppedClock::new();
    let _processors = [processor(&platform, &real, &lease), processor(&platform, &real, &lease)];
    let jobs = running_jobs(&platform).await;
    clock.step(90);
    database_shows(&platform, 90).await;
    completed_undisturbed(&platform, &jobs).await;
}

#[tokio::test]
async fn a_dead_workers_jobs_are_continued_whichever_way_the_clocks_are_set() {
    for seconds in [90, -HOUR] {
        let clock = SteppedClock::new();
        let postgres = Postgres::start(&clock).await;
        let config = Config { pace: SLOW, steps: 10, poll_after: Some(20), ..Config::default() };
        let platform = TestPlatform::with(postgres.database().await, config).await;
        let url = platform.simulator.videos_url();
        let videos = [("SORA_API_URL", url.as_str()), ("PROCESSOR_SLOTS", "4")];
        let dead = processor(&platform, &clock, &videos);
        let jobs = running_jobs(&platform).await;
        let _successor = processor(&platform, &clock, &videos);
        clock.step(seconds);
        dead.kill().await;
        database_shows(&platform, seconds).await;
        for job in &jobs {
            let ended = platform.end(*job).await;
            assert_eq!((ended.status, ended.error_code, ended.crashes), (Status::Completed, None, 1), "{seconds}");
        }
        assert_eq!(platform.simulator.stats().total.submissions, JOBS as u64, "{seconds}");
    }
}

#[tokio::test]
async fn processors_that_were_all_suspended_expire_nobody() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, SLOW).await;
        let all = [("LEASE_TTL", "3s"), ("LEASE_RENEW", "1s"), ("PROCESSOR_SLOTS", "2")];
        let clock = SteppedClock::new();
        let processors = [processor(&platform, &clock, &all), processor(&platform, &clock, &all)];
        let jobs = running_jobs(&platform).await;
        for processor in &processors {
            signal(processor, "STOP").await;
        }
        let db = &platform.database.connection;
        eventually("every lease has run out", async || {
            let now = clock::database_ms(db).await.unwrap();
            let workers = worker::all(db).await.unwrap();
            workers.iter().all(|worker| worker.lease_until < now).then_some(())
        })
        .await;
        for processor in &processors {
            signal(processor, "CONT").await;
        }
        completed_undisturbed(&platform, &jobs).await;
    }
}

#[tokio::test]
async fn retries_do_not_wait_for_a_clock_that_was_set_back() {
    let clock = SteppedClock::new();
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = processor(&platform, &clock, &[]);
    // The processor is at work, so that it has seen the clock before.
    platform.end(platform.submit("before").await).await;
    let waiting = platform.create("waits for its next attempt").await;
    let until = clock::system_ms() + HOUR * 1_000;
    let row = job::ActiveModel { id: Set(waiting), next_attempt_at: Set(Some(until)), ..Default::default() };
    row.update(&platform.database.connection).await.unwrap();
    clock.step(-2 * HOUR);
    assert_eq!(platform.end(waiting).await.status, Status::Completed);
}

#[tokio::test]
async fn a_process_whose_jobs_stand_still_loses_its_lease() {
    for database in Database::each().await {
        let platform = TestPlatform::with(database, Config { pace: SLOW, steps: 10, ..Config::default() }).await;
        let url = platform.simulator.videos_url();
        let videos = ("SORA_API_URL", url.as_str());
        let _blocked = platform.processor(&[videos, ("FAULT_POINT", "block:after-accepted")]);
        let job = platform.submit("every thread of its processor is blocked").await;
        eventually("the upstream's id is recorded", async || {
            platform.attempts(job).await.first()?.upstream_id.as_ref().map(drop)
        })
        .await;
        let _successor = platform.processor(&[videos]);
        let ended = platform.end(job).await;
        assert_eq!((ended.status, ended.crashes), (Status::Completed, 1));
        assert_eq!(platform.simulator.stats().total.submissions, 1);
    }
}
