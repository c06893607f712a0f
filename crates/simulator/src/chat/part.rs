//! What a behaviour sends in place of a variant's items.

use serde_json::Value;

/// A part of a step that replaces what the variant would send.
pub(super) enum Part {
    /// Text in `delta.content`, in the chunks of the variant.
    Content(String),
    /// Text in `delta.reasoning_content`, in the chunks of the variant.
    Reasoning(String),
    /// A chunk with this delta and this finish reason.
    Delta(Value, Option<&'static str>),
    /// A chunk with an empty delta and these top-level fields.
    Fields(Value),
    /// An event with this payload.
    Event(Value),
    /// A line without `data:`.
    Line(String),
}
