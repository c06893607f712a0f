//! The snapshot that a client receives first: the states in the database that it does not have.

use std::collections::HashSet;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use bus::Event;
use entity::clock::millis;
use entity::job::{self, View};
use entity::{JobId, UserId};

use crate::error::ApiError;
use crate::live::frame::Frame;
use crate::live::job_version::{JobVersion, Stage};
use crate::live::outbox::Outbox;
use crate::state::Gateway;
use crate::videos;

/// Maximum number of finished jobs in a snapshot.
pub(crate) const MAX_FINISHED: u64 = 20;

/// Maximum number of jobs that finished while a client was away in a snapshot for a client that resumes.
const MAX_RESUMED: u64 = 200;

/// How much earlier than its cursor a client resumes: the time that an event takes, and differences between clocks.
const RESUME_MARGIN: Duration = Duration::from_secs(60);

/// Maximum number of jobs in one frame.
const JOBS_PER_FRAME: usize = 50;

/// Maximum total length of the prompts in one frame, in bytes.
const BYTES_PER_FRAME: usize = 128 * 1024;

/// Returns the frames of a snapshot. Their jobs count as sent.
///
/// `known` are the jobs in the client's `hello`; for each one that was deleted there is a `gone`.
pub(crate) async fn frames(
    gateway: &Gateway,
    user: UserId,
    outbox: &Outbox,
    known: &[JobId],
) -> Result<Vec<Utf8Bytes>, ApiError> {
    let permit = gateway.live.snapshots.acquire().await.map_err(ApiError::unavailable)?;
    let mut rows = job::snapshot(&gateway.db, user, MAX_FINISHED).await?;
    let unseen: Vec<JobId> = known.iter().copied().filter(|id| rows.iter().all(|row| row.id != *id)).collect();
    let others = job::by_ids_of_user(&gateway.db, user, &unseen).await?;
    drop(permit);
    let gone = unseen.into_iter().filter(|id| others.iter().all(|row| row.id != *id));
    let gone: Vec<Utf8Bytes> = gone
        .map(|id| {
            outbox.mark_sent(id, JobVersion::GONE);
            Frame::Gone { id, seq: JobVersion::GONE.seq }.text()
        })
        .collect();
    rows.extend(others);
    Ok(to_frames(outbox, videos::views(gateway, rows).await).chain(gone).collect())
}

/// Returns the frames of a snapshot for a client that resumes from `cursor`, the time (epoch ms) of what it received last:
/// with the jobs that finished since. Their jobs count as sent.
pub(crate) async fn resumed(
    gateway: &Gateway,
    user: UserId,
    outbox: &Outbox,
    cursor: Option<i64>,
) -> Result<Vec<Utf8Bytes>, ApiError> {
    let permit = gateway.live.snapshots.acquire().await.map_err(ApiError::unavailable)?;
    let mut rows = job::snapshot(&gateway.db, user, MAX_FINISHED).await?;
    if let Some(cursor) = cursor {
        let since = cursor.saturating_sub(millis(RESUME_MARGIN));
        let finished = job::of_user_finished_since(&gateway.db, user, since, MAX_RESUMED).await?;
        let known: HashSet<JobId> = rows.iter().map(|row| row.id).collect();
        rows.extend(finished.into_iter().filter(|row| !known.contains(&row.id)));
    }
    drop(permit);
    Ok(to_frames(outbox, videos::views(gateway, rows).await).collect())
}

/// Returns a job's state as a frame, the same as that of an event.
pub(crate) fn state(owner: UserId, view: &View) -> (JobVersion, Utf8Bytes) {
    let event = Event::job(owner, view);
    (JobVersion::of_event(&event), event.frame.into())
}

/// Returns the queue positions of waiting jobs that the client has, then the states that it does not have, with the final
/// frame marked.
fn to_frames(outbox: &Outbox, views: Vec<View>) -> impl Iterator<Item = Utf8Bytes> {
    let (new, known): (Vec<View>, Vec<View>) =
        views.into_iter().partition(|view| outbox.mark_sent(view.id, JobVersion::of_view(view)));
    let positions = known.into_iter().filter(|view| Stage::from(view.status) == Stage::Waiting);
    let positions = positions.map(|view| Frame::Position { id: view.id, queue_position: view.queue_position }.text());
    let parts = split(new);
    let last = parts.len().saturating_sub(1);
    let frames: Vec<Utf8Bytes> =
        parts.iter().enumerate().map(|(i, jobs)| Frame::Snapshot { jobs, last: i == last }.text()).collect();
    positions.collect::<Vec<_>>().into_iter().chain(frames)
}

/// Splits jobs into frames of bounded size; at least one, which may be empty.
fn split(views: Vec<View>) -> Vec<Vec<View>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for view in views {
        bytes += view.prompt.len();
        match parts.last_mut() {
            Some(part) if part.len() < JOBS_PER_FRAME && bytes <= BYTES_PER_FRAME => {
                part.push(view);
            }
            _ => {
                bytes = view.prompt.len();
                parts.push(vec![view]);
            }
        }
    }
    parts
}
