//! What the processor knows about its upstreams, and what it repeats of their messages.

pub(crate) mod breaker;
pub(crate) mod failure_message;
pub(crate) mod redact;
pub(crate) mod suspension;
pub(crate) mod upstream_health;
pub(crate) mod upstreams;
