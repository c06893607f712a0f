//! The frames to send to one socket. Pure: no I/O, no clock.
//!
//! An outbox holds at most one frame per job, the one with the highest `seq`, and only returns frames with a higher `seq`
//! than before. It remembers the versions that its client has: of all unfinished jobs and of a bounded number of finished
//! ones.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use entity::JobId;
use tokio::sync::Notify;

use crate::auth::Grant;
use crate::live::frame::{Close, Frame};
use crate::live::job_version::{JobVersion, Stage};

/// Maximum number of finished jobs that are remembered, the newest. A client learns on reconnecting that an older one was
/// deleted.
const MAX_FINISHED: usize = 300;

/// What the socket does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Sends these frames.
    Frames(Vec<Utf8Bytes>),
    /// Closes the connection.
    Close(Close),
}

/// Which of a user's jobs a socket follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of them.
    All,
    /// These.
    Jobs(Vec<JobId>),
}

struct Pending {
    grant: Grant,
    answers: Vec<Utf8Bytes>,
    frames: HashMap<JobId, (JobVersion, Utf8Bytes)>,
    positions: HashMap<JobId, Option<u64>>,
    sent: HashMap<JobId, JobVersion>,
    watched: HashSet<JobId>,
    close: Option<Close>,
}

/// The frames to send to one socket, and the versions that its client has.
pub(crate) struct Outbox {
    selection: Selection,
    pending: Mutex<Pending>,
    changed: Notify,
}

impl Outbox {
    /// Creates an empty outbox for a socket that `grant` gives access to.
    pub(crate) fn new(grant: Grant, selection: Selection) -> Self {
        let pending = Pending {
            grant,
            answers: Vec::new(),
            frames: HashMap::new(),
            positions: HashMap::new(),
            sent: HashMap::new(),
            watched: HashSet::new(),
            close: None,
        };
        Self { selection, pending: Mutex::new(pending), changed: Notify::new() }
    }

    /// Adds a frame, unless its job is not followed, or one with the same or a higher `seq` is waiting or was sent. Returns
    /// whether it was added.
    pub(crate) fn offer(&self, job: JobId, version: JobVersion, frame: Utf8Bytes) -> bool {
        if matches!(&self.selection, Selection::Jobs(jobs) if !jobs.contains(&job)) {
            return false;
        }
        let mut pending = self.lock();
        let newest = pending.frames.get(&job).map(|(version, _)| version.seq).max(pending.seq_sent(job));
        let news = newest.is_none_or(|newest| newest < version.seq);
        if news {
            pending.positions.remove(&job);
            pending.frames.insert(job, (version, frame));
            drop(pending);
            self.changed.notify_one();
        }
        news
    }

    /// Records that the client has this version, from a snapshot or as reported by it. Returns whether it was newer.
    pub(crate) fn mark_sent(&self, job: JobId, version: JobVersion) -> bool {
        let mut pending = self.lock();
        if pending.frames.get(&job).is_some_and(|(waiting, _)| waiting.seq <= version.seq) {
            pending.frames.remove(&job);
        }
        let before = pending.seq_sent(job);
        if before.is_none_or(|before| before <= version.seq) {
            pending.sent.insert(job, version);
        }
        before.is_none_or(|before| before < version.seq)
    }

    /// Sends the queue position of a waiting job if the client has another one.
    pub(crate) fn set_position(&self, job: JobId, position: Option<u64>) {
        let mut pending = self.lock();
        let waits =
            pending.sent.get(&job).is_some_and(|sent| sent.stage == Stage::Waiting && sent.position != position);
        if waits && !pending.frames.contains_key(&job) {
            pending.positions.insert(job, position);
            drop(pending);
            self.changed.notify_one();
        }
    }

    /// Answers a command.
    pub(crate) fn answer(&self, frame: &Frame<'_>) {
        self.lock().answers.push(frame.text());
        self.changed.notify_one();
    }

    /// Closes the socket. The first reason is kept.
    pub(crate) fn close(&self, close: Close) {
        self.lock().close.get_or_insert(close);
        self.changed.notify_one();
    }

    /// Waits for frames or a reason to close. Returned frames count as sent.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.changed.notified().await;
        }
    }

    /// What gives access to the socket.
    pub(crate) fn grant(&self) -> Grant {
        self.lock().grant
    }

    /// Moves the socket to a newer session, or a key.
    pub(crate) fn set_grant(&self, grant: Grant) {
        self.lock().grant = grant;
    }

    /// Returns the jobs that the client has and whose stage matches `filter`.
    pub(crate) fn sent_jobs(&self, filter: impl Fn(Stage) -> bool) -> Vec<JobId> {
        self.lock().sent.iter().filter(|(_, sent)| filter(sent.stage)).map(|(job, _)| *job).collect()
    }

    /// Like [`Self::sent_jobs`], without other users' jobs. Both are read under one lock.
    pub(crate) fn own_sent_jobs(&self, filter: impl Fn(Stage) -> bool) -> Vec<JobId> {
        let pending = self.lock();
        let own = pending.sent.iter().filter(|(job, sent)| filter(sent.stage) && !pending.watched.contains(*job));
        own.map(|(job, _)| *job).collect()
    }

    /// Whether the client has a job whose stage matches `filter`.
    pub(crate) fn has_sent_job(&self, filter: impl Fn(Stage) -> bool) -> bool {
        self.lock().sent.values().any(|sent| filter(sent.stage))
    }

    /// Returns the `seq` of a job that the client has or will be sent.
    pub(crate) fn seq(&self, job: JobId) -> Option<i64> {
        let pending = self.lock();
        pending.frames.get(&job).map(|(version, _)| version.seq).max(pending.seq_sent(job))
    }

    /// Returns the `seq` of a job that the client has.
    pub(crate) fn seq_sent(&self, job: JobId) -> Option<i64> {
        self.lock().seq_sent(job)
    }

    /// Returns the jobs of other users that it follows.
    pub(crate) fn watched(&self) -> Vec<JobId> {
        self.lock().watched.iter().copied().collect()
    }

    /// Follows another user's job. Returns `false` if it already follows `max`. What the client reported about the job before
    /// does not count.
    pub(crate) fn watch(&self, job: JobId, max: usize) -> bool {
        let mut pending = self.lock();
        if pending.watched.contains(&job) {
            return true;
        }
        if pending.watched.len() >= max {
            return false;
        }
        pending.sent.remove(&job);
        pending.watched.insert(job)
    }

    /// Stops following another user's job and drops its frames. Returns whether it was followed.
    pub(crate) fn unwatch(&self, job: JobId) -> bool {
        let mut pending = self.lock();
        let watched = pending.watched.remove(&job);
        if watched {
            pending.frames.remove(&job);
            pending.positions.remove(&job);
            pending.sent.remove(&job);
        }
        watched
    }

    /// Drops the oldest finished jobs beyond the maximum.
    pub(crate) fn trim(&self) {
        let mut finished = self.sent_jobs(|stage| stage == Stage::Finished);
        if finished.len() > MAX_FINISHED {
            finished.sort_unstable();
            finished.truncate(finished.len() - MAX_FINISHED);
            let mut pending = self.lock();
            for job in finished {
                pending.sent.remove(&job);
            }
            pending.sent.shrink_to_fit();
        }
    }

    pub(crate) fn take(&self) -> Option<Next> {
        let mut pending = self.lock();
        if let Some(close) = pending.close {
            return Some(Next::Close(close));
        }
        let mut out = std::mem::take(&mut pending.answers);
        for (job, (version, frame)) in std::mem::take(&mut pending.frames) {
            pending.sent.insert(job, version);
            out.push(frame);
        }
        for (id, queue_position) in std::mem::take(&mut pending.positions) {
            if let Some(sent) = pending.sent.get_mut(&id) {
                sent.position = queue_position;
                out.push(Frame::Position { id, queue_position }.text());
            }
        }
        (!out.is_empty()).then_some(Next::Frames(out))
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn seq_sent(&self, job: JobId) -> Option<i64> {
        self.sent.get(&job).map(|sent| sent.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;

    fn version(seq: i64, stage: Stage) -> JobVersion {
        JobVersion { seq, stage, position: None }
    }

    fn outbox() -> Outbox {
        Outbox::new(Grant::Session(new_id()), Selection::All)
    }

    fn frames(outbox: &Outbox) -> Vec<String> {
        match outbox.take() {
            Some(Next::Frames(frames)) => frames.into_iter().map(|frame| frame.as_str().to_owned()).collect(),
            None => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keeps_only_the_newest_frame_of_a_job() {
        let (outbox, job) = (outbox(), new_id());
        for seq in [1, 3, 2] {
            outbox.offer(job, version(seq, Stage::Running), format!("frame {seq}").into());
        }
        assert_eq!(frames(&outbox), ["frame 3"]);
        assert!(!outbox.offer(job, version(3, Stage::Running), "again".into()));
        assert!(!outbox.offer(job, version(2, Stage::Running), "late".into()));
        assert_eq!(frames(&outbox), [""; 0]);
    }

    #[test]
    fn keeps_frames_of_selected_jobs_only() {
        let (selected, other) = (new_id(), new_id());
        let outbox = Outbox::new(Grant::Key(new_id()), Selection::Jobs(vec![selected]));
        assert!(!outbox.offer(other, version(1, Stage::Running), "other".into()));
        assert!(outbox.offer(selected, version(1, Stage::Running), "selected".into()));
        assert_eq!(frames(&outbox), ["selected"]);
        assert_eq!((outbox.seq_sent(selected), outbox.seq_sent(other)), (Some(1), None));
    }

    #[test]
    fn sends_frames_received_during_the_snapshot_only_if_newer() {
        let (outbox, old, new) = (outbox(), new_id(), new_id());
        outbox.offer(old, version(4, Stage::Running), "older than the snapshot".into());
        outbox.offer(new, version(6, Stage::Running), "newer".into());
        assert!(outbox.mark_sent(old, version(5, Stage::Running)));
        assert!(outbox.mark_sent(new, version(5, Stage::Running)));
        assert_eq!(frames(&outbox), ["newer"]);
        assert!(!outbox.mark_sent(new, version(6, Stage::Running)));
    }

    #[test]
    fn sends_a_queue_position_once_and_only_while_the_job_waits() {
        let (outbox, job) = (outbox(), new_id());
        outbox.set_position(job, Some(1));
        outbox.mark_sent(job, version(1, Stage::Waiting));
        outbox.set_position(job, Some(3));
        outbox.set_position(job, Some(2));
        let sent = frames(&outbox);
        assert!(sent.len() == 1 && sent[0].contains("\"queuePosition\":2"), "{sent:?}");
        outbox.set_position(job, Some(2));
        assert_eq!(frames(&outbox), [""; 0]);
        outbox.set_position(job, Some(1));
        outbox.offer(job, version(2, Stage::Running), "taken".into());
        outbox.set_position(job, None);
        assert_eq!(frames(&outbox), ["taken"]);
    }

    #[test]
    fn distinguishes_own_jobs_from_watched_ones() {
        let (outbox, own, other) = (outbox(), new_id(), new_id());
        outbox.mark_sent(own, version(1, Stage::Running));
        outbox.watch(other, 8);
        outbox.mark_sent(other, version(1, Stage::Running));
        assert_eq!(outbox.own_sent_jobs(|_| true), [own]);
        assert_eq!(outbox.sent_jobs(|_| true).len(), 2);
        outbox.unwatch(other);
        assert_eq!((outbox.sent_jobs(|_| true), outbox.seq(other)), (vec![own], None));
    }

    #[test]
    fn a_watch_sends_the_state_whatever_the_client_claimed_to_know() {
        let (outbox, job) = (outbox(), new_id());
        outbox.mark_sent(job, JobVersion::known_to_client(i64::MAX));
        outbox.watch(job, 8);
        assert!(outbox.offer(job, version(1, Stage::Running), "current".into()));
        assert_eq!(frames(&outbox), ["current"]);
        outbox.watch(job, 8);
        assert!(!outbox.offer(job, version(1, Stage::Running), "again".into()));
    }

    #[test]
    fn remembers_a_bounded_number_of_finished_jobs() {
        let outbox = outbox();
        let jobs: Vec<JobId> = (0..MAX_FINISHED + 50).map(|_| new_id()).collect();
        let open = new_id();
        assert!(jobs.iter().all(|job| outbox.mark_sent(*job, version(1, Stage::Finished))));
        outbox.mark_sent(open, version(1, Stage::Running));
        outbox.trim();
        assert_eq!(
            (outbox.sent_jobs(|_| true).len(), outbox.seq(jobs[0]), outbox.seq(open)),
            (MAX_FINISHED + 1, None, Some(1))
        );
    }

    #[test]
    fn closes_before_sending_with_the_first_reason() {
        let outbox = outbox();
        outbox.offer(new_id(), version(1, Stage::Finished), "frame".into());
        outbox.close(Close::Unauthenticated);
        outbox.close(Close::TooMany);
        assert_eq!(outbox.take(), Some(Next::Close(Close::Unauthenticated)));
    }

    #[tokio::test]
    async fn wakes_the_waiting_writer() {
        let outbox = outbox();
        let (next, ()) = tokio::join!(outbox.next(), async { outbox.close(Close::TooSlow) });
        assert_eq!(next, Next::Close(Close::TooSlow));
    }
}
