//! Which workers have stopped renewing their leases, as this process has seen by its own monotonic clock. Pure.
//!
//! The database's clock takes no part. It may be stepped at any moment: forwards, and every lease would seem to have run out
//! at once; backwards, and a dead worker's lease would seem to hold for as long.

use std::collections::HashMap;
use std::time::Duration;

use entity::WorkerId;
use entity::worker::Model;
use tokio::time::Instant;

/// How long each worker has been silent.
pub(crate) struct LeaseWatch {
    own: WorkerId,
    ttl: Duration,
    /// The most that one look can add to a silence. While this process was suspended, it saw nobody's renewals.
    max_step: Duration,
    last_look: Option<Instant>,
    silences: HashMap<WorkerId, Silence>,
}

/// A worker's lease as it was last seen.
struct Silence {
    renewals: i64,
    lease_until: i64,
    /// How long it has not changed.
    lasted: Duration,
}

impl LeaseWatch {
    /// Watches all workers but `own`, which is looked at every `interval`. Each has a term of `ttl`, or its own if that is
    /// longer.
    pub(crate) fn new(own: WorkerId, ttl: Duration, interval: Duration) -> Self {
        Self { own, ttl, max_step: interval * 2, last_look: None, silences: HashMap::new() }
    }

    /// Takes in all workers, as the database returned them between `asked` and `answered`. Returns those that have not
    /// renewed their leases for a whole term.
    pub(crate) fn look(&mut self, workers: Vec<Model>, asked: Instant, answered: Instant) -> Vec<Model> {
        let since = self.last_look.replace(answered).map_or(Duration::ZERO, |last| asked.duration_since(last));
        let step = since.min(self.max_step);
        let before = std::mem::take(&mut self.silences);
        let mut expired = Vec::new();
        for worker in workers.into_iter().filter(|worker| worker.id != self.own) {
            let Model { renewals, lease_until, .. } = worker;
            let unchanged =
                before.get(&worker.id).filter(|seen| (seen.renewals, seen.lease_until) == (renewals, lease_until));
            let lasted = unchanged.map_or(Duration::ZERO, |seen| seen.lasted + step);
            self.silences.insert(worker.id, Silence { renewals, lease_until, lasted });
            let own_term = Duration::from_millis(u64::try_from(worker.lease_ttl).unwrap_or(0));
            if lasted >= self.ttl.max(own_term) {
                expired.push(worker);
            }
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;

    const TTL: Duration = Duration::from_secs(30);
    const RENEW: Duration = Duration::from_secs(5);

    fn worker(renewals: i64) -> Model {
        Model { id: new_id(), host: String::new(), started_at: 0, lease_until: 1_000, renewals, lease_ttl: 30_000 }
    }

    /// Looks every five seconds from `at` on, `times` times. Returns the time after which a worker was expired.
    fn expired_after(watch: &mut LeaseWatch, at: &mut Instant, mut workers: impl FnMut() -> Vec<Model>) -> Duration {
        let start = *at;
        while watch.look(workers(), *at, *at).is_empty() {
            *at += RENEW;
            assert!(*at - start < TTL * 10, "nobody expires");
        }
        *at - start
    }

    #[test]
    fn expires_a_worker_that_does_not_renew_for_a_whole_term_whatever_its_lease_says() {
        for lease_until in [0, i64::MAX] {
            let (mut watch, mut at) = (LeaseWatch::new(new_id(), TTL, RENEW), Instant::now());
            let dead = Model { lease_until, ..worker(7) };
            assert_eq!(expired_after(&mut watch, &mut at, || vec![dead.clone()]), TTL);
        }
    }

    #[test]
    fn never_expires_itself_nor_a_worker_that_renews() {
        let own = worker(0);
        let (mut watch, mut at) = (LeaseWatch::new(own.id, TTL, RENEW), Instant::now());
        let mut alive = worker(0);
        for _ in 0..100 {
            alive.renewals += 1;
            assert!(watch.look(vec![own.clone(), alive.clone()], at, at).is_empty());
            at += RENEW;
        }
        let mut earlier_release = Model { lease_ttl: 0, ..worker(0) };
        for _ in 0..100 {
            earlier_release.lease_until += 1;
            assert!(watch.look(vec![earlier_release.clone()], at, at).is_empty());
            at += RENEW;
        }
    }

    #[test]
    fn time_in_which_it_did_not_look_hardly_counts() {
        let (mut watch, mut at) = (LeaseWatch::new(new_id(), TTL, RENEW), Instant::now());
        let suspended_as_well = worker(1);
        assert!(watch.look(vec![suspended_as_well.clone()], at, at).is_empty());
        at += TTL * 100;
        assert!(watch.look(vec![suspended_as_well.clone()], at, at).is_empty());
        assert_eq!(expired_after(&mut watch, &mut at, || vec![suspended_as_well.clone()]), TTL - RENEW * 2);
    }

    #[test]
    fn grants_a_worker_its_own_longer_term() {
        let (mut watch, mut at) = (LeaseWatch::new(new_id(), TTL, RENEW), Instant::now());
        let patient = Model { lease_ttl: 60_000, ..worker(1) };
        assert_eq!(expired_after(&mut watch, &mut at, || vec![patient.clone()]), TTL * 2);
    }
}
