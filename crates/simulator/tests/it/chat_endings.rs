//! How generations end, in `chat`: refused, failed, lost, torn, and in bytes that make no sense.

use std::error::Error;
use std::io;

use serde_json::{Value, json};

use crate::support::{LANDSCAPE, body, client, post, simulator, submit};

#[tokio::test]
async fn an_error_frame_comes_before_anything_else_and_may_have_cost() {
    let simulator = simulator("error-frame").await;
    let answer = submit(&simulator, "海").await;
    let expected = "data: {\"error\":{\"message\":\"Generation failed: upstream error\",\"type\":\"server_error\",\
                    \"param\":null,\"code\":null}}\n\ndata: [DONE]\n\n";
    assert_eq!((answer.status, answer.text().as_str()), (200, expected));
    assert_eq!(simulator.stats_of("海").submissions, 1);
}

#[tokio::test]
async fn an_error_frame_can_come_later() {
    let simulator = simulator("error-frame@30%").await;
    let answer = submit(&simulator, "海").await;
    assert_eq!(answer.progress(), ["24.6", "30.0"]);
    assert!(answer.chunks().last().unwrap()["error"]["message"].is_string() && !answer.torn);
}

#[tokio::test]
async fn a_busy_upstream_says_so_in_a_frame_and_costs_nothing() {
    for (behaviour, words) in [("no-tokens", "No available tokens"), ("heavy-load", "heavy load")] {
        for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
            let simulator = simulator(&format!("{behaviour},{variant}")).await;
            let answer = submit(&simulator, "海").await;
            let chunks = answer.chunks();
            assert!(chunks[0]["error"]["message"].as_str().unwrap().contains(words));
            assert_eq!((answer.status, chunks.len(), simulator.stats_of("海").submissions), (200, 1, 0));
        }
    }
}

#[tokio::test]
async fn an_error_can_hold_the_text_of_another() {
    let answer = submit(&simulator("nested-json-error").await, "海").await;
    let chunks = answer.chunks();
    let inner: Value = serde_json::from_str(chunks[0]["error"]["message"].as_str().unwrap()).unwrap();
    assert_eq!(inner["error"]["code"], "internal_error");
}

#[tokio::test]
async fn http_errors_cost_nothing_unless_a_proxy_gave_up() {
    for (word, status, code, submissions) in [
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
        let simulator = simulator(word).await;
        let answer = submit(&simulator, "海").await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (status, &code), "{word}");
        assert_eq!(simulator.stats_of("海").submissions, submissions, "{word}");
    }
    let hidden = submit(&simulator("500-with-4xx-inside").await, "海").await;
    assert!(hidden.json()["error"]["message"].as_str().unwrap().starts_with("400: "));
}

#[tokio::test]
async fn a_proxy_answers_with_a_page() {
    for (word, status) in [("http-502-html", 502), ("http-200-html", 200)] {
        let simulator = simulator(word).await;
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
async fn retry_after_goes_with_what_can_be_retried() {
    for (word, header) in [("http-429", true), ("http-503", true), ("http-500", false)] {
        let response = post(&simulator(&format!("{word},retry-after=7")).await, &body(LANDSCAPE, "海")).await;
        assert_eq!(response.headers().get("retry-after").is_some_and(|value| value == "7"), header, "{word}");
    }
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let simulator = simulator("rst@60%").await;
    let mut response = post(&simulator, &body(LANDSCAPE, "海")).await;
    let error = loop {
        match response.chunk().await {
            Ok(chunk) => assert!(chunk.is_some(), "the stream ended in order"),
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
async fn an_answer_can_be_lost_after_the_request_was_accepted() {
    let simulator = simulator("create-answer-lost*1").await;
    let request = || client().post(simulator.chat_url()).json(&body(LANDSCAPE, "海")).send();
    assert!(request().await.is_err());
    assert_eq!(simulator.stats_of("海").submissions, 1);
    assert_eq!(request().await.unwrap().status(), 200);
}

#[tokio::test]
async fn completed_without_a_url_is_no_video() {
    for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
        let behaviour = format!("refused-completed-without-url,{variant}");
        let answer = submit(&simulator(&behaviour).await, "海").await;
        assert!(!answer.text().contains("/media/") && answer.text().contains("[DONE]") && !answer.torn);
        let finished = answer.chunks().iter().any(|chunk| chunk["choices"][0]["finish_reason"].is_string());
        assert!(finished, "{variant}");
    }
}

#[tokio::test]
async fn progress_falls_back_and_rises_again() {
    let answer = submit(&simulator("regress").await, "海").await;
    assert_eq!(answer.progress(), ["24.6", "49.3", "74.0", "49.3", "74.0", "98.7"]);
    assert!(answer.url().is_some());
}

#[tokio::test]
async fn an_upstream_can_retry_by_itself() {
    let answer = submit(&simulator("internal-retry").await, "海").await;
    assert_eq!(answer.progress(), ["24.6", "49.3", "74.0", "24.6", "49.3", "74.0", "98.7"]);
    assert!(answer.transcript().contains("正在重试") && answer.url().is_some());
}

#[tokio::test]
async fn a_failure_is_told_like_a_refusal_with_another_reason() {
    let answer = submit(&simulator("failed@50%").await, "海").await;
    assert!(answer.transcript().contains("❌ 生成失败: 视频生成服务异常") && answer.url().is_none());
}

#[tokio::test]
async fn done_can_be_literal_or_double() {
    let literal = submit(&simulator("done-literal").await, "海").await.text();
    assert!(literal.ends_with("\n\ndata: [DONE]\\n\\n"));
    let twice = submit(&simulator("done-twice").await, "海").await.text();
    assert!(twice.ends_with("\n\ndata: [DONE]\n\ndata: [DONE]\n\n"));
}

#[tokio::test]
async fn some_chunks_have_no_choices() {
    for variant in ["a1", "a2", "b1", "b2"] {
        let answer = submit(&simulator(&format!("empty-choices,{variant}")).await, "海").await;
        let empty = answer.chunks().iter().filter(|chunk| chunk["choices"] == json!([])).count();
        assert_eq!(empty, 2, "{variant}");
    }
}

#[tokio::test]
async fn a_line_can_be_longer_than_anybody_reads() {
    let answer = submit(&simulator("huge-line").await, "海").await;
    let longest = answer.text().lines().map(str::len).max().unwrap();
    assert!(longest > 2 << 20);
    assert!(answer.url().is_some());
}

#[tokio::test]
async fn a_prompt_can_be_repeated_where_status_stands() {
    let prompt = "> 🏃 进度：99%\n[点击这里](http://example.invalid/x.mp4)";
    for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
        let answer = submit(&simulator(&format!("prompt-echo-injection,{variant}")).await, prompt).await;
        assert!(answer.transcript().contains(prompt), "{variant}");
        assert!(answer.thoughts().iter().any(|thought| thought.trim_end() == prompt), "{variant}");
    }
}

#[tokio::test]
async fn garbage_comes_in_short_lines_and_ends_in_order() {
    let simulator = simulator("garbage-stream=2").await;
    let answer = submit(&simulator, "海").await;
    let bytes = answer.pieces.concat();
    assert_eq!((bytes.len(), answer.torn), (2 << 20, false));
    assert!(bytes.split(|&byte| byte == b'\n').all(|line| line.len() < 64 << 10));
    assert_eq!(simulator.stats_of("海").submissions, 1);
}

#[tokio::test]
async fn what_means_nothing_in_a_stream_changes_nothing() {
    for word in ["lost@50%", "expired", "vllm-omni", "odd-id", "json-refused", "poll-5xx-3", "status-unknown"] {
        assert!(submit(&simulator(word).await, "海").await.url().is_some(), "{word}");
    }
}
