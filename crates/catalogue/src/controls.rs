//! What was decided about upstreams and pools while the platform runs: by administrators, and by processors whose key was
//! refused or that could not read an upstream's answers.

use std::collections::{HashMap, HashSet};

use entity::limits::Model as Limits;
use entity::{DatabaseConnection, DbErr, paused_pool, upstream_control, upstream_state};

use crate::{Catalogue, Pool, Upstream};

/// Why nothing more is sent to an upstream. What it works on is finished in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The catalogue disables it.
    Disabled,
    /// An administrator paused it.
    Paused,
    /// It refused the key.
    KeyRefused,
    /// Its answers could not be read.
    Unreadable,
}

impl Unavailable {
    /// The name in answers and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Paused => "paused",
            Self::KeyRefused => "key_refused",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What was decided about all upstreams and pools. By default nothing was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    upstreams: HashMap<String, upstream_control::Model>,
    suspended: HashSet<String>,
    paused_pools: HashSet<String>,
}

impl Controls {
    /// Reads them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn read(db: &DatabaseConnection) -> Result<Self, DbErr> {
        let upstreams = upstream_control::all(db).await?.into_iter().map(|row| (row.upstream.clone(), row)).collect();
        let states = upstream_state::all(db).await?;
        let suspended = states.into_iter().filter(|row| row.suspended_at.is_some()).map(|row| row.upstream).collect();
        let paused_pools = paused_pool::all(db).await?.into_iter().collect();
        Ok(Self { upstreams, suspended, paused_pools })
    }

    /// Why nothing more is sent to the upstream; `None` if it may be used.
    #[must_use]
    pub fn unavailable(&self, upstream: &Upstream) -> Option<Unavailable> {
        let control = self.upstreams.get(&upstream.name);
        if !upstream.enabled {
            Some(Unavailable::Disabled)
        } else if control.is_some_and(|control| control.paused) {
            Some(Unavailable::Paused)
        } else if control.is_some_and(|control| control.refused_at.is_some()) {
            Some(Unavailable::KeyRefused)
        } else if self.suspended.contains(&upstream.name) {
            Some(Unavailable::Unreadable)
        } else {
            None
        }
    }

    /// Maximum number of jobs in flight at the upstream; 0 = no maximum.
    #[must_use]
    pub fn concurrency(&self, upstream: &Upstream) -> u32 {
        let changed = self.upstreams.get(&upstream.name).and_then(|control| control.concurrency);
        changed.map_or(upstream.concurrency, |changed| u32::try_from(changed).unwrap_or(0))
    }

    /// When the upstream's key was refused, epoch ms.
    #[must_use]
    pub fn refused_at(&self, upstream: &str) -> Option<i64> {
        self.upstreams.get(upstream)?.refused_at
    }

    /// The hash of the key that the upstream refused.
    #[must_use]
    pub fn refused_key(&self, upstream: &str) -> Option<&str> {
        self.upstreams.get(upstream)?.refused_key.as_deref()
    }

    /// Whether an administrator paused the upstream.
    #[must_use]
    pub fn is_upstream_paused(&self, upstream: &str) -> bool {
        self.upstreams.get(upstream).is_some_and(|control| control.paused)
    }

    /// Whether an administrator paused the pool.
    #[must_use]
    pub fn is_paused(&self, pool: &str) -> bool {
        self.paused_pools.contains(pool)
    }

    /// The limits of a pool's queue. `limits` is the row of the whole platform: it can pause every pool, and without a file its
    /// concurrency is that of the only pool. With a file, the concurrency is the sum of what the pool's upstreams can take that
    /// may be used; if none may be, the pool is paused.
    #[must_use]
    pub fn limits_of(&self, catalogue: &Catalogue, pool: &str, limits: Limits) -> Limits {
        let Some(pool) = catalogue.pool(pool).filter(|_| catalogue.from_file) else { return limits };
        let concurrencies = self.usable(catalogue, pool);
        let paused = limits.paused || self.is_paused(&pool.name) || concurrencies.is_empty();
        let unlimited = concurrencies.contains(&0);
        let sum = concurrencies.into_iter().fold(0_u32, u32::saturating_add);
        let concurrency = if unlimited { 0 } else { i32::try_from(sum).unwrap_or(i32::MAX) };
        Limits { concurrency, paused, ..limits }
    }

    /// How many jobs each upstream of the pool that may be used can take.
    fn usable(&self, catalogue: &Catalogue, pool: &Pool) -> Vec<u32> {
        let members = pool.members.iter().filter_map(|member| catalogue.upstream(&member.upstream));
        let usable = members.filter(|upstream| self.unavailable(upstream).is_none());
        usable.map(|upstream| self.concurrency(upstream)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"
        [[upstream]]
        name = "relay"
        url = "https://relay.example/v1/videos"
        concurrency = 4

        [[upstream]]
        name = "spare"
        url = "https://spare.example/v1/videos"
        concurrency = 2

        [[upstream]]
        name = "gpu"
        url = "http://gpu.internal/v1/videos"

        [[pool]]
        name = "paid"
        upstreams = ["relay", "spare"]

        [[pool]]
        name = "own"
        upstreams = ["gpu"]

        [[model]]
        name = "sora-2"
        pool = "paid"
        seconds = [4]
        sizes = ["1280x720"]

        [[model]]
        name = "wan"
        pool = "own"
        seconds = [5]
        sizes = ["1280x720"]
    "#;

    const PLATFORM: Limits = Limits { id: 1, concurrency: 7, paused: false, version: 3 };

    fn control(upstream: &str) -> upstream_control::Model {
        let upstream = upstream.to_owned();
        upstream_control::Model { upstream, concurrency: None, paused: false, refused_at: None, refused_key: None }
    }

    fn limits(controls: &[upstream_control::Model], pool: &str) -> (i32, bool) {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let upstreams = controls.iter().map(|row| (row.upstream.clone(), row.clone())).collect();
        let controls = Controls { upstreams, ..Controls::default() };
        let Limits { concurrency, paused, .. } = controls.limits_of(&catalogue, pool, PLATFORM);
        (concurrency, paused)
    }

    #[test]
    fn a_pool_takes_what_its_usable_upstreams_take() {
        assert_eq!(limits(&[], "paid"), (6, false));
        assert_eq!(limits(&[], "own"), (0, false), "no limit");
        let refused = upstream_control::Model { refused_at: Some(1), ..control("relay") };
        assert_eq!(limits(std::slice::from_ref(&refused), "paid"), (2, false));
        let raised = upstream_control::Model { concurrency: Some(5), ..control("spare") };
        assert_eq!(limits(&[refused.clone(), raised], "paid"), (5, false));
        let paused = upstream_control::Model { paused: true, ..control("spare") };
        assert_eq!(limits(&[refused, paused], "paid"), (0, true), "none may be used");
    }

    #[test]
    fn without_a_file_the_platforms_limits_are_the_pools() {
        let catalogue = Catalogue::from_models(Vec::new(), &[], &[], false);
        assert_eq!(Controls::default().limits_of(&catalogue, crate::DEFAULT_POOL, PLATFORM), PLATFORM);
    }

    #[test]
    fn the_platform_or_an_administrator_pauses_a_pool() {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let paused = Controls { paused_pools: HashSet::from(["own".to_owned()]), ..Controls::default() };
        assert!(paused.limits_of(&catalogue, "own", PLATFORM).paused);
        assert!(!paused.limits_of(&catalogue, "paid", PLATFORM).paused);
        assert!(paused.limits_of(&catalogue, "paid", Limits { paused: true, ..PLATFORM }).paused);
    }
}
