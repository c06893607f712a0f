//! Variants a1, a2 and a2-object (sora2api and its fork): status in `delta.reasoning_content`, the result in
//! `delta.content`.
//!
//! a1 writes missing values as null and escapes characters outside ASCII; the fork omits such keys and escapes nothing.

use serde::{Serialize, Serializer};

use super::context::StreamContext;
use super::messages::{FAILURE, HUGE_LINE, REFUSAL};
use super::python_json::dumps;
use super::sse::SseItem;
use super::status::{Reasoning, Status};
use crate::dialect::Variant;
use crate::script::Step;

#[derive(Serialize)]
struct Chunk {
    id: String,
    object: &'static str,
    created: u64,
    model: &'static str,
    choices: Vec<Choice>,
    usage: Usage,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    delta: DeltaJson,
    #[serde(skip_serializing_if = "Key::is_absent")]
    finish_reason: Key<&'static str>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    native_finish_reason: Key<&'static str>,
}

#[derive(Serialize)]
struct DeltaJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    content: Key<String>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    reasoning_content: Key<Reasoning>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    tool_calls: Key<()>,
}

/// A JSON key that can be absent or null.
enum Key<T> {
    Absent,
    Null,
    Value(T),
}

/// The content of a chunk.
#[derive(Default)]
struct Delta {
    role: Option<&'static str>,
    content: Option<String>,
    reasoning: Option<Reasoning>,
}

/// The result as a2-object writes it.
#[derive(Serialize)]
struct ResultObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
    data: [Media<'a>; 1],
}

#[derive(Serialize)]
struct Media<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tokens: Option<u32>,
}

/// Renders a generation in one of the variants.
#[derive(Clone, Copy)]
pub(super) struct Renderer<'a> {
    pub(super) variant: Variant,
    pub(super) context: &'a StreamContext,
}

impl Renderer<'_> {
    /// The items that report a step.
    pub(super) fn items(self, step: Step) -> Vec<SseItem> {
        match step {
            Step::Opened => vec![self.chunk(Delta { role: Some("assistant"), ..self.status(Status::Started) }, None)],
            Step::RawEcho => {
                let prompt = &self.context.prompt;
                vec![self.content(format!("{prompt}\n\n")), self.reasoning(&format!("{prompt}\n\n"))]
            }
            Step::Usage => vec![self.usage()],
            Step::Queued => vec![self.status_chunk(Status::Queued)],
            Step::HugeLine => vec![self.reasoning(&"x".repeat(HUGE_LINE))],
            Step::Progress(at) => vec![self.status_chunk(Status::Progress(at))],
            Step::Estimate(at) => vec![self.status_chunk(Status::Estimate(at))],
            Step::Restarted => vec![self.status_chunk(Status::Restarted)],
            Step::Succeeded => vec![self.finish(Some(self.result()))],
            Step::CompletedWithoutResult => vec![self.status_chunk(Status::Completed), self.finish(None)],
            Step::Refused => {
                vec![self.status_chunk(Status::Refused), self.finish(Some(format!("❌ 生成失败: {REFUSAL}")))]
            }
            Step::Failed | Step::FailedAtHundred => vec![self.finish(Some(format!("❌ 生成失败: {FAILURE}")))],
            Step::Errored(error) => vec![self.data(&error.error().frame())],
            Step::Done => vec![SseItem::Data("[DONE]".to_owned())],
            Step::DoneLiteral => vec![SseItem::Raw("data: [DONE]\\n\\n")],
            // The finish reason is in the chunk with the result.
            Step::Started
            | Step::Notice
            | Step::TaskPage
            | Step::Unreadable
            | Step::Silence
            | Step::Finished
            | Step::Expired
            | Step::IdForgotten
            | Step::Disconnected(_) => Vec::new(),
        }
    }

    fn result(self) -> String {
        let url = self.context.url();
        match self.variant {
            Variant::A2Object => dumps(&ResultObject { kind: "video", url: &url, data: [Media { url: &url }] }, false),
            _ => format!("```html\n<video src='{url}' controls></video>\n```"),
        }
    }

    fn status_chunk(self, status: Status) -> SseItem {
        self.chunk(self.status(status), None)
    }

    fn status(self, status: Status) -> Delta {
        let reasoning = match self.variant {
            Variant::A2Object => Reasoning::Object(status.object()),
            Variant::A2 => Reasoning::Text(status.line()),
            _ => Reasoning::Text(status.text()),
        };
        Delta { reasoning: Some(reasoning), ..Delta::default() }
    }

    pub(super) fn content(self, text: String) -> SseItem {
        self.chunk(Delta { content: Some(text), ..Delta::default() }, None)
    }

    pub(super) fn reasoning(self, text: &str) -> SseItem {
        self.chunk(Delta { reasoning: Some(Reasoning::Text(text.to_owned())), ..Delta::default() }, None)
    }

    pub(super) fn finish(self, text: Option<String>) -> SseItem {
        self.chunk(Delta { content: text, ..Delta::default() }, Some("STOP"))
    }

    fn chunk(self, delta: Delta, finish_reason: Option<&'static str>) -> SseItem {
        let delta = DeltaJson {
            role: delta.role,
            content: self.key(delta.content),
            reasoning_content: self.key(delta.reasoning),
            tool_calls: self.key(None),
        };
        let (finish, native) = (self.key(finish_reason), self.key(finish_reason));
        let choice = Choice { index: 0, delta, finish_reason: finish, native_finish_reason: native };
        let tokens = finish_reason.map(|_| 1);
        self.write(vec![choice], Usage { prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens })
    }

    fn usage(self) -> SseItem {
        self.write(Vec::new(), Usage { prompt_tokens: 0, completion_tokens: Some(1), total_tokens: Some(1) })
    }

    fn write(self, choices: Vec<Choice>, usage: Usage) -> SseItem {
        let now = self.context.timestamp();
        let id = format!("chatcmpl-{now}");
        let chunk = Chunk { id, object: "chat.completion.chunk", created: now / 1000, model: "sora", choices, usage };
        self.data(&chunk)
    }

    fn data<T: Serialize>(self, value: &T) -> SseItem {
        SseItem::Data(dumps(value, self.variant == Variant::A1))
    }

    fn key<T>(self, value: Option<T>) -> Key<T> {
        match value {
            Some(value) => Key::Value(value),
            None if self.variant == Variant::A1 => Key::Null,
            None => Key::Absent,
        }
    }
}

impl<T> Key<T> {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T: Serialize> Serialize for Key<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Null | Self::Absent => serializer.serialize_none(),
        }
    }
}
