//! Variant b1 (resellers): a Markdown transcript in `delta.content`, one line per chunk.
//!
//! The first block repeats the prompt as JSON, so the prompt's text is always inside a fence and before the first `>`.

use serde::Serialize;
use serde_json::json;

use super::context::StreamContext;
use super::messages::{FAILURE, HUGE_LINE, REFUSAL};
use super::sse::SseItem;
use crate::media::clip::Orientation;
use crate::script::Step;

/// Completion tokens that every stream reports.
const COMPLETION_TOKENS: usize = 240;

/// A chunk; the fields are in the order of the servers.
#[derive(Serialize)]
struct Chunk {
    id: &'static str,
    object: &'static str,
    created: u64,
    model: &'static str,
    choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    delta: Delta,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

/// The items that report a step.
pub(super) fn items(step: Step, context: &StreamContext) -> Vec<SseItem> {
    let payloads = match step {
        Step::Opened => {
            vec![delta(Delta { role: Some("assistant"), ..Delta::default() }), content(echo(context))]
        }
        Step::RawEcho => vec![content(format!("{}\n\n", context.prompt)), reasoning(context.prompt.clone())],
        Step::Usage => vec![chunk(Vec::new(), Some(usage(context)))],
        Step::Queued => vec![content("> ⌛️ 任务正在队列中，请耐心等待...\n\n".to_owned())],
        Step::HugeLine => vec![content(format!("> {}\n\n", "x".repeat(HUGE_LINE)))],
        Step::Progress(at) | Step::Estimate(at) => vec![content(format!("> 🏃 进度：{at}\n\n"))],
        Step::Restarted => vec![content(format!("> ⚠️ 生成失败，正在重试（1/3）：{FAILURE}\n\n"))],
        Step::Succeeded => {
            vec![content(format!("> ✅ 视频生成成功，[点击这里]({}) 查看视频~~~\n\n", context.url()))]
        }
        Step::CompletedWithoutResult => vec![content("> ✅ 视频生成完成\n\n".to_owned())],
        Step::Refused => vec![content(format!("> ❌ 生成失败: {REFUSAL}\n\n"))],
        Step::Failed | Step::FailedAtHundred => vec![content(format!("> ❌ 生成失败: {FAILURE}\n\n"))],
        Step::Errored(error) => vec![json(&error.error().frame())],
        Step::Finished => vec![finish(context)],
        Step::Done => vec!["[DONE]".to_owned()],
        Step::DoneLiteral => return vec![SseItem::Raw("data: [DONE]\\n\\n")],
        Step::Notice
        | Step::TaskPage
        | Step::Unreadable
        | Step::Started
        | Step::Silence
        | Step::Expired
        | Step::IdForgotten
        | Step::Disconnected(_) => Vec::new(),
    };
    payloads.into_iter().map(SseItem::Data).collect()
}

/// A chunk with a text.
pub(super) fn content_item(text: String) -> SseItem {
    SseItem::Data(content(text))
}

fn echo(context: &StreamContext) -> String {
    let mode = match context.orientation {
        Orientation::Landscape => "横屏模式",
        Orientation::Portrait => "竖屏模式",
    };
    format!("```json\n{{\n    \"prompt\": {},\n    \"mode\": \"{mode}\"\n}}\n```\n\n", json!(context.prompt))
}

fn content(text: String) -> String {
    delta(Delta { content: Some(text), ..Delta::default() })
}

fn reasoning(text: String) -> String {
    delta(Delta { reasoning_content: Some(text), ..Delta::default() })
}

fn delta(delta: Delta) -> String {
    chunk(vec![Choice { index: 0, delta, finish_reason: None }], None)
}

fn finish(context: &StreamContext) -> String {
    let choice = Choice { index: 0, delta: Delta::default(), finish_reason: Some("stop") };
    chunk(vec![choice], Some(usage(context)))
}

fn usage(context: &StreamContext) -> Usage {
    let prompt_tokens = context.prompt_tokens();
    let total_tokens = prompt_tokens + COMPLETION_TOKENS;
    Usage { prompt_tokens, completion_tokens: COMPLETION_TOKENS, total_tokens }
}

fn chunk(choices: Vec<Choice>, usage: Option<Usage>) -> String {
    json(&Chunk { id: "", object: "chat.completion.chunk", created: 0, model: "sora", choices, usage })
}

fn json<T: Serialize>(value: &T) -> String {
    // Serializing strings and numbers cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}
