//! The names of all keys and channels, under one prefix with one hash tag.

/// Key and channel names of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Stream of admitted jobs.
    pub jobs: String,
    /// Sorted set of waiting jobs.
    pub backlog: String,
    /// Sorted set of flows by last tag.
    pub tags: String,
    /// Virtual time.
    pub clock: String,
    /// Hash: job → place and flow.
    pub places: String,
    /// Hash: mirror of the `limits` row.
    pub limits: String,
    /// Channel of progress events.
    pub events: String,
    /// Channel of word between processes.
    pub control: String,
    /// What the keys of counters begin with.
    pub rates: String,
}

impl Keys {
    /// Names under `namespace`, which should hold a hash tag: `{sora}:v1`.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        let key = |name: &str| format!("{namespace}:{name}");
        Self {
            jobs: key("jobs"),
            backlog: key("backlog"),
            tags: key("tags"),
            clock: key("clock"),
            places: key("where"),
            limits: key("limits"),
            events: key("events"),
            control: key("control"),
            rates: key("rate"),
        }
    }

    pub(crate) fn rate(&self, what: &str) -> String {
        format!("{}:{what}", self.rates)
    }

    /// In the order that the scripts unpack.
    pub(crate) fn of_scripts(&self) -> [&str; 6] {
        [&self.jobs, &self.backlog, &self.tags, &self.clock, &self.places, &self.limits]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_published_ones() {
        let keys = Keys::new("{sora}:v1");
        assert_eq!(
            keys.of_scripts(),
            [
                "{sora}:v1:jobs",
                "{sora}:v1:backlog",
                "{sora}:v1:tags",
                "{sora}:v1:clock",
                "{sora}:v1:where",
                "{sora}:v1:limits"
            ]
        );
        assert_eq!([keys.events.as_str(), keys.control.as_str()], ["{sora}:v1:events", "{sora}:v1:control"]);
    }

    #[test]
    fn all_keys_lie_in_one_slot_of_a_cluster() {
        assert_eq!(slot("123456789"), 12_739, "the example of Redis's own specification");
        for namespace in ["{sora}:v1", "before{tag}after", "{a}{b}"] {
            let keys = Keys::new(namespace);
            let home = slot(&keys.jobs);
            let rate = keys.rate("submit:0190");
            for key in keys.of_scripts().into_iter().chain([keys.events.as_str(), &keys.control, &rate]) {
                assert_eq!(slot(key), home, "{key}");
            }
        }
    }

    /// The slot of a key: CRC-16 (XMODEM) of its hash tag, or of all of it.
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
