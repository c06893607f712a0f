//! Progress notifications of a call that waits for videos.

use std::collections::HashMap;

use axum::extract::ws::Utf8Bytes;
use entity::JobId;
use entity::job::View;
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};
use serde::Deserialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The frame of a job, as on the websocket.
#[derive(Deserialize)]
struct Frame {
    id: JobId,
    progress: i32,
}

/// The progress of the jobs that a call waits for.
pub(super) struct Progress {
    /// In percent.
    jobs: HashMap<JobId, i32>,
    average: watch::Sender<f64>,
}

impl Progress {
    /// Starts from this state of the jobs.
    pub(super) fn new(jobs: &[View]) -> Self {
        let jobs: HashMap<_, _> = jobs.iter().map(|job| (job.id, job.progress)).collect();
        let average = watch::Sender::new(average(jobs.values()));
        Self { jobs, average }
    }

    /// Returns the average progress of the jobs, in percent, as it changes.
    pub(super) fn subscribe(&self) -> watch::Receiver<f64> {
        self.average.subscribe()
    }

    /// Records the progress that these frames contain.
    pub(super) fn record(&mut self, frames: &[Utf8Bytes]) {
        let states = frames.iter().filter_map(|frame| serde_json::from_str::<Frame>(frame).ok());
        self.jobs.extend(states.map(|state| (state.id, state.progress)));
        self.average.send_replace(average(self.jobs.values()));
    }
}

/// Notifies the client of a call's progress, if it has asked for it.
pub(super) struct Notifier {
    peer: Peer<RoleServer>,
    token: Option<ProgressToken>,
    call_ended: CancellationToken,
}

impl Notifier {
    /// Notifies the client that has sent this request.
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Self {
        let (peer, token) = (context.peer.clone(), context.meta.get_progress_token());
        Self { peer, token, call_ended: context.ct.clone() }
    }

    /// Sends each progress that is higher than the ones before. Returns when the client cancels the call or disconnects.
    pub(super) async fn run(self, mut progress: watch::Receiver<f64>) {
        let mut sent = *progress.borrow();
        loop {
            tokio::select! {
                () = self.call_ended.cancelled() => return,
                Ok(()) = progress.changed() => {}
            }
            let now = *progress.borrow_and_update();
            if let Some(token) = self.token.as_ref().filter(|_| now > sent) {
                sent = now;
                let message = ProgressNotificationParam::new(token.clone(), now).with_total(100.0);
                // A client that has gone ends the call.
                let _ = self.peer.notify_progress(message.with_message(format!("{now:.0} % generated"))).await;
            }
        }
    }
}

fn average<'a>(progress: impl ExactSizeIterator<Item = &'a i32>) -> f64 {
    let jobs = u32::try_from(progress.len()).unwrap_or(1).max(1);
    progress.map(|progress| f64::from(*progress)).sum::<f64>() / f64::from(jobs)
}
