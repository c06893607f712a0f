//! Two private Redis servers behind one address, of which one follows the other.

use tokio::process::Command;

use crate::{Proxy, Redis, eventually};

/// Two servers behind one address. Connections that are open stay where they are when the address changes.
pub struct Failover {
    proxy: Proxy,
    primary: Redis,
    replica: Redis,
}

impl Failover {
    /// Starts both servers, and waits until the replica follows.
    pub async fn start() -> Self {
        let (primary, replica) = (Redis::start().await, Redis::start().await);
        let proxy = Proxy::start(primary.port()).await;
        let servers = Self { proxy, primary, replica };
        follow(&servers.replica, &servers.primary).await;
        servers
    }

    /// Returns the URL of the address (`REDIS_URL`).
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.proxy.port())
    }

    /// Exchanges the roles, with Redis's own `FAILOVER` if `planned`, and leads the address to the new primary.
    pub async fn fail_over(&mut self, planned: bool) {
        if planned {
            assert_eq!(self.primary.command("FAILOVER").await, "+OK");
            eventually("the primary is a replica", async || is_replica(&self.primary).await.then_some(())).await;
            std::mem::swap(&mut self.primary, &mut self.replica);
        } else {
            self.demote().await;
        }
        self.promote();
    }

    /// Exchanges the roles. The address goes on leading to the server that is a replica now.
    pub async fn demote(&mut self) {
        caught_up(&self.primary).await;
        assert_eq!(self.replica.command("REPLICAOF NO ONE").await, "+OK");
        std::mem::swap(&mut self.primary, &mut self.replica);
        follow(&self.replica, &self.primary).await;
    }

    /// Freezes the primary, whose connections stay open without an answer, and leads the address to the other server.
    pub async fn freeze_primary(&mut self) {
        let pid = self.primary.process().id().to_string();
        caught_up(&self.primary).await;
        let stopped = Command::new("kill").args(["-STOP", &pid]).status().await;
        assert!(stopped.is_ok_and(|status| status.success()), "the primary can be frozen");
        assert_eq!(self.replica.command("REPLICAOF NO ONE").await, "+OK");
        std::mem::swap(&mut self.primary, &mut self.replica);
        self.promote();
    }

    /// Leads the address to the primary.
    pub fn promote(&self) {
        self.proxy.lead_to(self.primary.port());
    }

    /// Makes the replica a primary of its own, which receives nothing any more.
    pub async fn detach(&self) {
        assert_eq!(self.replica.command("REPLICAOF NO ONE").await, "+OK");
    }
}

async fn follow(replica: &Redis, primary: &Redis) {
    assert_eq!(replica.command(&format!("REPLICAOF 127.0.0.1 {}", primary.port())).await, "+OK");
    caught_up(primary).await;
}

/// Waits until the replica has what the primary has.
async fn caught_up(primary: &Redis) {
    let wait = "SET caught-up 1\nWAIT 1 1000";
    eventually("the replica follows", async || (primary.command(wait).await == ":1").then_some(())).await;
}

/// The reply of a replica to `ROLE` has five parts, that of a primary three.
async fn is_replica(server: &Redis) -> bool {
    server.command("ROLE").await == "*5"
}
