//! Variant b2, other resellers: the transcript cut into tokens. One line spans up to ten chunks, and between the frames
//! stand clock lines and chunks without `data:`.
//!
//! Not every link is the result: those of the first lines lead to pages about the task.

use serde::Serialize;
use serde_json::json;

use super::{FAILURE, Generation, HUGE, REFUSAL};
use crate::chat::sse::Frame;
use crate::media::clip::Orientation;
use crate::script::Step;

/// Most chunks of a line.
const TOKENS: usize = 10;

/// Field order is that of the servers.
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

/// The frames that tell of a step.
pub(super) fn frames(step: Step, generation: &Generation) -> Vec<Frame> {
    let tokens = |text: &str| tokens(text).map(|token| content(token, generation)).collect::<Vec<_>>();
    match step {
        Step::Opened => {
            let role = Delta { role: Some("assistant"), content: Some(""), ..Delta::default() };
            let mut frames = vec![Frame::Data(delta(role, generation))];
            frames.extend(tokens(&echo(generation)).into_iter().chain(tokens(&task(generation))).map(Frame::Data));
            frames
        }
        Step::RawEcho => {
            let thought = Delta { reasoning_content: Some(&generation.prompt), ..Delta::default() };
            let said = tokens(&format!("{}\n\n", generation.prompt));
            said.into_iter().chain([delta(thought, generation)]).map(Frame::Data).collect()
        }
        Step::Usage => vec![Frame::Data(chunk(Vec::new(), Some(usage(generation)), generation))],
        Step::Queued => stray(tokens("> 排队中..\n"), generation),
        Step::HugeLine => vec![Frame::Data(content(&format!("> {}\n", "x".repeat(HUGE)), generation))],
        Step::Started => data(tokens("> 生成中..\n")),
        Step::Progress(at) | Step::Estimate(at) => stray(tokens(&format!(">🏃 进度 {}..\n", at.whole())), generation),
        Step::Retried => data(tokens(&format!("> ⚠️ 生成失败，重试中 1/3：{FAILURE}\n"))),
        Step::Succeeded => {
            data(tokens(&format!("> 生成完成 ✅ [点击下载]({})\n\n{}", generation.url(), sid(generation))))
        }
        Step::CompletedWithoutUrl => data(tokens(&format!("> 生成完成 ✅\n\n{}", sid(generation)))),
        Step::Refused => data(tokens(&format!("> ❌ 生成失败: {REFUSAL}\n"))),
        Step::Failed | Step::FailedAtHundred => data(tokens(&format!("> ❌ 生成失败: {FAILURE}\n"))),
        Step::Errored(failure) => vec![Frame::Data(json!(failure.error().frame()).to_string())],
        Step::Finished => vec![Frame::Data(finish(generation))],
        Step::Done => vec![Frame::Data("[DONE]".to_owned())],
        Step::DoneLiteral => vec![Frame::Raw("data: [DONE]\\n\\n")],
        Step::Silence | Step::Expired | Step::Lost | Step::Cut(_) => Vec::new(),
    }
}

fn data(payloads: Vec<String>) -> Vec<Frame> {
    payloads.into_iter().map(Frame::Data).collect()
}

/// A clock line and the chunks, the one in the middle without `data:`.
fn stray(payloads: Vec<String>, generation: &Generation) -> Vec<Frame> {
    let seconds = generation.now() / 1000;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let middle = payloads.len() / 2;
    let chunks = payloads.into_iter().enumerate();
    let frames = chunks.map(|(at, chunk)| if at == middle { Frame::Stray(chunk) } else { Frame::Data(chunk) });
    std::iter::once(Frame::Stray(clock)).chain(frames).collect()
}

/// A text cut into at most ten pieces.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let size = text.chars().count().div_ceil(TOKENS).max(1);
    let mut borders: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(size).collect();
    borders.push(text.len());
    (1..borders.len()).map(move |index| &text[borders[index - 1]..borders[index]])
}

fn echo(generation: &Generation) -> String {
    let orientation = match generation.orientation {
        Orientation::Landscape => "landscape",
        Orientation::Portrait => "portrait",
    };
    let prompt = json!(generation.prompt);
    format!("```json\n{{\n  \"prompt\": {prompt},\n  \"orientation\": \"{orientation}\"\n}}\n```\n\n")
}

fn task(generation: &Generation) -> String {
    let (id, base) = (task_id(generation), &generation.base);
    format!("> ID: `{id}`\n>[数据预览]({base}/?task-preview={id}) | [原始数据]({base}/?task-source={id})\n")
}

/// Twenty-six characters behind `task_01k`, less three.
fn task_id(generation: &Generation) -> String {
    let id = generation.id.simple().to_string();
    format!("task_01k{}", &id[..23])
}

fn sid(generation: &Generation) -> String {
    format!("> sid: s_{}\n", generation.id.simple())
}

fn content(text: &str, generation: &Generation) -> String {
    delta(Delta { content: Some(text), ..Delta::default() }, generation)
}

fn delta(delta: Delta<'_>, generation: &Generation) -> String {
    chunk(vec![Choice { index: 0, delta, finish_reason: None }], None, generation)
}

fn finish(generation: &Generation) -> String {
    let choice = Choice { index: 0, delta: Delta::default(), finish_reason: Some("stop") };
    chunk(vec![choice], Some(usage(generation)), generation)
}

fn usage(generation: &Generation) -> Usage {
    let prompt_tokens = generation.prompt_tokens();
    Usage { prompt_tokens, completion_tokens: 0, total_tokens: prompt_tokens }
}

fn chunk(choices: Vec<Choice<'_>>, usage: Option<Usage>, generation: &Generation) -> String {
    let created = generation.now() / 1000;
    let id = format!("chatcmpl-{}", &generation.id.simple().to_string()[..29]);
    let chunk = Chunk { id: &id, object: "chat.completion.chunk", model: "sora-2", created, choices, usage };
    // Nothing in a chunk can fail to be JSON: strings and numbers only.
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
