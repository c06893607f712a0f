//! The exact bytes of each variant of `chat`.

use serde_json::Value;
use simulator::{Config, Variant};

use crate::support::{ChatResponse, config, simulator, start, submit};

/// A successful generation with two progress reports.
async fn happy(variant: Variant, behaviour: &str) -> ChatResponse {
    let behaviour = behaviour.parse().unwrap();
    submit(&start(Config { variant, steps: 2, behaviour, ..config() }).await, "海").await
}

/// Replaces timestamps (numbers of ten digits or more) by `T` and the result's URL by `URL`.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut digits = String::new();
    for char in text.chars().chain(['\0']) {
        if char.is_ascii_digit() {
            digits.push(char);
            continue;
        }
        masked.push_str(if digits.len() >= 10 { "T" } else { &digits });
        digits.clear();
        masked.push(char);
    }
    let start = masked.find("http://127.0.0.1").unwrap_or(masked.len());
    let url = masked[start..].split_once(".mp4").map(|(url, _)| format!("{url}.mp4"));
    let masked = url.map_or(masked.clone(), |url| masked.replace(&url, "URL"));
    masked.trim_end_matches('\0').to_owned()
}

fn a1(delta: &str, finish: &str, tokens: &str) -> String {
    format!(
        r#"data: {{"id": "chatcmpl-T", "object": "chat.completion.chunk", "created": T, "model": "sora", "choices": [{{"index": 0, "delta": {{{delta}, "tool_calls": null}}, "finish_reason": {finish}, "native_finish_reason": {finish}}}], "usage": {{"prompt_tokens": 0{tokens}}}}}"#
    ) + "\n\n"
}

#[tokio::test]
async fn a1_reports_status_as_reasoning_in_python_json() {
    let status = |text: &str| a1(&format!(r#""content": null, "reasoning_content": "{text}""#), "null", "");
    let expected = [
        a1(
            r#""role": "assistant", "content": null, "reasoning_content": "**Generation Process Begins**\n\nInitializing generation request...\n""#,
            "null",
            "",
        ),
        status(r"\n**Video Generation Progress**: 0% (queued)\n"),
        status(r"\n**Video Generation Progress**: 0% (queued)\n"),
        status(r"\n**Video Generation Progress**: 49% (processing)\n"),
        status(r"\n**Video Generation Progress**: 98% (processing)\n"),
        a1(
            r#""content": "```html\n<video src='URL' controls></video>\n```", "reasoning_content": null"#,
            "\"STOP\"",
            r#", "completion_tokens": 1, "total_tokens": 1"#,
        ),
        "data: [DONE]\n\n".to_owned(),
    ];
    assert_eq!(masked(&happy(Variant::A1, "happy").await.text()), expected.concat());
}

#[tokio::test]
async fn a1_escapes_non_ascii_characters() {
    let refused = happy(Variant::A1, "refuse@0%").await;
    assert!(refused.text().is_ascii());
    assert!(refused.text().contains(r#""content": "\u274c \u751f\u6210\u5931\u8d25: "#));
    assert!(refused.text().contains(r#""reasoning_content": "**Content Policy Violation**\n\n\u5185"#));
}

#[tokio::test]
async fn a1_reports_estimates_and_restarts() {
    let response = happy(Variant::A1, "estimated-only,internal-retry").await;
    let reasoning = response.reasoning();
    assert_eq!(reasoning[3], "**Processing**\n\nGeneration in progress: 49% completed (estimated)...\n");
    assert!(reasoning[5].starts_with("**生成失败，正在重试**\n\n第 1 次重试（共 3 次）...\n\n失败原因："));
    assert_eq!(reasoning[6], reasoning[3]);
}

#[tokio::test]
async fn a_variants_use_a_new_id_per_chunk() {
    for variant in [Variant::A1, Variant::A2, Variant::A2Object] {
        let chunks = happy(variant, "happy").await.chunks();
        let mut ids: Vec<&str> = chunks.iter().map(|chunk| chunk["id"].as_str().unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 6);
    }
}

fn a2(delta: &str) -> String {
    format!(
        r#"data: {{"id": "chatcmpl-T", "object": "chat.completion.chunk", "created": T, "model": "sora", "choices": [{{"index": 0, "delta": {{{delta}}}}}], "usage": {{"prompt_tokens": 0}}}}"#
    ) + "\n\n"
}

#[tokio::test]
async fn a2_omits_null_keys() {
    let expected = [
        a2(r#""role": "assistant", "reasoning_content": "[generation] (started) Initializing generation request...""#),
        a2(r#""reasoning_content": "[generation] (queued) Video generation is queued""#),
        a2(r#""reasoning_content": "[generation] (queued) Video generation is queued""#),
        a2(r#""reasoning_content": "[generation] (processing) 49% Video generation progress: 49%""#),
        a2(r#""reasoning_content": "[generation] (processing) 98% Video generation progress: 98%""#),
    ];
    let text = masked(&happy(Variant::A2, "happy").await.text());
    let (status, result) = text.split_at(expected.concat().len());
    assert_eq!(status, expected.concat());
    assert!(result.contains(
        r#""delta": {"content": "```html\n<video src='URL' controls></video>\n```"}, "finish_reason": "STOP""#
    ));
    assert!(!text.contains("null"));
}

#[tokio::test]
async fn a2_object_reports_status_as_an_object() {
    let text = masked(&happy(Variant::A2Object, "happy").await.text());
    let status = r#""reasoning_content": {"stage": "generation", "status": "processing", "progress": 49, "message": "Video generation progress: 49%"}"#;
    assert!(text.contains(&a2(status)), "{text}");
    assert!(text.contains(r#""content": "{\"type\": \"video\", \"url\": \"URL\", \"data\": [{\"url\": \"URL\"}]}""#));
}

#[tokio::test]
async fn b2_cuts_the_transcript_into_tokens() {
    let response = happy(Variant::B2, "happy").await;
    let transcript = response.transcript();
    let id = transcript.split_once("task_01k").unwrap().1.split_once('`').unwrap().0;
    let (_, rest) = transcript.split_once(&format!("> ID: `task_01k{id}`\n>[数据预览](http://")).unwrap();
    let (_, rest) = rest.split_once(")\n").unwrap();
    let (waiting, result) = rest.split_once("> 生成完成 ✅ [点击下载](").unwrap();
    assert!(
        transcript.starts_with("```json\n{\n  \"prompt\": \"海\",\n  \"orientation\": \"landscape\"\n}\n```\n\n> ID")
    );
    assert_eq!(waiting, "> 排队中..\n> 排队中..\n> 生成中..\n>🏃 进度 49..\n>🏃 进度 98..\n");
    assert!(result.contains(".mp4)\n\n> sid: s_"));
}

#[tokio::test]
async fn b2_has_clock_lines_and_chunks_without_data_prefix() {
    let text = happy(Variant::B2, "happy").await.text();
    let stray: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with("data: ")).collect();
    assert_eq!(stray.len(), 8);
    for pair in stray.chunks(2) {
        assert!(pair[0].len() == 8 && pair[0].split(':').all(|part| part.len() == 2), "{}", pair[0]);
        let chunk: Value = serde_json::from_str(pair[1]).unwrap();
        assert!(chunk["choices"][0]["delta"]["content"].is_string());
    }
    // The percentages occur in these chunks only.
    assert!(stray[5].contains("\"content\":\"49\"") && stray[7].contains("\"content\":\"98\""));
}

#[tokio::test]
async fn a_tag_selects_the_variant_of_one_request() {
    let simulator = simulator("happy").await;
    for (tag, sign) in [
        ("a1", "\"native_finish_reason\": null"),
        ("a2", "[generation] (started)"),
        ("a2-object", "\"stage\": \"generation\""),
        ("b2", "> ID: `"),
        ("b1", "视频生成成功"),
    ] {
        assert!(submit(&simulator, &format!("[sim:{tag}]")).await.text().contains(sign), "{tag}");
    }
    assert!(submit(&simulator, "a cat").await.url().is_some());
}

#[tokio::test]
async fn every_variant_links_to_a_playable_video() {
    for variant in [Variant::A1, Variant::A2, Variant::A2Object, Variant::B1, Variant::B2] {
        let simulator = start(Config { variant, ..config() }).await;
        let transcript = submit(&simulator, "海").await.transcript();
        let media = format!("{}/media/", simulator.url());
        let id = transcript.split_once(&media).unwrap().1.split_once(".mp4").unwrap().0;
        let file = crate::support::client().get(format!("{media}{id}.mp4")).send().await.unwrap();
        assert_eq!(&file.bytes().await.unwrap()[4..8], b"ftyp", "{variant:?}");
    }
}
