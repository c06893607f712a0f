//! A planned failover of Redis behind one address: a replica becomes the primary, and connections to the old one stay open.

use std::time::Duration;

use tokio::time::sleep;

use crate::platform::Platform;
use crate::redis::{Redis, Reply};
use crate::wait::wait_for;

/// Maximum time until a replica has all data, and until the roles have changed.
const SWITCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Makes a replica the primary, and after `lasts` the old primary again.
pub(crate) async fn fail_over(platform: &Platform, lasts: Duration) -> anyhow::Result<()> {
    let (primary, replica) = (&platform.redis, &platform.replica);
    replica.delete_data()?;
    replica.start().await?;
    replica.command(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await?;
    switch(platform, primary, replica).await?;
    sleep(lasts).await;
    switch(platform, replica, primary).await?;
    replica.process.kill().await;
    Ok(())
}

/// Changes the roles of two servers. New connections reach the new primary.
async fn switch(platform: &Platform, from: &Redis, to: &Redis) -> anyhow::Result<()> {
    wait_for("the replica has all data", SWITCH_TIMEOUT, async || {
        let replication = to.command(&["INFO", "replication"]).await.ok()?.to_text();
        replication.contains("master_link_status:up").then_some(())
    })
    .await?;
    wait_for("the failover begins", SWITCH_TIMEOUT, async || {
        // Refused until the primary has noticed that the replica has all data.
        let reply = from.command(&["FAILOVER", "TO", "127.0.0.1", &to.port.to_string()]).await;
        reply.is_ok_and(|reply| reply == Reply::Text("OK".into())).then_some(())
    })
    .await?;
    wait_for("the roles have changed", SWITCH_TIMEOUT, async || {
        let role = async |server: &Redis| server.command(&["ROLE"]).await.ok().map(|role| role.to_text());
        let is_changed = role(to).await?.starts_with("master") && role(from).await?.starts_with("slave");
        is_changed.then_some(())
    })
    .await?;
    platform.redis_address.connect_to(to.port);
    platform.log.note(format!("redis: the primary is at port {}", to.port));
    Ok(())
}
