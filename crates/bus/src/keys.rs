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
}
