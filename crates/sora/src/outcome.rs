//! How a request can end without a video.
//!
//! What matters is money: [`Outcome::is_charged`] is false only where the upstream surely started nothing.

/// How a request ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The upstream's policy forbids the content.
    Refused,
    /// The upstream rejects the request as malformed.
    Invalid,
    /// The model or the service no longer exists.
    UpstreamGone,
    /// The key is wrong, or its account has no credit.
    Unauthorised,
    /// The upstream has no capacity, and said so before it started.
    Busy,
    /// The upstream failed before it started, or could not be reached.
    Transient,
    /// An answer that had begun broke off, or the upstream reported a failure.
    Interrupted,
    /// The request was sent, and no answer says what happened to it.
    Unknown,
    /// The upstream's answers cannot be read: they hold neither an id nor a status.
    Unreadable,
    /// An answer that had begun went silent or stopped making progress.
    Stalled,
    /// The generation exceeded the total time.
    TimedOut,
    /// The upstream no longer knows a generation that it had accepted.
    Lost,
    /// The generation was submitted to an upstream that is no longer configured.
    UpstreamChanged,
    /// The result exists and cannot be fetched as a video.
    Unfetchable,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 14] = [
        Self::Refused,
        Self::Invalid,
        Self::UpstreamGone,
        Self::Unauthorised,
        Self::Busy,
        Self::Transient,
        Self::Interrupted,
        Self::Unknown,
        Self::Unreadable,
        Self::Stalled,
        Self::TimedOut,
        Self::Lost,
        Self::UpstreamChanged,
        Self::Unfetchable,
    ];

    /// The outcome with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Its name in the API, the database and the metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::UpstreamGone => "upstream_gone",
            Self::Unauthorised => "unauthorised",
            Self::Busy => "busy",
            Self::Transient => "transient",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
            Self::Unreadable => "unreadable",
            Self::Stalled => "stalled",
            Self::TimedOut => "timed_out",
            Self::Lost => "lost",
            Self::UpstreamChanged => "upstream_changed",
            Self::Unfetchable => "unfetchable",
        }
    }

    /// Whether the same request would end the same way again. An unreadable answer is final because another request
    /// would be paid for and not understood either.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Refused
            | Self::Invalid
            | Self::UpstreamGone
            | Self::Unauthorised
            | Self::Unreadable
            | Self::UpstreamChanged => true,
            Self::Busy
            | Self::Transient
            | Self::Interrupted
            | Self::Unknown
            | Self::Stalled
            | Self::TimedOut
            | Self::Lost
            | Self::Unfetchable => false,
        }
    }

    /// Whether the request may have cost money, judged by the outcome alone. One that was accepted may have in any case.
    #[must_use]
    pub fn is_charged(self) -> bool {
        match self {
            Self::Refused | Self::Invalid | Self::UpstreamGone | Self::Unauthorised | Self::Busy | Self::Transient => {
                false
            }
            Self::Interrupted
            | Self::Unknown
            | Self::Unreadable
            | Self::Stalled
            | Self::TimedOut
            | Self::Lost
            | Self::UpstreamChanged
            | Self::Unfetchable => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_found_by_its_name() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
        }
        assert_eq!(Outcome::from_name("completed"), None);
    }
}
