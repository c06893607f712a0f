//! Variant b2 (other resellers): the transcript cut into tokens. One line spans up to ten chunks, and between the events
//! there are clock lines and chunks without `data:`.
//!
//! Not every link is the result: those in the first lines lead to pages about the task.

use serde::Serialize;
use serde_json::json;

use super::context::StreamContext;
use super::messages::{FAILURE, HUGE_LINE, REFUSAL};
use super::sse::SseItem;
use crate::media::clip::Orientation;
use crate::script::Step;

/// Maximum number of chunks per line.
const MAX_TOKENS: usize = 10;

/// A chunk; the fields are in the order of the servers.
#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    model: &'static str,
    created: u64,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    delta: Delta<'a>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

/// The items that report a step.
pub(super) fn items(step: Step, context: &StreamContext) -> Vec<SseItem> {
    let tokens = |text: &str| tokens(text).map(|token| content(token, context)).collect::<Vec<_>>();
    match step {
        Step::Opened => {
            let role = Delta { role: Some("assistant"), content: Some(""), ..Delta::default() };
            let mut items = vec![SseItem::Data(delta(role, context))];
            items.extend(tokens(&echo(context)).into_iter().chain(tokens(&task(context))).map(SseItem::Data));
            items
        }
        Step::RawEcho => {
            let reasoning = Delta { reasoning_content: Some(&context.prompt), ..Delta::default() };
            let echo = tokens(&format!("{}\n\n", context.prompt));
            echo.into_iter().chain([delta(reasoning, context)]).map(SseItem::Data).collect()
        }
        Step::Usage => vec![SseItem::Data(chunk(Vec::new(), Some(usage(context)), context))],
        Step::Queued => with_bare_lines(tokens("> 排队中..\n"), context),
        Step::HugeLine => vec![SseItem::Data(content(&format!("> {}\n", "x".repeat(HUGE_LINE)), context))],
        Step::Started => data(tokens("> 生成中..\n")),
        Step::Progress(at) | Step::Estimate(at) => {
            with_bare_lines(tokens(&format!(">🏃 进度 {}..\n", at.whole())), context)
        }
        Step::Restarted => data(tokens(&format!("> ⚠️ 生成失败，重试中 1/3：{FAILURE}\n"))),
        Step::Succeeded => data(tokens(&format!("> 生成完成 ✅ [点击下载]({})\n\n{}", context.url(), sid(context)))),
        Step::CompletedWithoutResult => data(tokens(&format!("> 生成完成 ✅\n\n{}", sid(context)))),
        Step::Refused => data(tokens(&format!("> ❌ 生成失败: {REFUSAL}\n"))),
        Step::Failed | Step::FailedAtHundred => data(tokens(&format!("> ❌ 生成失败: {FAILURE}\n"))),
        Step::Errored(error) => vec![SseItem::Data(json!(error.error().frame()).to_string())],
        Step::Finished => vec![SseItem::Data(finish(context))],
        Step::Done => vec![SseItem::Data("[DONE]".to_owned())],
        Step::DoneLiteral => vec![SseItem::Raw("data: [DONE]\\n\\n")],
        Step::Notice
        | Step::TaskPage
        | Step::Unreadable
        | Step::Silence
        | Step::Expired
        | Step::IdForgotten
        | Step::Disconnected(_) => Vec::new(),
    }
}

/// The chunks of a text.
pub(super) fn content_items(text: &str, context: &StreamContext) -> Vec<SseItem> {
    tokens(text).map(|token| SseItem::Data(content(token, context))).collect()
}

fn data(payloads: Vec<String>) -> Vec<SseItem> {
    payloads.into_iter().map(SseItem::Data).collect()
}

/// A clock line and the chunks, the middle one without `data:`.
fn with_bare_lines(payloads: Vec<String>, context: &StreamContext) -> Vec<SseItem> {
    let seconds = context.timestamp() / 1000;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let middle = payloads.len() / 2;
    let chunks = payloads.into_iter().enumerate();
    let items = chunks.map(|(at, chunk)| if at == middle { SseItem::BareLine(chunk) } else { SseItem::Data(chunk) });
    std::iter::once(SseItem::BareLine(clock)).chain(items).collect()
}

/// Cuts a text into at most [`MAX_TOKENS`] pieces.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let size = text.chars().count().div_ceil(MAX_TOKENS).max(1);
    let mut boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(size).collect();
    boundaries.push(text.len());
    (1..boundaries.len()).map(move |index| &text[boundaries[index - 1]..boundaries[index]])
}

fn echo(context: &StreamContext) -> String {
    let orientation = match context.orientation {
        Orientation::Landscape => "landscape",
        Orientation::Portrait => "portrait",
    };
    let prompt = json!(context.prompt);
    format!("```json\n{{\n  \"prompt\": {prompt},\n  \"orientation\": \"{orientation}\"\n}}\n```\n\n")
}

fn task(context: &StreamContext) -> String {
    let (id, base) = (task_id(context), &context.base);
    format!("> ID: `{id}`\n>[数据预览]({base}/?task-preview={id}) | [原始数据]({base}/?task-source={id})\n")
}

/// A task id in the style of the servers: `task_01k` and 23 characters.
fn task_id(context: &StreamContext) -> String {
    let id = context.id.simple().to_string();
    format!("task_01k{}", &id[..23])
}

fn sid(context: &StreamContext) -> String {
    format!("> sid: s_{}\n", context.id.simple())
}

fn content(text: &str, context: &StreamContext) -> String {
    delta(Delta { content: Some(text), ..Delta::default() }, context)
}

fn delta(delta: Delta<'_>, context: &StreamContext) -> String {
    chunk(vec![Choice { index: 0, delta, finish_reason: None }], None, context)
}

fn finish(context: &StreamContext) -> String {
    let choice = Choice { index: 0, delta: Delta::default(), finish_reason: Some("stop") };
    chunk(vec![choice], Some(usage(context)), context)
}

fn usage(context: &StreamContext) -> Usage {
    let prompt_tokens = context.prompt_tokens();
    Usage { prompt_tokens, completion_tokens: 0, total_tokens: prompt_tokens }
}

fn chunk(choices: Vec<Choice<'_>>, usage: Option<Usage>, context: &StreamContext) -> String {
    let created = context.timestamp() / 1000;
    let id = format!("chatcmpl-{}", &context.id.simple().to_string()[..29]);
    let chunk = Chunk { id: &id, object: "chat.completion.chunk", model: "sora-2", created, choices, usage };
    // Serializing strings and numbers cannot fail.
    serde_json::to_string(&chunk).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_spans_at_most_ten_chunks() {
        for (text, count) in [("", 0), ("> 排队中..\n", 8), (">🏃 进度 76..\n", 6), (&"海".repeat(1001)[..], 10)]
        {
            let pieces: Vec<&str> = tokens(text).collect();
            assert_eq!((pieces.len(), pieces.concat().as_str()), (count, text));
        }
    }
}
