//! Variant b1, the resellers' dialect: a Markdown transcript in `delta.content`, one line per chunk.
//!
//! The first block repeats the prompt as JSON, so whatever a prompt says stands inside a fence and before the first `>`.

use serde::Serialize;
use serde_json::json;

use super::{FAILURE, Generation, HUGE, REFUSAL};
use crate::chat::sse::Frame;
use crate::media::clip::Orientation;
use crate::script::Step;

/// Tokens that every answer claims to have cost.
const COMPLETION_TOKENS: usize = 240;

/// Field order is that of the servers.
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

/// The frames that tell of a step.
pub(super) fn frames(step: Step, generation: &Generation) -> Vec<Frame> {
    let payloads = match step {
        Step::Opened => {
            vec![delta(Delta { role: Some("assistant"), ..Delta::default() }), content(echo(generation))]
        }
        Step::RawEcho => vec![content(format!("{}\n\n", generation.prompt)), thought(generation.prompt.clone())],
        Step::Usage => vec![chunk(Vec::new(), Some(usage(generation)))],
        Step::Queued => vec![content("> ⌛️ 任务正在队列中，请耐心等待...\n\n".to_owned())],
        Step::HugeLine => vec![content(format!("> {}\n\n", "x".repeat(HUGE)))],
        Step::Progress(at) | Step::Estimate(at) => vec![content(format!("> 🏃 进度：{at}\n\n"))],
        Step::Retried => vec![content(format!("> ⚠️ 生成失败，正在重试（1/3）：{FAILURE}\n\n"))],
        Step::Succeeded => {
            vec![content(format!("> ✅ 视频生成成功，[点击这里]({}) 查看视频~~~\n\n", generation.url()))]
        }
        Step::CompletedWithoutUrl => vec![content("> ✅ 视频生成完成\n\n".to_owned())],
        Step::Refused => vec![content(format!("> ❌ 生成失败: {REFUSAL}\n\n"))],
        Step::Failed | Step::FailedAtHundred => vec![content(format!("> ❌ 生成失败: {FAILURE}\n\n"))],
        Step::Errored(failure) => vec![json(&failure.error().frame())],
        Step::Finished => vec![finish(generation)],
        Step::Done => vec!["[DONE]".to_owned()],
        Step::DoneLiteral => return vec![Frame::Raw("data: [DONE]\\n\\n")],
        Step::Started | Step::Silence | Step::Expired | Step::Lost | Step::Cut(_) => Vec::new(),
    };
    payloads.into_iter().map(Frame::Data).collect()
}

fn echo(generation: &Generation) -> String {
    let mode = match generation.orientation {
        Orientation::Landscape => "横屏模式",
        Orientation::Portrait => "竖屏模式",
    };
    format!("```json\n{{\n    \"prompt\": {},\n    \"mode\": \"{mode}\"\n}}\n```\n\n", json!(generation.prompt))
}

fn content(text: String) -> String {
    delta(Delta { content: Some(text), ..Delta::default() })
}

fn thought(text: String) -> String {
    delta(Delta { reasoning_content: Some(text), ..Delta::default() })
}

fn delta(delta: Delta) -> String {
    chunk(vec![Choice { index: 0, delta, finish_reason: None }], None)
}

fn finish(generation: &Generation) -> String {
    let choice = Choice { index: 0, delta: Delta::default(), finish_reason: Some("stop") };
    chunk(vec![choice], Some(usage(generation)))
}

fn usage(generation: &Generation) -> Usage {
    let prompt_tokens = generation.prompt_tokens();
    let total_tokens = prompt_tokens + COMPLETION_TOKENS;
    Usage { prompt_tokens, completion_tokens: COMPLETION_TOKENS, total_tokens }
}

fn chunk(choices: Vec<Choice>, usage: Option<Usage>) -> String {
    json(&Chunk { id: "", object: "chat.completion.chunk", created: 0, model: "sora", choices, usage })
}

fn json<T: Serialize>(value: &T) -> String {
    // Nothing that is written here can fail to be JSON: strings and numbers only.
    serde_json::to_string(value).unwrap_or_default()
}
