//! What the processor knows about its upstream, and what it repeats of the upstream's messages.

pub(crate) mod breaker;
pub(crate) mod failure_message;
pub(crate) mod redact;
pub(crate) mod suspension;
pub(crate) mod upstream_health;
