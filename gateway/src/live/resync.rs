//! States that a user's sockets may have missed. They are read from the database once for all sockets and offered to the
//! outboxes like events, so that a socket that has a state does not receive it again.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use entity::job;
use entity::{JobId, UserId};

use crate::error::ApiError;
use crate::live::frame::Frame;
use crate::live::job_version::{JobVersion, Stage};
use crate::live::outbox::Outbox;
use crate::live::snapshot::{MAX_FINISHED, state};
use crate::live::watch;
use crate::state::Gateway;
use crate::videos;

/// The sockets of one user, and the states of their jobs in the database.
pub(crate) struct UserStates {
    sockets: Vec<Arc<Outbox>>,
    states: Vec<(JobId, JobVersion, Utf8Bytes)>,
}

/// Sends what a user's sockets missed: of every job that a snapshot contains, and of every job that was sent to them.
pub(crate) async fn resync_user(gateway: &Gateway, user: UserId) -> Result<(), ApiError> {
    let UserStates { sockets, states } = read(gateway, user, MAX_FINISHED, |_| true).await?;
    for outbox in &sockets {
        for job in outbox.watched() {
            watch::send_current(gateway, outbox, job).await?;
        }
        for (job, version, frame) in &states {
            if *version != JobVersion::GONE || outbox.seq(*job).is_some() {
                outbox.offer(*job, *version, frame.clone());
            }
        }
    }
    Ok(())
}

/// Reads the jobs that are unfinished, in the database or in what was sent to the user's sockets.
pub(crate) async fn read_unfinished(gateway: &Gateway, user: UserId) -> Result<UserStates, ApiError> {
    read(gateway, user, 0, |stage| stage != Stage::Finished).await
}

impl UserStates {
    /// Sends the states that did not arrive as events. Returns their number.
    pub(crate) fn send_missed(&self) -> u64 {
        let mut missed = 0;
        for outbox in &self.sockets {
            for (job, version, frame) in &self.states {
                let relevant = version.stage != Stage::Finished || outbox.seq(*job).is_some();
                missed += u64::from(relevant && outbox.offer(*job, *version, frame.clone()));
            }
        }
        missed
    }
}

async fn read(
    gateway: &Gateway,
    user: UserId,
    finished: u64,
    filter: impl Fn(Stage) -> bool,
) -> Result<UserStates, ApiError> {
    let sockets = gateway.live.hub.sockets(user);
    if sockets.is_empty() {
        return Ok(UserStates { sockets, states: Vec::new() });
    }
    // Watched jobs belong to other users; among the user's own they would be missing and seem deleted.
    let mut sent: HashSet<JobId> = sockets.iter().flat_map(|outbox| outbox.own_sent_jobs(&filter)).collect();
    let permit = gateway.live.snapshots.acquire().await.map_err(ApiError::unavailable)?;
    let mut rows = job::snapshot(&gateway.db, user, finished).await?;
    for seen in &rows {
        sent.remove(&seen.id);
    }
    let sent: Vec<JobId> = sent.into_iter().collect();
    let others = job::by_ids_of_user(&gateway.db, user, &sent).await?;
    drop(permit);
    let gone = sent.into_iter().filter(|id| others.iter().all(|row| row.id != *id));
    let gone: Vec<_> =
        gone.map(|id| (id, JobVersion::GONE, Frame::Gone { id, seq: JobVersion::GONE.seq }.text())).collect();
    rows.extend(others);
    let views = videos::views(gateway, rows).await;
    let shown = views.iter().map(|view| {
        let (version, frame) = state(user, view);
        (view.id, version, frame)
    });
    Ok(UserStates { states: shown.chain(gone).collect(), sockets })
}
