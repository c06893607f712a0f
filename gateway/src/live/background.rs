//! Periodic work for connected clients: revalidates sessions and keys, sends queue positions and resends missed states.
//!
//! The rate is bounded, however many clients are connected.

use std::time::Duration;

use entity::JobId;
use service::time::interval;
use tokio::time::{sleep, timeout};

use crate::auth::active_roles;
use crate::live::frame::Close;
use crate::live::resync;
use crate::state::Gateway;

/// Number of queue positions read at a time.
const BATCH: usize = 500;

/// Pause between two batches of queue positions, so that a long queue does not load Redis.
const BATCH_PAUSE: Duration = Duration::from_millis(50);

/// Number of users whose states are read before they are compared with what was sent.
const USER_BATCH: usize = 50;

/// Runs all periodic work, forever.
pub(crate) async fn run(gateway: &Gateway) {
    tokio::join!(
        revalidate_sessions(gateway),
        send_positions(gateway),
        resync_after_gaps(gateway),
        send_missed(gateway)
    );
}

/// Closes sockets whose session has ended or whose key was revoked, in case the message about it was lost. Closes none on a database error.
async fn revalidate_sessions(gateway: &Gateway) {
    let mut ticks = interval(gateway.config.background.revalidate_interval);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = gateway.live.revalidate.notified() => {}
        }
        let checked = gateway.live.hub.grants();
        match active_roles(gateway, &checked).await {
            Ok(roles) => gateway.live.hub.close_revoked(&checked, &roles),
            Err(error) => tracing::warn!(%error, "could not revalidate the sessions and keys of open websockets"),
        }
    }
}

/// Sends the queue positions of waiting jobs that have changed.
async fn send_positions(gateway: &Gateway) {
    let mut ticks = interval(gateway.config.background.positions_interval);
    loop {
        ticks.tick().await;
        let waiting = gateway.live.hub.waiting();
        let jobs: Vec<JobId> = waiting.keys().copied().collect();
        for batch in jobs.chunks(BATCH) {
            let answer = timeout(gateway.config.http.timeouts.positions, gateway.queues.positions(batch)).await;
            let Ok(Ok(positions)) = answer else {
                break;
            };
            for (job, position) in batch.iter().zip(positions) {
                waiting.get(job).into_iter().flatten().for_each(|outbox| outbox.set_position(*job, position));
            }
            sleep(BATCH_PAUSE).await;
        }
    }
}

/// After each gap in the subscription, sends every user the states they missed, users with unfinished jobs first.
async fn resync_after_gaps(gateway: &Gateway) {
    let mut pace = interval(Duration::from_secs(1) / gateway.config.background.snapshots_per_second.get());
    loop {
        gateway.live.resync.notified().await;
        for user in gateway.live.hub.users() {
            pace.tick().await;
            if let Err(error) = resync::resync_user(gateway, user).await {
                // The clients reconnect and receive what they missed in the snapshot.
                tracing::warn!(%error, "could not read the states that were missed");
                gateway.live.hub.sockets(user).iter().for_each(|outbox| outbox.close(Close::Overloaded));
            }
        }
    }
}

/// Finds states that connected clients do not have, and sends and counts them. There should be none.
async fn send_missed(gateway: &Gateway) {
    let mut pace = interval(Duration::from_secs(1) / gateway.config.background.snapshots_per_second.get());
    loop {
        sleep(gateway.config.background.missed_interval).await;
        for users in gateway.live.hub.active_users().chunks(USER_BATCH) {
            let mut states = Vec::with_capacity(users.len());
            for user in users {
                pace.tick().await;
                states.extend(resync::read_unfinished(gateway, *user).await.ok());
            }
            // Recent changes may still be on their way.
            sleep(gateway.config.background.delivery_time).await;
            let missed: u64 = states.iter().map(resync::UserStates::send_missed).sum();
            metrics::counter!("sora_websocket_missed_states_total").increment(missed);
            if missed > 0 {
                tracing::warn!(missed, "connected clients had missed states");
            }
        }
        gateway.live.hub.trim();
    }
}
