//! What is done again and again for those who are connected, whatever their number, at a bounded rate: whether their
//! sessions live, where their jobs stand in line, and whether they really have what was sent.

use std::collections::HashMap;
use std::time::Duration;

use entity::{DbErr, JobId, SessionId};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use crate::live::frame::Close;
use crate::live::resync;
use crate::state::Gateway;

/// Sessions asked for, and places in line asked for, in one go.
const BATCH: usize = 500;

/// Between two batches of places in line, so that a long line is no burden on Redis.
const BREATH: Duration = Duration::from_millis(50);

/// Users whose states are read before what they miss is looked at.
const USERS: usize = 50;

/// Runs all rounds, for ever.
pub(crate) async fn run(gateway: &Gateway) {
    tokio::join!(sessions(gateway), places(gateway), gaps(gateway), reconcile(gateway));
}

/// Ends the sockets of sessions that are over, though word of it was lost. A database that is away ends nothing.
async fn sessions(gateway: &Gateway) {
    let mut round = steady(gateway.config.background.revalidate_interval);
    loop {
        tokio::select! {
            _ = round.tick() => {}
            () = gateway.live.doubt.notified() => {}
        }
        let asked = gateway.live.hub.sessions();
        match alive(gateway, &asked).await {
            Ok(alive) => gateway.live.hub.confirm(&asked, &alive),
            Err(error) => tracing::warn!(%error, "the sessions of open websockets could not be confirmed"),
        }
    }
}

async fn alive(gateway: &Gateway, asked: &[SessionId]) -> Result<HashMap<SessionId, entity::user::Role>, DbErr> {
    let mut alive = HashMap::with_capacity(asked.len());
    for some in asked.chunks(BATCH) {
        alive.extend(entity::session::alive_among(&gateway.db, some).await?);
    }
    Ok(alive)
}

/// Tells each waiting job's place in line when it has changed.
async fn places(gateway: &Gateway) {
    let mut round = steady(gateway.config.background.positions_interval);
    loop {
        round.tick().await;
        let waiting = gateway.live.hub.waiting();
        let jobs: Vec<JobId> = waiting.keys().copied().collect();
        for some in jobs.chunks(BATCH) {
            let ids: Vec<Uuid> = some.iter().map(|job| (*job).into()).collect();
            let asked = timeout(gateway.config.http.timeouts.positions, gateway.bus.positions(&ids)).await;
            let Ok(Ok(places)) = asked else {
                break;
            };
            for (job, place) in some.iter().zip(places) {
                waiting.get(job).into_iter().flatten().for_each(|outbox| outbox.place(*job, place));
            }
            sleep(BREATH).await;
        }
    }
}

/// After each gap in what is heard, everybody is told what they missed: each user once, the active ones first.
async fn gaps(gateway: &Gateway) {
    let mut pace = steady(Duration::from_secs(1) / gateway.config.background.snapshots_per_second.get());
    loop {
        gateway.live.gap.notified().await;
        for user in gateway.live.hub.users() {
            pace.tick().await;
            if let Err(error) = resync::everything(gateway, user).await {
                // They come back with what they know, and have missed nothing.
                tracing::warn!(%error, "what was missed could not be read");
                gateway.live.hub.sockets(user).iter().for_each(|outbox| outbox.end(Close::Overloaded));
            }
        }
    }
}

/// Looks whether somebody was not told something. What is found is told, and counted: it should be nothing.
async fn reconcile(gateway: &Gateway) {
    let mut pace = steady(Duration::from_secs(1) / gateway.config.background.snapshots_per_second.get());
    loop {
        sleep(gateway.config.background.missed_interval).await;
        for users in gateway.live.hub.active_users().chunks(USERS) {
            let mut readings = Vec::with_capacity(users.len());
            for user in users {
                pace.tick().await;
                readings.extend(resync::unfinished(gateway, *user).await.ok());
            }
            // What was committed a moment ago may still be on its way.
            sleep(gateway.config.background.delivery_time).await;
            let missed: u64 = readings.iter().map(resync::Reading::tell_missed).sum();
            metrics::counter!("sora_websocket_missed_states_total").increment(missed);
            if missed > 0 {
                tracing::warn!(missed, "states had not reached connected clients");
            }
        }
        gateway.live.hub.trim();
    }
}

fn steady(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
