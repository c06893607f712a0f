//! What clients saw was committed, arrived in order, and was complete in the end.

use std::time::Duration;

use super::FinalState;
use crate::client::User;
use crate::history::History;
use crate::observations::{Observed, View};
use crate::platform::Platform;
use crate::wait::wait_for;

/// Maximum delay of a connected websocket.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(15);

/// Waits until every websocket shows the latest states. The history is read again each time, because a gateway that was
/// frozen may still complete requests that clients gave up on.
pub(super) async fn check_caught_up(platform: &Platform, users: &[User]) {
    let mut lagging = Vec::new();
    let caught_up = wait_for("every websocket shows the latest states", CATCH_UP_TIMEOUT, async || {
        let history = History::read(&platform.db).await.ok()?;
        lagging = users.iter().flat_map(|user| lagging_jobs(&history, &user.observations.lock())).collect();
        lagging.is_empty().then_some(())
    });
    if let Err(error) = caught_up.await {
        platform.log.violation(format!("{error:#}: {}", lagging.join("; ")));
    }
}

fn lagging_jobs(history: &History, record: &Observed) -> Vec<String> {
    let last = |job| history.jobs.get(&job).and_then(|states| states.last());
    let job = |job| {
        let (live, last) = (record.live.get(&job), last(job)?);
        let shown = live.map(|view| (view.seq, view.status.clone()));
        let differs = live.is_none_or(|view| view.seq != last.seq);
        differs.then(|| format!("job {job} is at seq {} {}, the websocket shows {shown:?}", last.seq, last.status))
    };
    let socket = (!record.connected).then(|| "no websocket is open".to_owned());
    record.accepted.iter().filter_map(|accepted| job(accepted.id)).chain(socket).collect()
}

/// Checks every state that any client ever received.
///
/// # Errors
/// No gateway answers.
pub(super) async fn check(platform: &Platform, final_state: &FinalState, users: &[User]) -> anyhow::Result<()> {
    for user in users {
        let accepted: Vec<_> = user.observations.lock().accepted.iter().map(|job| job.id).collect();
        for id in accepted {
            user.final_poll(id).await?;
        }
        let record = user.observations.lock();
        record.violations.iter().for_each(|violation| platform.log.violation(violation.clone()));
        for view in &record.seen {
            if let Some(violation) = mismatch(final_state, &record, view) {
                platform.log.violation(format!("job {}: {violation}", view.id));
            }
        }
        for (id, view) in &record.polled {
            if final_state.jobs.get(id).is_none_or(|job| job.seq != view.seq) {
                platform.log.violation(format!("job {id}: the final poll returned seq {} {}", view.seq, view.status));
            }
        }
    }
    Ok(())
}

/// Why a view differs from what was committed under its `seq`, or was shown to the wrong user.
fn mismatch(final_state: &FinalState, record: &Observed, view: &View) -> Option<String> {
    let Some(state) = final_state.history.at(view.id, view.seq) else {
        return Some(format!("seq {} was shown but never committed", view.seq));
    };
    let shown = (view.status.as_str(), view.phase.as_deref(), view.progress);
    let committed = (state.status.as_str(), state.phase.as_deref(), state.progress);
    if shown != committed {
        return Some(format!("seq {} was shown as {shown:?} but committed as {committed:?}", view.seq));
    }
    let own = record.accepted.iter().any(|job| job.id == view.id) || record.unconfirmed.contains(&view.prompt);
    if !own {
        return Some(format!("shown to another user: {}", view.prompt));
    }
    (view.status == "completed" && view.video_id.is_none()).then(|| "shown as completed without a video".into())
}
