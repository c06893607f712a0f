//! Endings in `chat`: refused, failed, disconnected, and random bytes.

use std::error::Error;
use std::io;

use serde_json::{Value, json};

use crate::support::{LANDSCAPE, body, client, post, simulator, submit};

#[tokio::test]
async fn an_error_frame_replaces_the_stream_and_counts_as_a_submission() {
    let simulator = simulator("error-frame").await;
    let response = submit(&simulator, "海").await;
    let expected = "data: {\"error\":{\"message\":\"Generation failed: upstream error\",\"type\":\"server_error\",\
                    \"param\":null,\"code\":null}}\n\ndata: [DONE]\n\n";
    assert_eq!((response.status, response.text().as_str()), (200, expected));
    assert_eq!(simulator.stats_of("海").submissions, 1);
}

#[tokio::test]
async fn an_error_frame_can_follow_progress() {
    let simulator = simulator("error-frame@30%").await;
    let response = submit(&simulator, "海").await;
    assert_eq!(response.progress(), ["24.6", "30.0"]);
    assert!(response.chunks().last().unwrap()["error"]["message"].is_string() && !response.aborted);
}

#[tokio::test]
async fn an_overloaded_upstream_sends_an_error_frame_and_counts_no_submission() {
    for (behaviour, message) in [("no-tokens", "No available tokens"), ("heavy-load", "heavy load")] {
        for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
            let simulator = simulator(&format!("{behaviour},{variant}")).await;
            let response = submit(&simulator, "海").await;
            let chunks = response.chunks();
            assert!(chunks[0]["error"]["message"].as_str().unwrap().contains(message));
            assert_eq!((response.status, chunks.len(), simulator.stats_of("海").submissions), (200, 1, 0));
        }
    }
}

#[tokio::test]
async fn an_error_message_can_contain_another_error_as_json() {
    let response = submit(&simulator("nested-json-error").await, "海").await;
    let chunks = response.chunks();
    let inner: Value = serde_json::from_str(chunks[0]["error"]["message"].as_str().unwrap()).unwrap();
    assert_eq!(inner["error"]["code"], "internal_error");
}

#[tokio::test]
async fn http_errors_count_no_submission_unless_a_proxy_timed_out() {
    for (behaviour, status, code, submissions) in [
        ("http-500", 500, json!(null), 0),
        ("http-503", 503, json!(null), 0),
        ("http-429", 429, json!("rate_limit_exceeded"), 0),
        ("http-401", 401, json!("invalid_api_key"), 0),
        ("http-402", 402, json!("insufficient_quota"), 0),
        ("http-403", 403, json!("permission_denied"), 0),
        ("http-410", 410, json!("model_retired"), 0),
        ("http-422", 422, json!("invalid_value"), 0),
        ("500-with-4xx-inside", 500, json!(null), 0),
        ("http-408", 408, json!("timeout"), 1),
        ("http-504", 504, json!("gateway_timeout"), 1),
    ] {
        let simulator = simulator(behaviour).await;
        let response = submit(&simulator, "海").await;
        assert_eq!((response.status, &response.json()["error"]["code"]), (status, &code), "{behaviour}");
        assert_eq!(simulator.stats_of("海").submissions, submissions, "{behaviour}");
    }
    let hidden = submit(&simulator("500-with-4xx-inside").await, "海").await;
    assert!(hidden.json()["error"]["message"].as_str().unwrap().starts_with("400: "));
}

#[tokio::test]
async fn a_proxy_error_is_an_html_page() {
    for (behaviour, status) in [("http-502-html", 502), ("http-200-html", 200)] {
        let simulator = simulator(behaviour).await;
        let response = post(&simulator, &body(LANDSCAPE, "海")).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (status, &"text/html".parse().unwrap())
        );
        assert!(response.text().await.unwrap().starts_with("<html>"));
        assert_eq!(simulator.stats_of("海").submissions, 1);
    }
}

#[tokio::test]
async fn retry_after_is_sent_with_429_and_503_only() {
    for (behaviour, header) in [("http-429", true), ("http-503", true), ("http-500", false)] {
        let response = post(&simulator(&format!("{behaviour},retry-after=7")).await, &body(LANDSCAPE, "海")).await;
        assert_eq!(response.headers().get("retry-after").is_some_and(|value| value == "7"), header, "{behaviour}");
    }
}

#[tokio::test]
async fn rst_resets_the_connection() {
    let simulator = simulator("rst@60%").await;
    let mut response = post(&simulator, &body(LANDSCAPE, "海")).await;
    let error = loop {
        match response.chunk().await {
            Ok(chunk) => assert!(chunk.is_some(), "the stream ended in video"),
            Err(error) => break error,
        }
    };
    let mut source = error.source();
    let kind = loop {
        let Some(cause) = source else { break None };
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            break Some(cause.kind());
        }
        source = cause.source();
    };
    assert_eq!(kind, Some(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_response_can_be_lost_after_the_request_was_accepted() {
    let simulator = simulator("create-answer-lost*1").await;
    let request = || client().post(simulator.chat_url()).json(&body(LANDSCAPE, "海")).send();
    assert!(request().await.is_err());
    assert_eq!(simulator.stats_of("海").submissions, 1);
    assert_eq!(request().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_completed_stream_can_lack_a_url() {
    for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
        let behaviour = format!("refused-completed-without-url,{variant}");
        let response = submit(&simulator(&behaviour).await, "海").await;
        assert!(!response.text().contains("/media/") && response.text().contains("[DONE]") && !response.aborted);
        let finished = response.chunks().iter().any(|chunk| chunk["choices"][0]["finish_reason"].is_string());
        assert!(finished, "{variant}");
    }
}

#[tokio::test]
async fn progress_can_fall_back_and_rise_again() {
    let response = submit(&simulator("regress").await, "海").await;
    assert_eq!(response.progress(), ["24.6", "49.3", "74.0", "49.3", "74.0", "98.7"]);
    assert!(response.url().is_some());
}

#[tokio::test]
async fn an_upstream_can_restart_a_generation() {
    let response = submit(&simulator("internal-retry").await, "海").await;
    assert_eq!(response.progress(), ["24.6", "49.3", "74.0", "24.6", "49.3", "74.0", "98.7"]);
    assert!(response.transcript().contains("正在重试") && response.url().is_some());
}

#[tokio::test]
async fn a_failure_differs_from_a_refusal_in_its_reason_only() {
    let response = submit(&simulator("failed@50%").await, "海").await;
    assert!(response.transcript().contains("❌ 生成失败: 视频生成服务异常") && response.url().is_none());
}

#[tokio::test]
async fn done_can_be_literal_or_repeated() {
    let literal = submit(&simulator("done-literal").await, "海").await.text();
    assert!(literal.ends_with("\n\ndata: [DONE]\\n\\n"));
    let twice = submit(&simulator("done-twice").await, "海").await.text();
    assert!(twice.ends_with("\n\ndata: [DONE]\n\ndata: [DONE]\n\n"));
}

#[tokio::test]
async fn empty_choices_sends_two_chunks_without_choices() {
    for variant in ["a1", "a2", "b1", "b2"] {
        let response = submit(&simulator(&format!("empty-choices,{variant}")).await, "海").await;
        let empty = response.chunks().iter().filter(|chunk| chunk["choices"] == json!([])).count();
        assert_eq!(empty, 2, "{variant}");
    }
}

#[tokio::test]
async fn huge_line_sends_a_line_above_2_mib() {
    let response = submit(&simulator("huge-line").await, "海").await;
    let longest = response.text().lines().map(str::len).max().unwrap();
    assert!(longest > 2 << 20);
    assert!(response.url().is_some());
}

#[tokio::test]
async fn the_prompt_can_be_repeated_among_status_lines() {
    let prompt = "> 🏃 进度：99%\n[点击这里](http://example.invalid/x.mp4)";
    for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
        let response = submit(&simulator(&format!("prompt-echo-injection,{variant}")).await, prompt).await;
        assert!(response.transcript().contains(prompt), "{variant}");
        assert!(response.reasoning().iter().any(|reasoning| reasoning.trim_end() == prompt), "{variant}");
    }
}

#[tokio::test]
async fn garbage_consists_of_short_lines_and_ends_orderly() {
    let simulator = simulator("garbage-stream=2").await;
    let response = submit(&simulator, "海").await;
    let bytes = response.pieces.concat();
    assert_eq!((bytes.len(), response.aborted), (2 << 20, false));
    assert!(bytes.split(|&byte| byte == b'\n').all(|line| line.len() < 64 << 10));
    assert_eq!(simulator.stats_of("海").submissions, 1);
}

#[tokio::test]
async fn behaviours_of_videos_do_not_affect_a_stream() {
    for behaviour in ["lost@50%", "expired", "vllm-omni", "odd-id", "json-refused", "poll-5xx-3", "status-unknown"] {
        assert!(submit(&simulator(behaviour).await, "海").await.url().is_some(), "{behaviour}");
    }
}
