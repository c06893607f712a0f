//! How the upstream words refusals and failures.

/// How the upstream words refusals and failures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VerdictPlan {
    pub(crate) refusal: RefusalStyle,
    pub(crate) failure: FailureStyle,
}

/// How a refusal by the content policy is expressed. Styles of `chat` do not affect `videos`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RefusalStyle {
    #[default]
    Standard,
    /// `chat`: `finish_reason` is `content_filter`.
    ContentFilter,
    /// `chat`: `delta.refusal`.
    RefusalField,
    /// `chat`: an event named `error`.
    ErrorEvent,
    /// `chat`: an error object with the code `moderation_blocked`.
    ErrorObject,
    /// Only the message says it, and speaks of moderation.
    Moderation,
    /// Only the message says it, and speaks of guardrails.
    Guardrails,
    /// `videos`: polls are answered 400.
    PollError,
}

/// How a failure is expressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FailureStyle {
    #[default]
    Standard,
    /// The upstream was rate limited by Cloudflare.
    RateLimited,
    /// `videos`: the generation timed out.
    TimedOut,
}
