//! Messages with which upstreams word refusals and failures, the same in both dialects.

/// A refusal that speaks of moderation.
pub(crate) const MODERATION: &str = "Generated video rejected by content moderation.";
/// A refusal that speaks of guardrails.
pub(crate) const GUARDRAILS: &str =
    "This content may violate our guardrails concerning similarity to third-party content.";
/// A failure because the upstream was rate limited.
pub(crate) const RATE_LIMITED: &str = "Cloudflare challenge or rate limit (429) triggered. Please change proxy or reduce \
                                       request frequency.";
/// A failure because the generation took too long.
pub(crate) const TIMED_OUT: &str = "The generation did not finish in time.";
