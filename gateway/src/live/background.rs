//! What is done again and again for those who are connected, whatever their number, at a bounded rate: whether their
//! sessions live, where their jobs stand in line, and whether they really have what was sent.

use std::collections::HashMap;
use std::time::Duration;

use entity::{DbErr, JobId, SessionId};
use service::time::interval;
use tokio::time::{sleep, timeout};

use crate::live::frame::Close;
use crate::live::resync;
use crate::state::Gateway;

/// Sessions checked for, and positions in line checked for, in one go.
const BATCH: usize = 500;

/// Between two batches of positions in line, so that a long line is no burden on Redis.
const BATCH_PAUSE: Duration = Duration::from_millis(50);

/// Users whose states are read before what they miss is looked at.
const USER_BATCH: usize = 50;

/// Runs all rounds, for ever.
pub(crate) async fn run(gateway: &Gateway) {
    tokio::join!(
        revalidate_sessions(gateway),
        send_positions(gateway),
        resync_after_gaps(gateway),
        send_missed(gateway)
    );
}

/// Ends the sockets of sessions that are over, though word of it was lost. A database that is away ends nothing.
async fn revalidate_sessions(gateway: &Gateway) {
    let mut ticks = interval(gateway.config.background.revalidate_interval);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = gateway.live.revalidate.notified() => {}
        }
        let checked = gateway.live.hub.sessions();
        match active_roles(gateway, &checked).await {
            Ok(roles) => gateway.live.hub.close_revoked(&checked, &roles),
            Err(error) => tracing::warn!(%error, "the sessions of open websockets could not be confirmed"),
        }
    }
}

async fn active_roles(
    gateway: &Gateway,
    checked: &[SessionId],
) -> Result<HashMap<SessionId, entity::user::Role>, DbErr> {
    let mut roles = HashMap::with_capacity(checked.len());
    for batch in checked.chunks(BATCH) {
        roles.extend(entity::session::active_roles(&gateway.db, batch).await?);
    }
    Ok(roles)
}

/// Tells each waiting job's position in line when it has changed.
async fn send_positions(gateway: &Gateway) {
    let mut ticks = interval(gateway.config.background.positions_interval);
    loop {
        ticks.tick().await;
        let waiting = gateway.live.hub.waiting();
        let jobs: Vec<JobId> = waiting.keys().copied().collect();
        for batch in jobs.chunks(BATCH) {
            let answer = timeout(gateway.config.http.timeouts.positions, gateway.bus.positions(batch)).await;
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

/// After each gap in what is heard, everybody is told what they missed: each user once, the active ones first.
async fn resync_after_gaps(gateway: &Gateway) {
    let mut pace = interval(Duration::from_secs(1) / gateway.config.background.snapshots_per_second.get());
    loop {
        gateway.live.resync.notified().await;
        for user in gateway.live.hub.users() {
            pace.tick().await;
            if let Err(error) = resync::resync_user(gateway, user).await {
                // They come back with what they know, and have missed nothing.
                tracing::warn!(%error, "what was missed could not be read");
                gateway.live.hub.sockets(user).iter().for_each(|outbox| outbox.close(Close::Overloaded));
            }
        }
    }
}

/// Looks whether somebody was not told something. What is found is told, and counted: it should be nothing.
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
            // What was committed a moment ago may still be on its way.
            sleep(gateway.config.background.delivery_time).await;
            let missed: u64 = states.iter().map(resync::UserStates::send_missed).sum();
            metrics::counter!("sora_websocket_missed_states_total").increment(missed);
            if missed > 0 {
                tracing::warn!(missed, "states had not reached connected clients");
            }
        }
        gateway.live.hub.trim();
    }
}
