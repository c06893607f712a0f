//! A video's state as servers write it: every field may be missing, of another type, or `null`. Pure.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The answer to a submission or to a poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct VideoObject(Value);

/// Where a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    InProgress,
    Completed,
    Failed,
}

/// Status words that were logged once; a server cannot make it grow without end.
static UNKNOWN_WORDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
const MOST_WORDS: usize = 32;

impl VideoObject {
    /// Reads a body; `None` when it is no object.
    pub(super) fn parse(body: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(body).ok()?;
        // Some relays wrap the object.
        let inner = value.get("data").filter(|data| data.is_object()).cloned();
        Some(Self(inner.unwrap_or(value))).filter(|object| object.0.is_object())
    }

    /// The id by which it can be asked about.
    pub(super) fn id(&self) -> Option<String> {
        let value =
            ["id", "task_id", "video_id"].iter().find_map(|name| self.0.get(name).filter(|id| !id.is_null()))?;
        let id = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(id).filter(|id| !id.is_empty() && id.len() <= 1_024)
    }

    /// Whether it tells anything of a generation, rather than of an error.
    pub(super) fn tells(&self) -> bool {
        self.0.get("status").is_some_and(Value::is_string)
    }

    /// Its state. An unknown word means that it is still running.
    pub(super) fn state(&self) -> State {
        let word = self.0.get("status").and_then(Value::as_str).unwrap_or_default().trim().to_lowercase();
        match word.as_str() {
            "queued" | "pending" | "submitted" | "not_start" | "preparing" | "created" | "starting" => State::Queued,
            "in_progress" | "processing" | "running" | "generating" => State::InProgress,
            "completed" | "complete" | "success" | "succeeded" | "finished" => State::Completed,
            "failed" | "failure" | "fail" | "error" | "cancelled" | "canceled" | "expired" => State::Failed,
            _ => {
                report(&word);
                State::InProgress
            }
        }
    }

    /// 0–100, if it is told.
    pub(super) fn progress(&self) -> Option<f32> {
        let progress = match self.0.get("progress")? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().trim_end_matches('%').trim().parse().ok(),
            _ => None,
        };
        #[allow(clippy::cast_possible_truncation, reason = "0 to 100")]
        progress.filter(|progress| (0.0..=100.0).contains(progress)).map(|progress| progress as f32)
    }

    /// Why it failed: an object, a text, or nothing.
    pub(super) fn error(&self) -> Option<&Value> {
        let places = ["error", "fail_reason", "failure_reason", "message"];
        places.iter().find_map(|name| self.0.get(name).filter(|error| !error.is_null()))
    }
}

fn report(word: &str) {
    let mut words = UNKNOWN_WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if words.len() < MOST_WORDS && words.insert(word.to_owned()) {
        tracing::warn!(status = word, "an unknown status word of the upstream counts as still running");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(body: &str) -> VideoObject {
        VideoObject::parse(body).unwrap()
    }

    /// Answers as the servers of the table in their documentation write them.
    #[test]
    fn reads_the_answers_of_many_servers() {
        let openai = r#"{"id":"video_123","object":"video","model":"sora-2","status":"in_progress","progress":36,"created_at":1,"seconds":"8","size":"1280x720","error":null}"#;
        let vllm_omni = r#"{"id":"video_gen_1","object":"video","status":"failed","progress":0,"error":{"code":"OutOfMemoryError","message":"CUDA out of memory"}}"#;
        let sglang =
            r#"{"id":"x","object":"video","status":"failed","progress":0,"seconds":4,"error":{"message":"boom"}}"#;
        let tensorrt = r#"{"id":"video_9","status":"failed","error":"RuntimeError: boom","seconds":4.0}"#;
        let new_api = r#"{"id":"task_1","task_id":"task_1","object":"video","status":"failed","progress":100,"error":"upstream said no"}"#;
        let litellm = r#"{"id":"video_bGl0ZWxsbTo=+/x","status":"queued"}"#;
        assert_eq!((object(openai).state(), object(openai).progress()), (State::InProgress, Some(36.0)));
        assert_eq!(object(openai).error(), None);
        for failed in [vllm_omni, sglang, tensorrt, new_api] {
            assert_eq!(object(failed).state(), State::Failed, "{failed}");
            assert!(object(failed).error().is_some(), "{failed}");
        }
        assert_eq!(object(litellm).id().as_deref(), Some("video_bGl0ZWxsbTo=+/x"));
        assert_eq!(object(r#"{"task_id": 17}"#).id().as_deref(), Some("17"));
        assert_eq!(
            object(r#"{"code":"success","data":{"task_id":"t","status":"SUCCESS","progress":"100%"}}"#).state(),
            State::Completed
        );
    }

    #[test]
    fn an_unknown_word_means_still_running() {
        for word in ["upscaling", "", "  "] {
            assert_eq!(object(&format!(r#"{{"id":"x","status":"{word}"}}"#)).state(), State::InProgress);
        }
        assert_eq!(object(r#"{"id":"x"}"#).state(), State::InProgress);
        assert_eq!(object(r#"{"status":" Queued "}"#).state(), State::Queued);
    }

    #[test]
    fn what_is_no_object_is_nothing() {
        for body in ["", "[]", "\"video_1\"", "<html>"] {
            assert_eq!(VideoObject::parse(body), None, "{body}");
        }
        assert_eq!(object(r#"{"progress": 200, "id": ""}"#).progress(), None);
        assert_eq!(object(r#"{"id": ""}"#).id(), None);
    }
}
