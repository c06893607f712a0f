//! What one frame holds: an error, text for the transcripts, structured progress, addresses, the end. Pure.

use serde_json::{Map, Value};
use url::Url;

use crate::candidate::Found;
use crate::fields;
use crate::vocabulary::{self, Status};

/// Fields of a message whose text is read line by line instead.
const TEXT_FIELDS: [&str; 7] =
    ["content", "reasoning_content", "reasoning", "refusal", "role", "tool_calls", "annotations"];

/// Fields of a frame that hold no address.
const FRAME_FIELDS: [&str; 6] = ["choices", "id", "model", "usage", "object", "error"];

/// What a frame says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Frame {
    /// An error object, or a text in its place.
    pub(super) error: Option<Value>,
    /// Addresses in structured fields.
    pub(super) found: Vec<Found>,
    /// Progress as an object.
    pub(super) progress: Option<StructuredProgress>,
    pub(super) reasoning: String,
    pub(super) content: String,
    /// The model's refusal, perhaps a piece of it.
    pub(super) refusal: String,
    /// Why the completion is finished.
    pub(super) finish_reason: Option<String>,
    /// Whether anything in it was understood.
    pub(super) readable: bool,
}

/// Progress that comes as an object: `reasoning_content` of some servers, `wm` of others.
#[derive(Debug, Default, PartialEq)]
pub(super) struct StructuredProgress {
    /// 0–100, if it says.
    pub(super) percent: Option<f32>,
    /// The meaning of its status word, if it is known.
    pub(super) status: Option<Status>,
    /// Whether the number is an estimate.
    pub(super) estimated: bool,
    pub(super) message: String,
}

impl Frame {
    /// Reads a frame. `error` says that its event was named so.
    pub(super) fn read(value: &Value, error: bool, base: &Url) -> Self {
        let mut frame = Self::default();
        let Some(object) = value.as_object() else {
            if error {
                frame.error = Some(value.clone());
            } else if let Some(text) = value.as_str() {
                frame.content = format!("{text}\n");
            }
            return frame;
        };
        let choices = object.get("choices").and_then(Value::as_array);
        frame.error = object.get("error").filter(|error| !is_blank(error)).cloned();
        frame.found = fields::find_except(value, &FRAME_FIELDS, base);
        frame.found.retain(|found| found.candidate.source.is_credible());
        for choice in choices.into_iter().flatten().filter_map(Value::as_object) {
            frame.choice(choice, base);
        }
        if choices.is_none() && frame.error.is_none() && (error || (frame.found.is_empty() && is_error(object))) {
            frame.error = Some(value.clone());
        }
        if choices.is_none()
            && frame.error.is_none()
            && (object.contains_key("status") || object.contains_key("progress"))
        {
            frame.progress = Some(structured(object));
        }
        frame.readable =
            choices.is_some() || frame.error.is_some() || frame.progress.is_some() || !frame.found.is_empty();
        frame
    }

    fn choice(&mut self, choice: &Map<String, Value>, base: &Url) {
        if let Some(error) = choice.get("error").filter(|error| !is_blank(error)) {
            self.error.get_or_insert_with(|| error.clone());
        }
        let finish = ["finish_reason", "native_finish_reason"].iter().filter_map(|name| choice.get(*name)?.as_str());
        let finish = finish.filter(|reason| !reason.is_empty()).map(ToOwned::to_owned);
        self.finish_reason =
            finish.max_by_key(|reason| vocabulary::is_policy_finish(reason)).or(self.finish_reason.take());
        self.content.push_str(choice.get("text").and_then(Value::as_str).unwrap_or_default());
        // An answer that is not streamed has its text in `message`.
        for message in ["delta", "message"].iter().filter_map(|name| choice.get(*name)) {
            let Some(object) = message.as_object() else { continue };
            let found = fields::find_except(message, &TEXT_FIELDS, base).into_iter();
            self.found.extend(found.filter(|found| found.candidate.source.is_credible()));
            self.content(object.get("content"), base);
            let text = |name| object.get(name).and_then(Value::as_str).unwrap_or_default();
            self.reasoning.push_str(text("reasoning_content"));
            self.reasoning.push_str(text("reasoning"));
            self.refusal.push_str(text("refusal"));
            let progress = ["reasoning_content", "wm"].iter().find_map(|name| object.get(*name)?.as_object());
            self.progress = progress.map(structured).or(self.progress.take());
        }
    }

    /// Content: a text, or parts of which some hold text and others addresses.
    fn content(&mut self, content: Option<&Value>, base: &Url) {
        match content {
            Some(Value::String(text)) => self.content.push_str(text),
            Some(Value::Array(parts)) => {
                for part in parts {
                    self.content(Some(part), base);
                    self.content.push('\n');
                }
            }
            Some(Value::Object(part)) => match part.get("text").and_then(Value::as_str) {
                Some(text) => self.content.push_str(text),
                None => self.found.extend(content.map_or_else(Vec::new, |part| fields::find(part, base))),
            },
            _ => {}
        }
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// Whether an object without choices is an error: it has a message and a code, or says so.
fn is_error(object: &Map<String, Value>) -> bool {
    let has = |name: &str| object.get(name).is_some_and(|value| !is_blank(value));
    let message = ["message", "msg", "error_msg", "error_message"].iter().any(|name| has(name));
    has("detail")
        || object.get("type").is_some_and(|kind| kind == "error")
        || (message && has("code") && !object.contains_key("status"))
}

fn structured(object: &Map<String, Value>) -> StructuredProgress {
    let number = object.get("progress").and_then(|progress| match progress {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim_end_matches('%').trim().parse().ok(),
        _ => None,
    });
    #[allow(clippy::cast_possible_truncation, reason = "0 to 100")]
    let percent = number.filter(|percent| (0.0..=100.0).contains(percent)).map(|percent| percent as f32);
    let text = |name| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let status = vocabulary::status(text("status")).or_else(|| vocabulary::status(text("stage")));
    let message =
        [text("message"), text("fail_reason"), text("failure_reason")].into_iter().find(|text| !text.is_empty());
    let message = message.unwrap_or_default().to_owned();
    StructuredProgress { percent, status, estimated: message.to_lowercase().contains("estimate"), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(frame: &Value) -> Frame {
        Frame::read(frame, false, &Url::parse("https://up.example/v1/chat/completions").unwrap())
    }

    fn delta(delta: &Value) -> Value {
        json!({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
    }

    fn urls(frame: &Frame) -> Vec<&str> {
        frame.found.iter().map(|found| found.candidate.url.as_str()).collect()
    }

    #[test]
    fn reads_everything_that_a_delta_holds() {
        let output = json!([{"url": "https://h/v.mp4", "type": "video", "task_id": "t"}]);
        let frame = read(&delta(
            &json!({"output": output, "wm": {"stage": "queued"}, "content": "x", "reasoning_content": "y"}),
        ));
        assert_eq!(urls(&frame), ["https://h/v.mp4"]);
        assert_eq!((frame.content.as_str(), frame.reasoning.as_str()), ("x", "y"));
        assert_eq!(frame.progress.unwrap().status, Some(Status::Queued));
        let object = json!({"stage": "generation", "status": "processing", "progress": 50, "message": "m"});
        let progress = read(&delta(&json!({"reasoning_content": object}))).progress.unwrap();
        assert_eq!((progress.percent, progress.status), (Some(50.0), Some(Status::Running)));
    }

    #[test]
    fn reads_content_in_parts_and_answers_that_are_not_streamed() {
        let parts =
            json!([{"type": "text", "text": "done"}, {"type": "video_url", "video_url": {"url": "https://h/v"}}]);
        let frame = read(&delta(&json!({"content": parts})));
        assert_eq!((frame.content.as_str(), urls(&frame)), ("done\n\n", vec!["https://h/v"]));
        let whole =
            json!({"choices": [{"message": {"role": "assistant", "content": "[v](x)"}, "finish_reason": "stop"}]});
        assert_eq!((read(&whole).content.as_str(), read(&whole).finish_reason.as_deref()), ("[v](x)", Some("stop")));
        assert_eq!(urls(&read(&json!({"choices": [], "video_url": "https://h/v"}))), ["https://h/v"]);
        assert_eq!(urls(&read(&json!({"data": [{"url": "https://h/v"}]}))), ["https://h/v"]);
    }

    #[test]
    fn reads_errors_wherever_they_stand() {
        let base = Url::parse("https://up.example/").unwrap();
        for frame in [
            json!({"error": {"message": "no"}}),
            json!({"error": "no", "choices": []}),
            json!({"choices": [{"delta": {}, "error": {"message": "no"}}]}),
            json!({"code": "x", "message": "no"}),
            json!({"detail": "no"}),
            json!({"type": "error", "text": "no"}),
        ] {
            assert!(read(&frame).error.is_some(), "{frame}");
        }
        assert!(Frame::read(&json!({"message": "no"}), true, &base).error.is_some());
        assert!(Frame::read(&json!("no"), true, &base).error.is_some());
        for frame in [
            json!({"error": null, "choices": []}),
            json!({"error": {}, "choices": []}),
            json!({"status": "ok", "message": "m", "code": "0"}),
        ] {
            assert_eq!(read(&frame).error, None, "{frame}");
        }
    }

    #[test]
    fn finds_the_reason_to_finish_that_matters() {
        let choice = |finish: Value| json!({"choices": [{"delta": {}, "finish_reason": finish, "native_finish_reason": "SAFETY"}]});
        assert_eq!(read(&choice(json!("stop"))).finish_reason.as_deref(), Some("SAFETY"));
        assert_eq!(read(&delta(&json!({}))).finish_reason, None);
    }

    #[test]
    fn chunks_without_choices_say_nothing() {
        for frame in
            [json!({"choices": []}), json!({"usage": {"total_tokens": 3}}), json!({"choices": [{"delta": null}]})]
        {
            let read = read(&frame);
            assert_eq!((read.content.as_str(), read.found.len(), read.error), ("", 0, None), "{frame}");
        }
        assert!(!read(&json!({"hello": 1})).readable && read(&json!({"choices": []})).readable);
    }
}
