//! Answers a submission with one JSON object in place of a stream.

use serde_json::{Value, json};

use super::context::StreamContext;
use super::sse::SseItem;
use crate::plan::encoding::JsonAnswer;

/// The object that holds what a stream of these items would have sent: the first error, otherwise a completion.
pub(super) fn object(items: &[SseItem], context: &StreamContext, kind: JsonAnswer) -> Value {
    let payloads: Vec<Value> = items.iter().filter_map(payload).collect();
    if let Some(error) = payloads.iter().find(|payload| payload.get("error").is_some()) {
        return error.clone();
    }
    let choices = payloads.iter().map(|payload| &payload["choices"][0]);
    let finish_reason = choices.clone().rev().find_map(|choice| choice["finish_reason"].as_str()).unwrap_or("stop");
    let content: String = choices.clone().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
    let parts = choices.map(|choice| &choice["delta"]["content"]).find(|content| content.is_array());
    let content = parts.cloned().unwrap_or(Value::String(content));
    let key = match kind {
        JsonAnswer::Message => "message",
        JsonAnswer::Delta => "delta",
    };
    let mut object = json!({
        "id": format!("chatcmpl-{}", context.id.simple()),
        "object": "chat.completion",
        "created": context.timestamp() / 1000,
        "model": "sora",
        "choices": [{"index": 0, key: {"role": "assistant", "content": content}, "finish_reason": finish_reason}],
        "usage": {},
    });
    if let (Some(object), Some(fields)) = (object.as_object_mut(), payloads.iter().find_map(result_fields)) {
        object.extend(fields);
    }
    object
}

fn payload(item: &SseItem) -> Option<Value> {
    match item {
        SseItem::Data(payload) | SseItem::BareLine(payload) => {
            serde_json::from_str(payload).ok().filter(Value::is_object)
        }
        SseItem::Raw(_) => None,
    }
}

/// The fields of a chunk beyond those of every chunk.
fn result_fields(payload: &Value) -> Option<serde_json::Map<String, Value>> {
    const COMMON: [&str; 6] = ["id", "object", "created", "model", "choices", "usage"];
    let mut fields = payload.as_object()?.clone();
    fields.retain(|key, _| !COMMON.contains(&key.as_str()));
    (!fields.is_empty()).then_some(fields)
}
