//! The invariants, and the end of a run.

use std::collections::{BTreeMap, HashMap, HashSet};

use bus::Queue;
use entity::job;
use redis::AsyncCommands;

use super::{CAP, PLACES, World};

impl World {
    /// Checks the invariants: `where` points to existing entries, and no more jobs are in flight than allowed.
    pub(super) async fn check(&mut self, when: &str) {
        for queue in self.queues.clone() {
            self.check_queue(&queue, when).await;
        }
    }

    async fn check_queue(&mut self, queue: &Queue, when: &str) {
        let keys = queue.keys();
        let locations: HashMap<String, String> = self.raw.hgetall(&keys.locations).await.unwrap();
        let entries: Option<redis::streams::StreamRangeReply> = self.raw.xrange_all(&keys.jobs).await.unwrap();
        let entries: HashSet<_> = entries.into_iter().flat_map(|reply| reply.ids).map(|entry| entry.id).collect();
        for (job, value) in locations {
            let (location, _) = value.split_once('|').unwrap();
            let score: Option<f64> = self.raw.zscore(&keys.backlog, &job).await.unwrap();
            let exists = if location == "b" { score.is_some() } else { entries.contains(location) };
            assert!(exists, "{when}: {job} is not at {value}");
        }
        let places: HashMap<String, String> = self.raw.hgetall(&keys.places).await.unwrap();
        let mut counted = BTreeMap::new();
        for upstream in places.values() {
            *counted.entry(upstream.clone()).or_insert(0) += 1;
        }
        assert_eq!(counted, queue.places_in_use().await.unwrap(), "{when}: the counts are not those of the places");
        assert!(counted.values().all(|count| *count <= u64::from(PLACES)), "{when}: {counted:?}");
        assert!(self.flushed || entries.len() <= CAP as usize, "{when}: {} are in flight", entries.len());
    }

    /// Crashes all workers and lets them work until every job has finished and Redis is empty.
    pub(super) async fn finish_all(mut self, seed: u64) {
        for _ in 0..self.workers.len() {
            self.crash(0).await;
        }
        let mut passes = 0;
        while self.jobs.values().any(Option::is_none) || self.entries_in_redis().await > 0 {
            passes += 1;
            assert!(passes < 500, "seed {seed}: {} never finishes", self.remaining().await);
            self.reconcile().await;
            self.reclaim(100).await;
            self.read().await;
            for chosen in 0..self.workers.len() {
                for (delivery, claim) in std::mem::take(&mut self.workers[chosen].deliveries) {
                    if let Some(claim) = claim {
                        self.write(claim, 0).await;
                    }
                    self.queue_of(delivery.job).ack_and_publish(&delivery, None).await.unwrap();
                }
            }
        }
        for (job, status) in &self.jobs {
            let row = job::by_id(&self.db, *job).await.unwrap().unwrap();
            assert_eq!((Some(row.status), row.worker_id), (*status, None), "seed {seed}: {job}");
        }
    }

    /// What Redis and the rows still contain, for the failure message.
    async fn remaining(&mut self) -> String {
        let active: Vec<_> = self.jobs.iter().filter(|(_, status)| status.is_none()).collect();
        let mut remaining = format!("active {active:?}");
        for queue in self.queues.clone() {
            let keys = queue.keys();
            let locations: HashMap<String, String> = self.raw.hgetall(&keys.locations).await.unwrap();
            let waiting: Vec<(String, f64)> = self.raw.zrange_withscores(&keys.backlog, 0, -1).await.unwrap();
            let entries: redis::Value = self.raw.xrange_all(&keys.jobs).await.unwrap();
            let groups: redis::Value = self.raw.xinfo_groups(&keys.jobs).await.unwrap();
            let state = format!("; where {locations:?}, backlog {waiting:?}, stream {entries:?}, group {groups:?}");
            remaining.push_str(&state);
        }
        remaining
    }

    async fn entries_in_redis(&mut self) -> u64 {
        let mut all = 0;
        for queue in self.queues.clone() {
            let keys = queue.keys();
            let waiting: u64 = self.raw.zcard(&keys.backlog).await.unwrap();
            let in_flight: u64 = self.raw.xlen(&keys.jobs).await.unwrap();
            let known: u64 = self.raw.hlen(&keys.locations).await.unwrap();
            let places: u64 = self.raw.hlen(&keys.places).await.unwrap();
            all += waiting + in_flight + known + places;
        }
        all
    }
}
