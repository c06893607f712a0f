//! What one frame holds: an error, a result, structured progress, or text for a transcript. Pure.

use serde_json::Value;
use url::Url;

/// What a frame says, in the order in which it is to be believed.
#[derive(Debug, PartialEq)]
pub(super) enum Said<'a> {
    /// An error object, or a text in its place.
    Error(&'a Value),
    /// Where the result is.
    Result(Url),
    /// Progress as an object.
    Progress(Structured),
    /// Text: reasoning, then content.
    Text(Option<&'a str>, Option<&'a str>),
    /// The stream is complete.
    Done,
}

/// Progress that comes as an object: `reasoning_content` of some servers, `wm` of others.
#[derive(Debug, PartialEq)]
pub(super) struct Structured {
    /// 0–100, if it is told.
    pub(super) percent: Option<f32>,
    /// Whether it still waits.
    pub(super) queued: bool,
    /// Whether the number is a guess.
    pub(super) estimated: bool,
}

/// Reads a frame's data; what is no JSON says nothing.
pub(super) fn parse(data: &str) -> Option<Value> {
    if data.starts_with("[DONE]") {
        return Some(Value::String("[DONE]".into()));
    }
    serde_json::from_str::<Value>(data).ok().filter(Value::is_object)
}

/// What a parsed frame says.
pub(super) fn said(frame: &Value) -> Said<'_> {
    if frame.is_string() {
        return Said::Done;
    }
    if let Some(error) = frame.get("error").filter(|error| !error.is_null()) {
        return Said::Error(error);
    }
    // An answer that is not streamed has its text in `message`.
    let choice = |part| frame.pointer("/choices/0")?.get(part).filter(|part| part.is_object());
    let Some(delta) = choice("delta").or(choice("message")) else {
        return Said::Text(None, None);
    };
    if let Some(url) = result(delta) {
        return Said::Result(url);
    }
    let object = |name| delta.get(name).filter(|value| value.is_object());
    if let Some(object) = object("reasoning_content").or(object("wm")) {
        return Said::Progress(structured(object));
    }
    let text = |name| delta.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    Said::Text(text("reasoning_content"), text("content"))
}

fn result(delta: &Value) -> Option<Url> {
    let output = delta.pointer("/output/0");
    let places = [
        output.and_then(|output| output.get("url")),
        output.and_then(|output| output.get("video_url")),
        delta.get("video_url"),
        delta.pointer("/video_url/url"),
    ];
    let texts = places.into_iter().flatten().filter_map(Value::as_str);
    texts.filter_map(|text| Url::parse(text).ok()).find(|url| matches!(url.scheme(), "http" | "https"))
}

fn structured(object: &Value) -> Structured {
    let number = object.get("progress").and_then(|progress| match progress {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim_end_matches('%').trim().parse().ok(),
        _ => None,
    });
    #[allow(clippy::cast_possible_truncation, reason = "0 to 100")]
    let percent = number.filter(|percent| (0.0..=100.0).contains(percent)).map(|percent| percent as f32);
    let words =
        ["stage", "status"].map(|name| object.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase());
    let queued = words.iter().any(|word| word.contains("queue") || word.contains("pending") || word.contains("wait"));
    let message = object.get("message").and_then(Value::as_str).unwrap_or_default();
    Structured { percent, queued, estimated: message.to_lowercase().contains("estimate") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn delta(delta: &Value) -> Value {
        json!({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
    }

    #[test]
    fn believes_an_error_first_then_a_result_then_structure_then_text() {
        let url = json!([{"url": "https://h/v.mp4", "type": "video", "task_id": "t"}]);
        let all = delta(&json!({"output": url, "wm": {"stage": "done"}, "content": "x", "reasoning_content": "y"}));
        assert_eq!(said(&all), Said::Result(Url::parse("https://h/v.mp4").unwrap()));
        let mut failed = all.clone();
        failed["error"] = json!({"message": "no"});
        assert!(matches!(said(&failed), Said::Error(_)));
        let wm = delta(
            &json!({"wm": {"stage": "queued", "attempt": 1, "can_cancel": true, "task_id": "t"}, "content": "x"}),
        );
        assert_eq!(said(&wm), Said::Progress(Structured { percent: None, queued: true, estimated: false }));
        let object = json!({"stage": "generation", "status": "processing", "progress": 50, "message": "m"});
        let object = delta(&json!({"reasoning_content": object}));
        assert_eq!(said(&object), Said::Progress(Structured { percent: Some(50.0), queued: false, estimated: false }));
        assert_eq!(said(&delta(&json!({"content": null, "reasoning_content": "y"}))), Said::Text(Some("y"), None));
    }

    #[test]
    fn chunks_without_choices_say_nothing() {
        for frame in
            [json!({"choices": []}), json!({"usage": {"total_tokens": 3}}), json!({"choices": [{"delta": null}]})]
        {
            assert_eq!(said(&frame), Said::Text(None, None), "{frame}");
        }
        assert_eq!(parse("not JSON"), None);
        assert_eq!(parse("[1]"), None);
        assert_eq!(said(&parse("[DONE]").unwrap()), Said::Done);
    }
}
