//! Variant b1, the resellers' dialect: a Markdown transcript in `delta.content`, one line per chunk.
//!
//! The first block repeats the prompt as JSON, so whatever a prompt says stands inside a fence and before the first `>`.

use serde::Serialize;
use serde_json::json;

use super::Generation;
use crate::clip::Orientation;
use crate::script::Step;

/// Why a refused prompt was refused.
const REASON: &str = "内容未通过审核，可能违反内容政策 (Content Policy Violation)";
/// Tokens that every answer claims to have cost.
const COMPLETION_TOKENS: usize = 240;

/// Field order is that of the servers.
#[derive(Serialize)]
struct Chunk {
    id: &'static str,
    object: &'static str,
    created: u64,
    model: &'static str,
    choices: [Choice; 1],
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
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

/// The payloads of the frames that tell of a step.
pub(super) fn payloads(step: Step, generation: &Generation) -> Vec<String> {
    match step {
        Step::Opened => vec![delta(Delta { role: Some("assistant"), content: None }), content(echo(generation))],
        Step::Queued => vec![content("> ⌛️ 任务正在队列中，请耐心等待...\n\n".to_owned())],
        Step::Progress(at) => vec![content(format!("> 🏃 进度：{at}\n\n"))],
        Step::Succeeded => vec![content(format!("> ✅ 视频生成成功，[点击这里]({}) 查看视频~~~\n\n", generation.url))],
        Step::Refused => vec![content(format!("> ❌ 生成失败: {REASON}\n\n"))],
        Step::Finished => vec![finish(generation)],
        Step::Done => vec!["[DONE]".to_owned()],
        Step::Silence | Step::Cut => Vec::new(),
    }
}

fn echo(generation: &Generation) -> String {
    let mode = match generation.orientation {
        Orientation::Landscape => "横屏模式",
        Orientation::Portrait => "竖屏模式",
    };
    format!("```json\n{{\n    \"prompt\": {},\n    \"mode\": \"{mode}\"\n}}\n```\n\n", json!(generation.prompt))
}

fn content(text: String) -> String {
    delta(Delta { role: None, content: Some(text) })
}

fn delta(delta: Delta) -> String {
    chunk(Choice { index: 0, delta, finish_reason: None }, None)
}

fn finish(generation: &Generation) -> String {
    let prompt_tokens = generation.prompt.chars().count();
    let total_tokens = prompt_tokens + COMPLETION_TOKENS;
    let usage = Usage { prompt_tokens, completion_tokens: COMPLETION_TOKENS, total_tokens };
    chunk(Choice { index: 0, delta: Delta::default(), finish_reason: Some("stop") }, Some(usage))
}

fn chunk(choice: Choice, usage: Option<Usage>) -> String {
    let chunk = Chunk { id: "", object: "chat.completion.chunk", created: 0, model: "sora", choices: [choice], usage };
    // Nothing in a chunk can fail to be JSON: strings and numbers only.
    serde_json::to_string(&chunk).unwrap_or_default()
}
