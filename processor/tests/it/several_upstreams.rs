//! Several upstreams from a catalogue: failover before acceptance, never after it; pools that do not delay each other.

use bus::{Flow, Position};
use entity::job::{self, Status};
use entity::{JobId, upstream_control};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use simulator::{Config, Simulator, SimulatorHandle};
use testkit::{Database, Process, eventually};

use crate::test_platform::TestPlatform;

/// Milliseconds between two steps of a generation that is still running when the test looks.
const SLOW: u64 = 100;

/// An address at which nothing listens.
const DEAD: &str = "http://127.0.0.1:1/v1/videos";

/// A simulator that shows this behaviour for every request.
async fn simulator(behaviour: &str, pace: u64) -> SimulatorHandle {
    let config = Config { pace, behaviour: behaviour.parse().unwrap(), ..Config::default() };
    Simulator::start(config).await.unwrap()
}

/// A platform whose own simulator is the upstream `spare`.
async fn platform(database: Database, pace: u64) -> TestPlatform {
    TestPlatform::new(database, pace).await
}

/// An upstream of the catalogue, with further settings.
fn upstream(name: &str, url: &str, settings: &str) -> String {
    let names = "poll_interval = \"20ms\"\nmodel_template = \"{model}\"";
    format!("[[upstream]]\nname = \"{name}\"\nurl = \"{url}\"\n{names}\n{settings}\n")
}

/// A pool with its own model, `sora2` for the pool `main`.
fn pool(name: &str, upstreams: &[&str]) -> String {
    let members: Vec<_> = upstreams.iter().map(|upstream| format!("\"{upstream}\"")).collect();
    pool_of(name, &members.join(", "))
}

/// The pool `main`, whose second upstream is used if the first cannot be.
fn pool_in_order(first: &str, second: &str) -> String {
    pool_of("main", &format!("\"{first}\", {{ name = \"{second}\", priority = 2 }}"))
}

fn pool_of(name: &str, members: &str) -> String {
    let model = if name == "main" { "sora2" } else { name };
    let model = format!("[[model]]\nname = \"{model}\"\npool = \"{name}\"\nseconds = [10]\nsizes = [\"720x1280\"]\n");
    format!("[[pool]]\nname = \"{name}\"\nupstreams = [{members}]\n{model}")
}

fn write_catalogue(platform: &TestPlatform, parts: &[String]) -> String {
    let path = platform.folder().join("catalogue.toml");
    std::fs::write(&path, parts.concat()).unwrap();
    path.display().to_string()
}

fn processor(platform: &TestPlatform, parts: &[String], variables: &[(&str, &str)]) -> Process {
    let path = write_catalogue(platform, parts);
    let variables: Vec<_> = variables.iter().copied().chain([("SORA_CATALOGUE", path.as_str())]).collect();
    platform.processor(&variables)
}

/// Commits and enqueues a job of another model, as a gateway does.
async fn submit_to(platform: &TestPlatform, pool: &str, prompt: &str) -> JobId {
    let id = platform.create(prompt).await;
    let row = job::ActiveModel { id: Set(id), model: Set(pool.into()), ..Default::default() };
    row.update(&platform.database.connection).await.unwrap();
    let queue = platform.bus.queue(pool);
    queue.enqueue(id, &Flow::new_jobs(platform.user), Position::FairTurn).await.unwrap();
    id
}

async fn submit(platform: &TestPlatform, prompt: &str) -> JobId {
    let id = platform.create(prompt).await;
    let queue = platform.bus.queue("main");
    queue.enqueue(id, &Flow::new_jobs(platform.user), Position::FairTurn).await.unwrap();
    id
}

/// The upstream, the outcome and the cost of each of a job's attempts.
async fn attempts(platform: &TestPlatform, job: JobId) -> Vec<(String, String, bool)> {
    let attempts = platform.attempts(job).await.into_iter();
    attempts.map(|it| (it.upstream, it.outcome.unwrap_or_default(), it.may_have_been_charged)).collect()
}

fn attempt(upstream: &str, outcome: &str, charged: bool) -> (String, String, bool) {
    (upstream.to_owned(), outcome.to_owned(), charged)
}

#[tokio::test]
async fn what_was_surely_not_accepted_goes_to_the_next_upstream_at_once() {
    for database in Database::each().await {
        let platform = platform(database, 0).await;
        let spare = platform.simulator.videos_url();
        for (behaviour, outcome) in [("http-503", "busy"), ("http-500", "transient"), ("no-tokens", "busy")] {
            let refusing = simulator(behaviour, 0).await;
            let dialect = if behaviour == "no-tokens" { refusing.chat_url() } else { refusing.videos_url() };
            let first = format!("priority-{behaviour}");
            let parts = [
                upstream(&first, &dialect, ""),
                upstream("spare", &spare, ""),
                format!(
                    "[[pool]]\nname = \"main\"\nupstreams = [{{ name = \"{first}\", priority = 1 }}, {{ name = \"spare\", priority = 2 }}]\n"
                ),
                "[[model]]\nname = \"sora2\"\npool = \"main\"\nseconds = [10]\nsizes = [\"720x1280\"]\n".to_owned(),
            ];
            // Without any budget: the next upstream draws none.
            let processor = processor(&platform, &parts, &[("SORA_MAX_RETRIES", "0")]);
            let job = submit(&platform, behaviour).await;
            let ended = platform.end(job).await;
            assert_eq!((ended.status, ended.retries), (Status::Completed, 0), "{behaviour}");
            let expected = [attempt(&first, outcome, false), attempt("spare", "completed", true)];
            assert_eq!(attempts(&platform, job).await, expected);
            assert_eq!(refusing.stats().total.submissions, 0, "{behaviour}");
            assert_eq!(platform.simulator.stats_of(behaviour).submissions, 1, "{behaviour}");
            crate::test_platform::terminate(processor).await;
        }
    }
}

#[tokio::test]
async fn the_retry_budget_is_drawn_only_when_every_upstream_has_refused() {
    let platform = platform(Database::sqlite().await, 0).await;
    let busy = simulator("http-503*2", 0).await;
    let parts = [upstream("dead", DEAD, ""), upstream("busy", &busy.videos_url(), ""), pool("main", &["dead", "busy"])];
    let _processor = processor(&platform, &parts, &[]);
    let job = submit(&platform, "twice refused by all").await;
    let ended = platform.end(job).await;
    assert_eq!((ended.status, ended.retries, ended.resubmits), (Status::Completed, 2, 0));
    assert_eq!(busy.stats().total.submissions, 1);
    let outcomes: Vec<_> = attempts(&platform, job).await.into_iter().map(|(_, outcome, _)| outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "transient").count(), 3, "{outcomes:?}");
    assert_eq!(outcomes.last().map(String::as_str), Some("completed"));
}

#[tokio::test]
async fn what_may_have_been_accepted_never_goes_to_another_upstream() {
    for (behaviour, outcome) in [("create-answer-lost", "unknown"), ("cut@40%", "interrupted")] {
        let platform = platform(Database::sqlite().await, 0).await;
        let first = simulator(behaviour, 0).await;
        let url = if behaviour.starts_with("cut") { first.chat_url() } else { first.videos_url() };
        let parts = [
            upstream("first", &url, ""),
            upstream("spare", &platform.simulator.videos_url(), "enabled = true"),
            pool_in_order("first", "spare"),
        ];
        let _processor = processor(&platform, &parts, &[]);
        let job = submit(&platform, behaviour).await;
        let ended = platform.end(job).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some(outcome)), "{behaviour}");
        assert_eq!(attempts(&platform, job).await, [attempt("first", outcome, true)]);
        assert_eq!(platform.simulator.stats().total.requests, 0, "{behaviour}");
    }
}

#[tokio::test]
async fn an_upstream_whose_key_is_refused_is_not_used_until_it_is_asked_for_or_its_key_changes() {
    for database in Database::each().await {
        let platform = platform(database, 0).await;
        let db = &platform.database.connection;
        let config = Config { pace: 0, token: Some("right".into()), ..Config::default() };
        let locked = Simulator::start(config).await.unwrap();
        let parts = [upstream("locked", &locked.videos_url(), "token = \"env:KEY\""), pool("main", &["locked"])];
        let wrong = processor(&platform, &parts, &[("KEY", "wrong")]);
        let waiting = submit(&platform, "waits for the right key").await;
        let refused = || async {
            let row = upstream_control::all(db).await.unwrap().pop()?;
            row.refused_at.is_some().then_some(())
        };
        eventually("the key is refused", refused).await;
        let deferred = platform.until(waiting, "the job waits", |job| job.next_attempt_at.is_some()).await;
        assert_eq!((deferred.status, deferred.retries), (Status::Pending, 0));
        eventually("the pool is paused", async || {
            platform.bus.queue("main").limits().await.unwrap().is_some_and(|limits| limits.paused).then_some(())
        })
        .await;
        // Asked for by an administrator: refused again, by one more request.
        let requests = locked.stats().total.requests;
        assert!(upstream_control::forget_refusal(db, "locked").await.unwrap());
        let again = submit(&platform, "tried again").await;
        eventually("the key is refused again", refused).await;
        assert!(locked.stats().total.requests > requests);
        crate::test_platform::terminate(wrong).await;
        let _right = processor(&platform, &parts, &[("KEY", "right")]);
        assert_eq!(platform.end(again).await.status, Status::Completed);
        job::promote_all(db, 10).await.unwrap();
        assert_eq!(platform.end(waiting).await.status, Status::Completed);
        assert_eq!(locked.stats().total.submissions, 2);
    }
}

#[tokio::test]
async fn a_generation_is_finished_at_an_upstream_that_was_disabled_meanwhile() {
    for database in Database::each().await {
        let platform = platform(database, 0).await;
        let first = simulator("happy", SLOW).await;
        let spare = upstream("spare", &platform.simulator.videos_url(), "");
        let pools = pool("main", &["first", "spare"]);
        let only_first = upstream("spare", &platform.simulator.videos_url(), "enabled = false");
        let parts = [upstream("first", &first.videos_url(), ""), only_first, pools.clone()];
        let killed = processor(&platform, &parts, &[]);
        let job = submit(&platform, "outlives its upstream").await;
        platform.until(job, "progress begins", |job| job.progress > 0).await;
        drop(killed);
        let parts = [upstream("first", &first.videos_url(), "enabled = false"), spare.clone(), pools];
        let _processor = processor(&platform, &parts, &[]);
        let later = submit(&platform, "goes to the other one").await;
        assert_eq!(platform.end(later).await.status, Status::Completed);
        assert_eq!(platform.end(job).await.status, Status::Completed);
        assert_eq!(attempts(&platform, job).await, [attempt("first", "completed", true)]);
        assert_eq!(attempts(&platform, later).await, [attempt("spare", "completed", true)]);
        assert_eq!(first.stats().total.submissions, 1);
    }
}

#[tokio::test]
async fn refuses_to_start_without_an_upstream_at_which_generations_are_open() {
    let platform = platform(Database::sqlite().await, 0).await;
    let first = simulator("happy", SLOW).await;
    let killed = processor(&platform, &[upstream("first", &first.videos_url(), ""), pool("main", &["first"])], &[]);
    let job = submit(&platform, "its upstream is removed").await;
    platform.until(job, "progress begins", |job| job.progress > 0).await;
    drop(killed);
    let renamed = [upstream("renamed", &platform.simulator.videos_url(), ""), pool("main", &["renamed"])];
    assert_eq!(processor(&platform, &renamed, &[]).exit().await, Some(1));
    assert_eq!(platform.row(job).await.status, Status::Processing);
}

#[tokio::test]
async fn a_full_pool_delays_no_job_of_another() {
    let platform = platform(Database::sqlite().await, 0).await;
    let full = simulator("happy", SLOW).await;
    let parts = [
        upstream("full", &full.videos_url(), ""),
        upstream("free", &platform.simulator.videos_url(), ""),
        pool("main", &["full"]),
        pool("other", &["free"]),
    ];
    let _processor = processor(&platform, &parts, &[("PROCESSOR_SLOTS", "3")]);
    let mut jobs = Vec::new();
    for number in 0..6 {
        jobs.push(submit(&platform, &format!("fills the pool {number}")).await);
    }
    platform.until(jobs[0], "progress begins", |job| job.progress > 0).await;
    let quick = submit_to(&platform, "other", "starts at once").await;
    assert_eq!(platform.end(quick).await.status, Status::Completed);
    assert_eq!(platform.row(jobs[5]).await.status, Status::Pending, "the pool was not full");
}

#[tokio::test]
async fn upstreams_of_a_pool_share_its_jobs_and_none_exceeds_its_concurrency() {
    for database in Database::each().await {
        let platform = platform(database, 20).await;
        let small = simulator("happy", 20).await;
        let parts = [
            upstream("small", &small.chat_url(), "concurrency = 1"),
            upstream("large", &platform.simulator.chat_url(), "concurrency = 3"),
            pool("main", &["small", "large"]),
        ];
        let _processors = [processor(&platform, &parts, &[]), processor(&platform, &parts, &[])];
        let mut jobs = Vec::new();
        for number in 0..16 {
            jobs.push(submit(&platform, &format!("shared {number}")).await);
        }
        for job in jobs {
            assert_eq!(platform.end(job).await.status, Status::Completed);
        }
        let (small, large) = (small.stats(), platform.simulator.stats());
        assert_eq!(small.total.submissions + large.total.submissions, 16);
        assert!(small.peak_streaming == 1 && (2..=3).contains(&large.peak_streaming), "{small:?} {large:?}");
        let queue = platform.bus.queue("main");
        eventually("every place is given back", async || queue.places_in_use().await.unwrap().is_empty().then_some(()))
            .await;
    }
}
