//! A processor that dies at each point where dying could cost a job or money.

use entity::job::Status;
use futures::future::join_all;
use testkit::Database;

use crate::world::World;

/// Where it dies; how the job ends under another processor that may not resubmit; what the upstream was asked for.
const POINTS: [(&str, Result<(), &str>, u64); 9] = [
    ("before-sent", Ok(()), 1),
    ("after-sent", Err("unknown"), 0),
    ("after-answer", Err("unknown"), 1),
    ("after-accepted", Err("interrupted"), 1),
    ("after-result", Ok(()), 1),
    ("in-download", Ok(()), 1),
    ("after-file", Ok(()), 1),
    ("after-commit", Ok(()), 1),
    ("before-settle", Ok(()), 1),
];

#[tokio::test]
async fn dying_at_any_point_loses_nothing_and_buys_nothing_twice() {
    // More than once where it is to be proven rather than guarded.
    let rounds = std::env::var("FAULT_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let budget = if round % 2 == 0 { "0" } else { "1" };
        join_all(POINTS.map(|(point, ..)| dies(point, budget))).await;
    }
}

async fn dies(point: &str, resubmits: &str) {
    let (_, ends, submissions) = POINTS.into_iter().find(|(known, ..)| *known == point).unwrap();
    let database = if point.starts_with("after") { Database::postgres().await } else { Database::sqlite().await };
    let world = World::new(database, 0).await;
    let id = world.submit(point).await;
    let dying = world.processor(&[("FAULT_POINT", point), ("SORA_MAX_RESUBMITS", resubmits)]);
    assert_eq!(dying.exit().await, None, "{point}: the processor did not die");
    let _heir = world.processor(&[("SORA_MAX_RESUBMITS", resubmits)]);
    let ended = world.end(id).await;
    world.redis_is_empty(id).await;
    let counted = world.simulator.stats().total.submissions;
    if resubmits == "0" {
        let error = ends.err();
        let status = if error.is_some() { Status::Failed } else { Status::Completed };
        assert_eq!((ended.status, ended.error_code.as_deref(), counted), (status, error, submissions), "{point}");
        assert_eq!(ended.may_have_been_charged, error.is_some(), "{point}");
    } else {
        let resubmitted = u64::try_from(ended.resubmits).unwrap();
        assert_eq!((ended.status, counted), (Status::Completed, submissions + resubmitted), "{point}");
        assert_eq!(resubmitted, u64::from(ends.is_err()), "{point}");
    }
}
