//! Names of the keys and channels, under one prefix with one hash tag.

/// The pool whose queue has the keys that the only queue had before there were several pools.
pub const DEFAULT_POOL: &str = "default";

/// The consumer group of each stream; the scripts name it too.
pub(crate) const GROUP: &str = "processors";

/// Key and channel names of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    namespace: String,
    /// Channel of events.
    pub events: String,
    /// Channel of control messages.
    pub control: String,
    /// String: the database with which the processors worked last, and its number.
    pub recency: String,
    /// String that is written to check that Redis accepts writes.
    pub check: String,
    /// Prefix of the rate counters' keys.
    pub rates: String,
}

impl Keys {
    /// The names under `namespace`, which should contain a hash tag, as in `{sora}:v1`.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        let key = |name: &str| format!("{namespace}:{name}");
        Self {
            namespace: namespace.to_owned(),
            events: key("events"),
            control: key("control"),
            recency: key("recency"),
            check: key("check"),
            rates: key("rate"),
        }
    }

    pub(crate) fn rate(&self, name: &str) -> String {
        format!("{}:{name}", self.rates)
    }

    /// The keys of a pool's queue.
    #[must_use]
    pub fn of_pool(&self, pool: &str) -> QueueKeys {
        // Before there were pools, the only queue had no name.
        let suffix = if pool == DEFAULT_POOL { String::new() } else { format!(":{pool}") };
        let key = |name: &str| format!("{}:{name}{suffix}", self.namespace);
        QueueKeys {
            jobs: key("jobs"),
            backlog: key("backlog"),
            tags: key("tags"),
            clock: key("clock"),
            locations: key("where"),
            limits: key("limits"),
            places: key("places"),
            used: key("used"),
        }
    }
}

/// Key names of one pool's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueKeys {
    /// Stream of admitted jobs.
    pub jobs: String,
    /// Sorted set of jobs that wait for admission.
    pub backlog: String,
    /// Sorted set of flows by their last tag.
    pub tags: String,
    /// Virtual time.
    pub clock: String,
    /// Hash: job → location and flow.
    pub locations: String,
    /// Hash that mirrors the pool's limits.
    pub limits: String,
    /// Hash: job → the upstream at which it has a place.
    pub places: String,
    /// Hash: upstream → number of places in use.
    pub used: String,
}

impl QueueKeys {
    /// The keys in the order in which the scripts unpack them.
    pub(crate) fn of_scripts(&self) -> [&str; 8] {
        [&self.jobs, &self.backlog, &self.tags, &self.clock, &self.locations, &self.limits, &self.places, &self.used]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_match_the_contract() {
        let keys = Keys::new("{sora}:v1");
        assert_eq!(
            keys.of_pool("default").of_scripts(),
            [
                "{sora}:v1:jobs",
                "{sora}:v1:backlog",
                "{sora}:v1:tags",
                "{sora}:v1:clock",
                "{sora}:v1:where",
                "{sora}:v1:limits",
                "{sora}:v1:places",
                "{sora}:v1:used"
            ]
        );
        let relay = keys.of_pool("relay");
        assert_eq!([relay.jobs.as_str(), &relay.locations], ["{sora}:v1:jobs:relay", "{sora}:v1:where:relay"]);
        assert_eq!([keys.events.as_str(), keys.control.as_str()], ["{sora}:v1:events", "{sora}:v1:control"]);
    }

    #[test]
    fn all_keys_share_one_cluster_slot() {
        assert_eq!(slot("123456789"), 12_739, "the example in Redis's cluster specification");
        for namespace in ["{sora}:v1", "before{tag}after", "{a}{b}"] {
            let keys = Keys::new(namespace);
            let home = slot(&keys.events);
            let (rate, pools) = (keys.rate("submit:0190"), ["default", "relay"].map(|pool| keys.of_pool(pool)));
            let of_queues = pools.iter().flat_map(QueueKeys::of_scripts);
            for key in of_queues.chain([keys.events.as_str(), &keys.control, &keys.check, &rate]) {
                assert_eq!(slot(key), home, "{key}");
            }
        }
    }

    /// A key's slot: CRC-16 (XMODEM) of its hash tag, or of the whole key if it has none.
    fn slot(key: &str) -> u16 {
        let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
        let crc =
            tag.filter(|tag| !tag.is_empty()).unwrap_or(key).bytes().fold(0_u16, |crc, byte| {
                (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
                    if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
                })
            });
        crc % 16_384
    }
}
