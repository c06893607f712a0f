//! A processor crashes at each point where a crash could lose a job or cost money.

use entity::job::Status;
use futures::future::join_all;
use simulator::SimulatorHandle as Simulator;
use testkit::Database;

use crate::test_platform::TestPlatform;

/// A point at which the processor crashes, and what must follow under another processor without a resubmission budget.
struct CrashPoint {
    name: &'static str,
    /// The job's error code in each dialect, or `Ok` if its video is stored.
    chat: Result<(), &'static str>,
    videos: Result<(), &'static str>,
    /// Requests that the upstream accepted.
    submissions: u64,
}

const fn point(
    name: &'static str,
    chat: Result<(), &'static str>,
    videos: Result<(), &'static str>,
    submissions: u64,
) -> CrashPoint {
    CrashPoint { name, chat, videos, submissions }
}

const CRASH_POINTS: [CrashPoint; 9] = [
    point("before-sent", Ok(()), Ok(()), 1),
    point("after-sent", Err("unknown"), Err("unknown"), 0),
    point("after-answer", Err("unknown"), Err("unknown"), 1),
    point("after-accepted", Err("interrupted"), Ok(()), 1),
    point("after-result", Ok(()), Ok(()), 1),
    point("in-download", Ok(()), Ok(()), 1),
    point("after-file", Ok(()), Ok(()), 1),
    point("after-commit", Ok(()), Ok(()), 1),
    point("before-settle", Ok(()), Ok(()), 1),
];

#[tokio::test]
async fn a_crash_at_any_point_loses_nothing_and_resubmits_nothing_in_chat() {
    crash_at_each_point(Simulator::chat_url, |point| point.chat, 0).await;
}

#[tokio::test]
async fn a_crash_at_any_point_loses_nothing_and_resubmits_nothing_in_videos() {
    crash_at_each_point(Simulator::videos_url, |point| point.videos, 0).await;
}

#[tokio::test]
async fn a_crash_at_any_point_resubmits_within_the_budget_only_in_chat() {
    crash_at_each_point(Simulator::chat_url, |point| point.chat, 1).await;
}

#[tokio::test]
async fn a_crash_at_any_point_resubmits_within_the_budget_only_in_videos() {
    crash_at_each_point(Simulator::videos_url, |point| point.videos, 1).await;
}

/// `FAULT_ROUNDS` repeats the test, to prove rather than to guard.
async fn crash_at_each_point(
    url: fn(&Simulator) -> String,
    end: fn(&CrashPoint) -> Result<(), &'static str>,
    budget: i32,
) {
    let rounds = std::env::var("FAULT_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        join_all(CRASH_POINTS.iter().map(|point| crash(point.name, url, end(point), point.submissions, budget))).await;
    }
}

async fn crash(
    point: &str,
    url: fn(&Simulator) -> String,
    end: Result<(), &'static str>,
    submissions: u64,
    budget: i32,
) {
    let database = if point.starts_with("after") { Database::postgres().await } else { Database::sqlite().await };
    let platform = TestPlatform::new(database, 0).await;
    let (url, budget) = (url(&platform.simulator), budget.to_string());
    let id = platform.submit(point).await;
    let variables = [("SORA_API_URL", url.as_str()), ("SORA_MAX_RESUBMITS", budget.as_str())];
    let crashing = platform.processor(&[&variables[..], &[("FAULT_POINT", point)]].concat());
    tokio::select! {
        code = crashing.exit() => assert_eq!(code, None, "{point}: the processor did not crash"),
        // The heartbeat can see the last commit before the run does. The job is then settled without reaching the point.
        _ = platform.end(id), if point == "after-commit" => {}
    }
    let _second = platform.processor(&variables);
    let ended = platform.end(id).await;
    platform.redis_is_empty(id).await;
    let counted = platform.simulator.stats().total.submissions;
    if budget == "0" {
        let error = end.err();
        let status = if error.is_some() { Status::Failed } else { Status::Completed };
        assert_eq!(
            (ended.status, ended.error_code.as_deref(), counted),
            (status, error, submissions),
            "{point}, {url}"
        );
        assert_eq!(ended.may_have_been_charged, error.is_some(), "{point}, {url}");
    } else {
        let resubmitted = u64::try_from(ended.resubmits).unwrap();
        assert_eq!((ended.status, counted), (Status::Completed, submissions + resubmitted), "{point}, {url}");
        assert_eq!(resubmitted, u64::from(end.is_err()), "{point}, {url}");
    }
}
