//! How a request can end without a video, and how an HTTP answer tells which it was.
//!
//! The line that matters is money: [`Outcome::is_charged`] is false only where the upstream surely started nothing.
//! Words in a message can make an outcome final, never more retryable.

use std::time::Duration;

use serde_json::Value;

use crate::prompt_echo::PromptEcho;

/// How a request ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The upstream's policy forbids it.
    Refused,
    /// The upstream cannot understand the request.
    Invalid,
    /// The model or the service no longer exists.
    UpstreamGone,
    /// The key is wrong, or its account has no credit.
    Unauthorised,
    /// Too much to do, and it said so before it began.
    Busy,
    /// It failed before it began, or could not be reached at all.
    Transient,
    /// A begun answer broke off.
    Interrupted,
    /// The request was sent and no answer settles what became of it.
    Unknown,
    /// A begun answer fell silent or stopped changing.
    Stalled,
    /// It took longer than anything may.
    TimedOut,
    /// The upstream no longer knows a generation that it had taken.
    Lost,
    /// The upstream that had taken it is no longer the one that is configured.
    UpstreamChanged,
    /// The result is there and cannot be fetched as a video.
    Unfetchable,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 13] = [
        Self::Refused,
        Self::Invalid,
        Self::UpstreamGone,
        Self::Unauthorised,
        Self::Busy,
        Self::Transient,
        Self::Interrupted,
        Self::Unknown,
        Self::Stalled,
        Self::TimedOut,
        Self::Lost,
        Self::UpstreamChanged,
        Self::Unfetchable,
    ];

    /// The outcome of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// The name under which API, database and metrics know it.
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
            Self::Stalled => "stalled",
            Self::TimedOut => "timed_out",
            Self::Lost => "lost",
            Self::UpstreamChanged => "upstream_changed",
            Self::Unfetchable => "unfetchable",
        }
    }

    /// Whether nothing that is sent again could end otherwise.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Refused | Self::Invalid | Self::UpstreamGone | Self::Unauthorised | Self::UpstreamChanged => true,
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

    /// Whether the request may have cost money by this alone. One that was accepted may have in any case.
    #[must_use]
    pub fn is_charged(self) -> bool {
        match self {
            Self::Refused | Self::Invalid | Self::UpstreamGone | Self::Unauthorised | Self::Busy | Self::Transient => {
                false
            }
            Self::Interrupted
            | Self::Unknown
            | Self::Stalled
            | Self::TimedOut
            | Self::Lost
            | Self::UpstreamChanged
            | Self::Unfetchable => true,
        }
    }
}

/// The end of a request without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", outcome.name())]
pub struct Failure {
    /// What it means.
    pub outcome: Outcome,
    /// What the upstream said or what happened, for administrators.
    pub detail: String,
    /// The reason that the upstream gave for refusing, for the user.
    pub reason: Option<String>,
    /// How long the upstream asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with this outcome.
    pub fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), reason: None, retry_after: None }
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason: Some(reason.clone()), ..Self::new(Outcome::Refused, reason) }
    }
}

/// Reads an answer whose status is not 2xx.
pub(crate) fn of_answer(status: u16, body: &str, retry_after: Option<Duration>, echo: &PromptEcho) -> Failure {
    let message = message(body);
    let text = message.as_deref().unwrap_or(body).trim();
    let outcome = of_status(status, echo.strip(text).trim(), is_page(body));
    let detail = format!("HTTP {status}: {text}");
    match outcome {
        Outcome::Refused => Failure { detail, ..Failure::refused(text) },
        _ => Failure { retry_after, ..Failure::new(outcome, detail) },
    }
}

/// Reads an error object that came inside a begun answer. Only where nothing at all came before it, and it says that there
/// is no room, did it surely start nothing.
pub(crate) fn of_error_frame(error: &Value, begun: bool, echo: &PromptEcho) -> Failure {
    let said = text_of(error);
    let judged = echo.strip(&said);
    match () {
        () if is_policy(&judged) => Failure::refused(said),
        () if begun => Failure::new(Outcome::Interrupted, said),
        () if is_gone(&judged) => Failure::new(Outcome::UpstreamGone, said),
        () if is_heavy_load(&judged) => Failure::new(Outcome::Busy, said),
        () => Failure::new(Outcome::Interrupted, said),
    }
}

/// Reads why an accepted generation has failed, as the upstream tells it in the generation's state.
pub(crate) fn of_failed_generation(error: Option<&Value>, echo: &PromptEcho) -> Failure {
    let said = error.map_or_else(|| "the upstream says that it failed".to_owned(), text_of);
    if is_policy(&echo.strip(&said)) { Failure::refused(said) } else { Failure::new(Outcome::Interrupted, said) }
}

fn of_status(status: u16, text: &str, page: bool) -> Outcome {
    match status {
        400..500 if is_policy(text) => Outcome::Refused,
        410 => Outcome::UpstreamGone,
        400 | 404 if is_gone(text) => Outcome::UpstreamGone,
        401..=403 => Outcome::Unauthorised,
        408 => Outcome::Unknown,
        429 => Outcome::Busy,
        300..500 => Outcome::Invalid,
        // A page is a proxy's: behind it the application may be at work.
        _ if page => Outcome::Unknown,
        500 if is_wrapped_client_error(text) => Outcome::Invalid,
        500 => Outcome::Transient,
        503 => Outcome::Busy,
        _ => Outcome::Unknown,
    }
}

/// sora2api answers a wrong request with status 500 and a message that starts with the real one: `400: …`.
fn is_wrapped_client_error(text: &str) -> bool {
    let status = text.as_bytes();
    status.len() > 4 && status[0] == b'4' && status[1..3].iter().all(u8::is_ascii_digit) && status[3] == b':'
}

pub(crate) fn is_policy(text: &str) -> bool {
    let words = ["moderation_blocked", "content policy", "content_policy", "content safety", "审核", "审查", "违规"];
    contains_any(text, &words)
}

fn is_gone(text: &str) -> bool {
    contains_any(text, &["model not found", "model_not_found", "retired", "deprecated and removed"])
}

fn is_heavy_load(text: &str) -> bool {
    contains_any(
        text,
        &["no available token", "no available channel", "无可用账号", "无可用渠道", "heavy load", "负载"],
    )
}

fn contains_any(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

fn is_page(body: &str) -> bool {
    let start = body.trim_start().get(..15).unwrap_or(body.trim_start()).to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

/// The message of `{"error":{"message"}}`, `{"error":"…"}`, `{"detail":…}` or `{"message"}`.
fn message(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    let error = value.get("error").filter(|error| !error.is_null());
    Some(text_of(error.or(value.get("detail")).or(value.get("message").map(|_| &value))?))
}

/// The text of an error: `{message, code}`, a string, or whatever it is. A message that is such an object as text again is
/// opened too.
fn text_of(error: &Value) -> String {
    let message = error.get("message").unwrap_or(error);
    let text =
        message.as_str().map_or_else(|| message.to_string(), |text| self::message(text).unwrap_or(text.to_owned()));
    match error.get("code").and_then(Value::as_str).filter(|code| !text.contains(*code)) {
        Some(code) => format!("{text} ({code})"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str) -> Outcome {
        of_answer(status, body, None, &PromptEcho::new("a prompt")).outcome
    }

    #[test]
    fn tells_what_surely_started_nothing_from_what_may_have() {
        let error = r#"{"error":{"message":"internal error","type":"server_error","param":null,"code":null}}"#;
        let page = "<!DOCTYPE html><html><body>Bad gateway</body></html>";
        assert_eq!(outcome(500, error), Outcome::Transient);
        assert_eq!(outcome(500, r#"{"error":{"message":"400: bad size"}}"#), Outcome::Invalid);
        assert_eq!(outcome(500, page), Outcome::Unknown);
        assert_eq!(outcome(503, error), Outcome::Busy);
        assert_eq!(outcome(503, page), Outcome::Unknown);
        assert_eq!(outcome(429, error), Outcome::Busy);
        for status in [408, 502, 504, 520, 522, 524, 501] {
            assert_eq!(outcome(status, error), Outcome::Unknown, "{status}");
        }
        for status in [307, 400, 404, 405, 413, 415, 422] {
            assert_eq!(outcome(status, error), Outcome::Invalid, "{status}");
        }
        for status in [401, 402, 403] {
            assert_eq!(outcome(status, error), Outcome::Unauthorised, "{status}");
        }
        assert_eq!(outcome(410, ""), Outcome::UpstreamGone);
        assert_eq!(outcome(404, r#"{"detail":"Model not found"}"#), Outcome::UpstreamGone);
    }

    #[test]
    fn gives_the_reason_of_a_refusal() {
        let body = r#"{"error":{"message":"Blocked by our system","code":"moderation_blocked"}}"#;
        let failure = of_answer(400, body, None, &PromptEcho::new("a prompt"));
        assert_eq!(failure.outcome, Outcome::Refused);
        assert_eq!(failure.reason.as_deref(), Some("Blocked by our system (moderation_blocked)"));
    }

    fn in_frame(message: &str, begun: bool) -> Outcome {
        of_error_frame(&serde_json::json!({"message": message}), begun, &PromptEcho::new("a very long prompt: 审核"))
            .outcome
    }

    #[test]
    fn words_never_make_a_begun_answer_more_retryable() {
        assert_eq!(in_frame("No available tokens for video generation", false), Outcome::Busy);
        assert_eq!(in_frame("No available tokens for video generation", true), Outcome::Interrupted);
        assert_eq!(outcome(502, r#"{"error":"heavy load"}"#), Outcome::Unknown);
    }

    #[test]
    fn opens_errors_inside_errors() {
        let inner = r#"{"error": {"message": "content_policy", "code": "x1"}}"#;
        assert_eq!(in_frame(inner, true), Outcome::Refused);
        assert_eq!(
            message(&serde_json::json!({"error": {"message": inner}}).to_string()).unwrap(),
            "content_policy (x1)"
        );
        let deep = (0..10).fold("end".to_owned(), |text, _| serde_json::json!({"error": text}).to_string());
        assert_eq!(message(&deep).as_deref(), Some("end"));
    }

    #[test]
    fn the_prompt_in_a_message_decides_nothing() {
        assert_eq!(in_frame("cannot do 'a very long prompt: 审核'", true), Outcome::Interrupted);
        assert_eq!(in_frame("审核 failed for 'a very long prompt: 审核'", true), Outcome::Refused);
    }

    #[test]
    fn every_outcome_is_found_by_its_name() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
        }
        assert_eq!(Outcome::from_name("completed"), None);
    }
}
