//! A processor that dies at each point where dying could cost a job or money.

use entity::job::Status;
use futures::future::join_all;
use simulator::SimulatorHandle as Simulator;
use testkit::Database;

use crate::world::World;

/// Where it dies; how the job ends under another processor that may not resubmit, in `chat` and in `videos`; what the
/// upstream was asked for.
const POINTS: [(&str, End, End, u64); 9] = [
    ("before-sent", Ok(()), Ok(()), 1),
    ("after-sent", Err("unknown"), Err("unknown"), 0),
    ("after-answer", Err("unknown"), Err("unknown"), 1),
    ("after-accepted", Err("interrupted"), Ok(()), 1),
    ("after-result", Ok(()), Ok(()), 1),
    ("in-download", Ok(()), Ok(()), 1),
    ("after-file", Ok(()), Ok(()), 1),
    ("after-commit", Ok(()), Ok(()), 1),
    ("before-settle", Ok(()), Ok(()), 1),
];

type End = Result<(), &'static str>;

#[tokio::test]
async fn dying_at_any_point_loses_nothing_and_buys_nothing_twice() {
    // More than once where it is to be proven rather than guarded.
    let rounds = std::env::var("FAULT_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let budget = if round % 2 == 0 { "0" } else { "1" };
        join_all(
            POINTS.map(|(point, chat, _, submissions)| dies(point, budget, Simulator::chat_url, chat, submissions)),
        )
        .await;
        join_all(
            POINTS
                .map(|(point, _, videos, submissions)| dies(point, budget, Simulator::videos_url, videos, submissions)),
        )
        .await;
    }
}

async fn dies(point: &str, resubmits: &str, url: fn(&Simulator) -> String, end: End, submissions: u64) {
    let database = if point.starts_with("after") { Database::postgres().await } else { Database::sqlite().await };
    let world = World::new(database, 0).await;
    let url = url(&world.simulator);
    let id = world.submit(point).await;
    let settings = [("SORA_API_URL", url.as_str()), ("SORA_MAX_RESUBMITS", resubmits)];
    let dying = world.processor(&[&settings[..], &[("FAULT_POINT", point)]].concat());
    tokio::select! {
        code = dying.exit() => assert_eq!(code, None, "{point}: the processor did not die"),
        // The beat can see the last commit before the line does, and the job is settled past the point: then it dies here.
        _ = world.end(id), if point == "after-commit" => {}
    }
    let _heir = world.processor(&settings);
    let ended = world.end(id).await;
    world.redis_is_empty(id).await;
    let counted = world.simulator.stats().total.submissions;
    if resubmits == "0" {
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
