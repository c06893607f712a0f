//! How a request failed, and how the upstream's answers say so: HTTP errors, error frames, failed generations.
//!
//! Words in a message can make an outcome final, never more retryable.

use std::time::Duration;

use serde_json::Value;

use crate::outcome::Outcome;
use crate::prompt_echo::PromptEcho;
use crate::vocabulary::{is_gone, is_overload, is_policy};

/// The end of a request without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", outcome.name())]
pub struct Failure {
    /// What it means.
    pub outcome: Outcome,
    /// What the upstream said or what happened, for administrators.
    pub detail: String,
    /// The upstream's reason for refusing, for the user.
    pub reason: Option<String>,
    /// How long the upstream asked to wait before the next request.
    pub retry_after: Option<Duration>,
    /// The last 4 KiB of what the upstream sent, or the first KiB of an answer that cannot be read; for administrators.
    pub evidence: Option<String>,
}

impl Failure {
    /// A failure with this outcome.
    pub fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), reason: None, retry_after: None, evidence: None }
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason: Some(reason.clone()), ..Self::new(Outcome::Refused, reason) }
    }

    /// The same failure with what the upstream sent, unless it has that already.
    #[must_use]
    pub(crate) fn with_evidence(self, evidence: Option<String>) -> Self {
        Self { evidence: self.evidence.or(evidence), ..self }
    }
}

/// Reads an answer whose status is not 2xx.
pub(crate) fn of_answer(status: u16, body: &str, retry_after: Option<Duration>, echo: &PromptEcho) -> Failure {
    let text = message(body).unwrap_or_else(|| body.to_owned());
    let text = text.trim();
    let verdict = status >= 400 && policy_verdict(body, echo);
    let outcome = if verdict { Outcome::Refused } else { of_status(status, echo.strip(text).trim(), is_page(body)) };
    let detail = format!("HTTP {status}: {text}");
    match outcome {
        Outcome::Refused => Failure { detail, ..Failure::refused(text) },
        _ => Failure { retry_after, ..Failure::new(outcome, detail) },
    }
}

/// Reads an error object inside an answer that has begun. It surely started nothing only if nothing at all came before it
/// and it says that there is no capacity.
pub(crate) fn of_error_frame(error: &Value, begun: bool, echo: &PromptEcho) -> Failure {
    let text = text_of(error);
    let judged = echo.strip(&text);
    match () {
        () if is_policy(&judged) || is_policy(&echo.strip(&words_of(error))) => Failure::refused(text),
        () if begun => Failure::new(Outcome::Interrupted, text),
        () if is_gone(&judged) => Failure::new(Outcome::UpstreamGone, text),
        () if is_overload(&judged) => Failure::new(Outcome::Busy, text),
        () => Failure::new(Outcome::Interrupted, text),
    }
}

/// Reads why an accepted generation has failed, from the state that the upstream reports.
pub(crate) fn of_failed_generation(error: Option<&Value>, refused: bool, echo: &PromptEcho) -> Failure {
    let text = error.map_or_else(|| "the upstream reports a failure without a reason".to_owned(), text_of);
    let verdict = error.is_some_and(|error| is_policy(&echo.strip(&words_of(error))));
    if refused || verdict || is_policy(&echo.strip(&text)) {
        Failure::refused(if error.is_some() { text } else { String::new() })
    } else {
        Failure::new(Outcome::Interrupted, text)
    }
}

/// Whether the body of an HTTP error is a verdict of the upstream's policy.
pub(crate) fn policy_verdict(body: &str, echo: &PromptEcho) -> bool {
    let words = match serde_json::from_str::<Value>(body) {
        Ok(value) => words_of(&value),
        Err(_) if is_page(body) => return false,
        Err(_) => body.to_owned(),
    };
    is_policy(&echo.strip(&words))
}

fn of_status(status: u16, text: &str, page: bool) -> Outcome {
    match status {
        410 => Outcome::UpstreamGone,
        400 | 404 if is_gone(text) => Outcome::UpstreamGone,
        401..=403 => Outcome::Unauthorised,
        408 => Outcome::Unknown,
        429 => Outcome::Busy,
        300..500 => Outcome::Invalid,
        // A proxy's page: the application behind it may have started.
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

pub(crate) fn is_page(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(15).collect::<String>().to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

/// The message of `{"error":{"message"}}`, `{"error":"…"}`, `{"detail":…}`, `{"message"}` or `{"msg"}`.
fn message(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    let error = value.get("error").filter(|error| !error.is_null());
    let whole = || value.get("message").or(value.get("msg")).map(|_| &value);
    Some(text_of(error.or(value.get("detail")).or_else(whole)?))
}

/// The text of an error: `{message, code}`, a string, or whatever it is. A message that is itself such an object as text
/// is opened too.
pub(crate) fn text_of(error: &Value) -> String {
    let message = error.get("message").or(error.get("msg")).unwrap_or(error);
    let text =
        message.as_str().map_or_else(|| message.to_string(), |text| self::message(text).unwrap_or(text.to_owned()));
    match error.get("code").and_then(Value::as_str).filter(|code| !text.contains(*code)) {
        Some(code) => format!("{text} ({code})"),
        None => text,
    }
}

/// All strings in an error: its message, code, type and whatever else it says.
fn words_of(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(values) => values.iter().map(words_of).collect(),
        Value::Object(fields) => fields.values().map(words_of).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outcome(status: u16, body: &str) -> Outcome {
        of_answer(status, body, None, &PromptEcho::new("a prompt")).outcome
    }

    #[test]
    fn separates_what_surely_started_nothing_from_what_may_have() {
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
    fn keeps_the_reason_of_a_refusal() {
        let body = r#"{"error":{"message":"Blocked by our system","code":"moderation_blocked"}}"#;
        let failure = of_answer(400, body, None, &PromptEcho::new("a prompt"));
        assert_eq!(failure.outcome, Outcome::Refused);
        assert_eq!(failure.reason.as_deref(), Some("Blocked by our system (moderation_blocked)"));
    }

    #[test]
    fn recognises_a_policy_verdict_in_any_field_and_under_any_error_status() {
        for body in [
            r#"{"code":"imagine:content-moderated","error":"Generated video was not released."}"#,
            r#"{"error":{"message":"no","type":"content_policy_violation"}}"#,
            r#"{"detail":{"reason":"NSFW"}}"#,
        ] {
            for status in [400, 403, 422, 500, 503] {
                assert_eq!(outcome(status, body), Outcome::Refused, "{status} {body}");
            }
        }
        assert_eq!(outcome(500, "<html>content policy</html>"), Outcome::Unknown);
    }

    fn in_frame(message: &str, begun: bool) -> Outcome {
        of_error_frame(&json!({"message": message}), begun, &PromptEcho::new("a very long prompt: 审核")).outcome
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
        let failure = of_error_frame(&json!({"message": inner}), true, &PromptEcho::new("a prompt"));
        assert_eq!((failure.outcome, failure.detail.as_str()), (Outcome::Refused, "content_policy (x1)"));
    }

    #[test]
    fn the_prompt_in_a_message_never_decides() {
        assert_eq!(in_frame("cannot do 'a very long prompt: 审核'", true), Outcome::Interrupted);
        assert_eq!(in_frame("审核 failed for 'a very long prompt: 审核'", true), Outcome::Refused);
    }

    #[test]
    fn a_failed_generation_is_refused_only_by_policy() {
        let echo = PromptEcho::new("a prompt");
        let of = |error: Value, refused| of_failed_generation(Some(&error), refused, &echo);
        assert_eq!(of(json!({"message": "boom"}), false).outcome, Outcome::Interrupted);
        assert_eq!(of(json!({"code": "DataInspectionFailed", "message": "no"}), false).outcome, Outcome::Refused);
        assert_eq!(of(json!("no reason"), true).reason.as_deref(), Some("no reason"));
        assert_eq!(of_failed_generation(None, true, &echo).reason.as_deref(), Some(""));
    }
}
