//! What a user's sockets may have missed: read once from the database for all of them, and put where events go, so that
//! whatever they have already is not sent again.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use entity::job;
use entity::{JobId, UserId};

use crate::error::ApiError;
use crate::live::frame::Frame;
use crate::live::job_version::{Stage, Standing};
use crate::live::outbox::Outbox;
use crate::live::snapshot::{FINISHED, state};
use crate::live::watch;
use crate::state::Gateway;
use crate::videos;

/// The sockets of one user, and what the database says of their jobs.
pub(crate) struct Reading {
    sockets: Vec<Arc<Outbox>>,
    states: Vec<(JobId, Standing, Utf8Bytes)>,
}

/// After a gap: everything that a page would show, and every job that its sockets have been told of.
///
/// # Errors
/// The database did not answer.
pub(crate) async fn everything(gateway: &Gateway, user: UserId) -> Result<(), ApiError> {
    let Reading { sockets, states } = read(gateway, user, FINISHED, |_| true).await?;
    for outbox in &sockets {
        for job in outbox.watched() {
            watch::tell(gateway, outbox, job).await?;
        }
        for (job, standing, frame) in &states {
            if *standing != Standing::GONE || outbox.seq(*job).is_some() {
                outbox.offer(*job, *standing, frame.clone());
            }
        }
    }
    Ok(())
}

/// What is unfinished, by the database or by what its sockets have been told.
///
/// # Errors
/// The database did not answer.
pub(crate) async fn unfinished(gateway: &Gateway, user: UserId) -> Result<Reading, ApiError> {
    read(gateway, user, 0, |stage| stage != Stage::Over).await
}

impl Reading {
    /// Tells what did not arrive by itself, and answers how much that was.
    pub(crate) fn tell_missed(&self) -> u64 {
        let mut missed = 0;
        for outbox in &self.sockets {
            for (job, standing, frame) in &self.states {
                let concerns = standing.stage != Stage::Over || outbox.seq(*job).is_some();
                missed += u64::from(concerns && outbox.offer(*job, *standing, frame.clone()));
            }
        }
        missed
    }
}

async fn read(
    gateway: &Gateway,
    user: UserId,
    finished: u64,
    of_interest: impl Fn(Stage) -> bool,
) -> Result<Reading, ApiError> {
    let sockets = gateway.live.hub.sockets(user);
    if sockets.is_empty() {
        return Ok(Reading { sockets, states: Vec::new() });
    }
    // What a socket follows is another's: looked for among the user's own, it would seem to be gone.
    let mut had: HashSet<JobId> = sockets.iter().flat_map(|outbox| outbox.had_of_its_own(&of_interest)).collect();
    let turn = gateway.live.snapshots.acquire().await.map_err(ApiError::unavailable)?;
    let mut rows = job::snapshot(&gateway.db, user, finished).await?;
    for seen in &rows {
        had.remove(&seen.id);
    }
    let had: Vec<JobId> = had.into_iter().collect();
    let others = job::among(&gateway.db, user, &had).await?;
    drop(turn);
    let gone = had.into_iter().filter(|id| others.iter().all(|row| row.id != *id));
    let gone: Vec<_> =
        gone.map(|id| (id, Standing::GONE, Frame::Gone { id, seq: Standing::GONE.seq }.text())).collect();
    rows.extend(others);
    let views = videos::views(gateway, rows).await;
    let shown = views.iter().map(|view| {
        let (standing, frame) = state(user, view);
        (view.id, standing, frame)
    });
    Ok(Reading { states: shown.chain(gone).collect(), sockets })
}
