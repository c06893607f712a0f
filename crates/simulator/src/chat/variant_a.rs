//! Variants a1, a2 and a2-object, sora2api and its fork: status in `delta.reasoning_content`, the result in `delta.content`.
//!
//! a1 writes null where there is nothing to say and escapes what is not ASCII; the fork leaves such keys out and escapes
//! nothing.

use serde::{Serialize, Serializer};

use super::python_json::dumps;
use super::status::{Reasoning, Status};
use super::{FAILURE, Generation, HUGE, REFUSAL};
use crate::chat::sse::Frame;
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
    delta: WrittenDelta,
    #[serde(skip_serializing_if = "Key::is_absent")]
    finish_reason: Key<&'static str>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    native_finish_reason: Key<&'static str>,
}

#[derive(Serialize)]
struct WrittenDelta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    content: Key<String>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    reasoning_content: Key<Reasoning>,
    #[serde(skip_serializing_if = "Key::is_absent")]
    tool_calls: Key<()>,
}

/// A key whose value may be null, or which may be missing.
enum Key<T> {
    Absent,
    Null,
    Is(T),
}

/// What a chunk has to say.
#[derive(Default)]
struct Delta {
    role: Option<&'static str>,
    content: Option<String>,
    reasoning: Option<Reasoning>,
}

/// What a2-object writes in place of markup.
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

/// A generation in the words of one of the variants.
#[derive(Clone, Copy)]
pub(super) struct Voice<'a> {
    pub(super) variant: Variant,
    pub(super) generation: &'a Generation,
}

impl Voice<'_> {
    /// The frames that tell of a step.
    pub(super) fn frames(self, step: Step) -> Vec<Frame> {
        match step {
            Step::Opened => vec![self.chunk(Delta { role: Some("assistant"), ..self.status(Status::Begun) }, None)],
            Step::RawEcho => {
                let prompt = &self.generation.prompt;
                vec![self.says(format!("{prompt}\n\n")), self.thinks(&format!("{prompt}\n\n"))]
            }
            Step::Usage => vec![self.usage()],
            Step::Queued => vec![self.told(Status::Queued)],
            Step::HugeLine => vec![self.thinks(&"x".repeat(HUGE))],
            Step::Progress(at) => vec![self.told(Status::Progress(at))],
            Step::Estimate(at) => vec![self.told(Status::Estimate(at))],
            Step::Retried => vec![self.told(Status::Retried)],
            Step::Succeeded => vec![self.ends(Some(self.result()))],
            Step::CompletedWithoutUrl => vec![self.told(Status::Completed), self.ends(None)],
            Step::Refused => vec![self.told(Status::Refused), self.ends(Some(format!("❌ 生成失败: {REFUSAL}")))],
            Step::Failed | Step::FailedAtHundred => vec![self.ends(Some(format!("❌ 生成失败: {FAILURE}")))],
            Step::Errored(failure) => vec![self.data(&failure.error().frame())],
            Step::Done => vec![Frame::Data("[DONE]".to_owned())],
            Step::DoneLiteral => vec![Frame::Raw("data: [DONE]\\n\\n")],
            // It has said that it is finished in the same chunk as the result.
            Step::Started | Step::Silence | Step::Finished | Step::Expired | Step::Lost | Step::Cut(_) => Vec::new(),
        }
    }

    fn result(self) -> String {
        let url = self.generation.url();
        match self.variant {
            Variant::A2Object => dumps(&ResultObject { kind: "video", url: &url, data: [Media { url: &url }] }, false),
            _ => format!("```html\n<video src='{url}' controls></video>\n```"),
        }
    }

    fn told(self, status: Status) -> Frame {
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

    fn says(self, text: String) -> Frame {
        self.chunk(Delta { content: Some(text), ..Delta::default() }, None)
    }

    fn thinks(self, text: &str) -> Frame {
        self.chunk(Delta { reasoning: Some(Reasoning::Text(text.to_owned())), ..Delta::default() }, None)
    }

    fn ends(self, text: Option<String>) -> Frame {
        self.chunk(Delta { content: text, ..Delta::default() }, Some("STOP"))
    }

    fn chunk(self, delta: Delta, finish_reason: Option<&'static str>) -> Frame {
        let delta = WrittenDelta {
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

    fn usage(self) -> Frame {
        self.write(Vec::new(), Usage { prompt_tokens: 0, completion_tokens: Some(1), total_tokens: Some(1) })
    }

    fn write(self, choices: Vec<Choice>, usage: Usage) -> Frame {
        let now = self.generation.now();
        let id = format!("chatcmpl-{now}");
        let chunk = Chunk { id, object: "chat.completion.chunk", created: now / 1000, model: "sora", choices, usage };
        self.data(&chunk)
    }

    fn data<T: Serialize>(self, value: &T) -> Frame {
        Frame::Data(dumps(value, self.variant == Variant::A1))
    }

    fn key<T>(self, value: Option<T>) -> Key<T> {
        match value {
            Some(value) => Key::Is(value),
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
            Self::Is(value) => value.serialize(serializer),
            Self::Null | Self::Absent => serializer.serialize_none(),
        }
    }
}
