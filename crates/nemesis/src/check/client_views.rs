//! What clients saw was true, in order, and in the end complete.

use std::time::Duration;

use super::FinalState;
use crate::client::User;
use crate::history::History;
use crate::observations::{Observed, View};
use crate::platform::Platform;
use crate::wait::wait_for;

/// How long a connected client may be behind.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(15);

/// Waits until every websocket shows what the database holds. It is read anew each time: a gateway that was frozen may
/// only now do what a client has long given up waiting for.
pub(super) async fn wait_until_caught_up(platform: &Platform, users: &[User]) {
    let mut behind = Vec::new();
    let wait_until_caught_up = wait_for("every websocket shows the last states", CATCH_UP_TIMEOUT, async || {
        let history = History::read(&platform.db).await.ok()?;
        behind = users.iter().flat_map(|user| lagging_jobs(&history, &user.observations.lock())).collect();
        behind.is_empty().then_some(())
    });
    if let Err(error) = wait_until_caught_up.await {
        platform.log.violation(format!("{error:#}: {}", behind.join("; ")));
    }
}

fn lagging_jobs(history: &History, record: &Observed) -> Vec<String> {
    let last = |job| history.jobs.get(&job).and_then(|states| states.last());
    let job = |job| {
        let (live, last) = (record.live.get(&job), last(job)?);
        let shown = live.map(|view| (view.seq, view.status.clone()));
        let differs = live.is_none_or(|view| view.seq != last.seq);
        differs.then(|| format!("job {job} is at seq {} {}, shown is {shown:?}", last.seq, last.status))
    };
    let socket = (!record.connected).then(|| "no websocket is open".to_owned());
    record.accepted.iter().filter_map(|accepted| job(accepted.id)).chain(socket).collect()
}

/// Checks everything that was ever shown.
///
/// # Errors
/// A gateway does not answer.
pub(super) async fn check(platform: &Platform, final_state: &FinalState, users: &[User]) -> anyhow::Result<()> {
    for user in users {
        let accepted: Vec<_> = user.observations.lock().accepted.iter().map(|job| job.id).collect();
        for id in accepted {
            user.final_poll(id).await?;
        }
        let record = user.observations.lock();
        record.violations.iter().for_each(|wrong| platform.log.violation(wrong.clone()));
        for view in &record.seen {
            if let Some(wrong) = mismatch(final_state, &record, view) {
                platform.log.violation(format!("job {}: {wrong}", view.id));
            }
        }
        for (id, view) in &record.polled {
            if final_state.jobs.get(id).is_none_or(|job| job.seq != view.seq) {
                platform.log.violation(format!("job {id}: its last poll showed seq {} {}", view.seq, view.status));
            }
        }
    }
    Ok(())
}

/// Why a view is not what was committed under its `seq`, to this user's job.
fn mismatch(final_state: &FinalState, record: &Observed, view: &View) -> Option<String> {
    let Some(state) = final_state.history.at(view.id, view.seq) else {
        return Some(format!("seq {} was shown and never committed", view.seq));
    };
    let shown = (view.status.as_str(), view.phase.as_deref(), view.progress);
    let committed = (state.status.as_str(), state.phase.as_deref(), state.progress);
    if shown != committed {
        return Some(format!("seq {} was shown as {shown:?} and committed as {committed:?}", view.seq));
    }
    let own = record.accepted.iter().any(|job| job.id == view.id) || record.unconfirmed.contains(&view.prompt);
    if !own {
        return Some(format!("it was shown to someone else: {}", view.prompt));
    }
    (view.status == "completed" && view.video_id.is_none()).then(|| "it was shown as completed without a video".into())
}
