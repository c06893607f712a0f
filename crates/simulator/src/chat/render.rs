//! Renders one step of a generation: as the variant does, unless a behaviour replaces it.

use serde_json::{Value, json};

use super::context::StreamContext;
use super::part::Part;
use super::sse::SseItem;
use super::{presentation, variant_a, variant_b1, variant_b2, verdict};
use crate::dialect::Variant;
use crate::script::Step;

/// The items that report a step.
pub(super) fn items(step: Step, context: &StreamContext) -> Vec<SseItem> {
    let Some(parts) = presentation::parts(step, context).or_else(|| verdict::parts(step, context)) else {
        return by_variant(step, context);
    };
    let items = parts.into_iter().flat_map(|part| render(part, context));
    items.chain(finish(step, context)).collect()
}

fn by_variant(step: Step, context: &StreamContext) -> Vec<SseItem> {
    match renderer(context) {
        Some(renderer) => renderer.items(step),
        None if context.plan.variant == Variant::B2 => variant_b2::items(step, context),
        None => variant_b1::items(step, context),
    }
}

fn render(part: Part, context: &StreamContext) -> Vec<SseItem> {
    match (part, renderer(context)) {
        (Part::Content(text), Some(renderer)) => vec![renderer.content(text)],
        (Part::Reasoning(text), Some(renderer)) => vec![renderer.reasoning(&text)],
        (Part::Content(text), None) if context.plan.variant == Variant::B2 => variant_b2::content_items(&text, context),
        (Part::Content(text), None) => vec![variant_b1::content_item(text)],
        (Part::Reasoning(text), None) => {
            let delta = json!({"reasoning_content": text});
            vec![chunk(&delta, None, None, context)]
        }
        (Part::Delta(delta, finish_reason), _) => vec![chunk(&delta, finish_reason, None, context)],
        (Part::Fields(fields), _) => vec![chunk(&json!({}), None, Some(fields), context)],
        (Part::Event(payload), _) => vec![SseItem::Data(payload.to_string())],
        (Part::Line(line), _) => vec![SseItem::BareLine(line)],
    }
}

/// The finish reason of the `a` variants, which comes with the result.
fn finish(step: Step, context: &StreamContext) -> Option<SseItem> {
    let last = matches!(step, Step::Succeeded | Step::Failed | Step::FailedAtHundred);
    renderer(context).filter(|_| last).map(|renderer| renderer.finish(None))
}

fn renderer(context: &StreamContext) -> Option<variant_a::Renderer<'_>> {
    match context.plan.variant {
        variant @ (Variant::A1 | Variant::A2 | Variant::A2Object) => Some(variant_a::Renderer { variant, context }),
        Variant::B1 | Variant::B2 => None,
    }
}

/// A chunk in the form that most relays use.
fn chunk(delta: &Value, finish_reason: Option<&str>, fields: Option<Value>, context: &StreamContext) -> SseItem {
    let mut chunk = json!({
        "id": format!("chatcmpl-{}", context.id.simple()),
        "object": "chat.completion.chunk",
        "created": context.timestamp() / 1000,
        "model": "sora",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    });
    if let (Some(chunk), Some(Value::Object(fields))) = (chunk.as_object_mut(), fields) {
        chunk.extend(fields);
    }
    SseItem::Data(chunk.to_string())
}
