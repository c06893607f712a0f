//! The exact text of b1 streams, by ending.

use crate::support::{ChatResponse, PORTRAIT, body, post, simulator, submit};

const OPENING: [&str; 2] = [
    r#"data: {"id":"","object":"chat.completion.chunk","created":0,"model":"sora","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}"#,
    r#"data: {"id":"","object":"chat.completion.chunk","created":0,"model":"sora","choices":[{"index":0,"delta":{"content":"```json\n{\n    \"prompt\": \"海\",\n    \"mode\": \"横屏模式\"\n}\n```\n\n"},"finish_reason":null}]}"#,
];
const FINISH: &str = r#"data: {"id":"","object":"chat.completion.chunk","created":0,"model":"sora","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":240,"total_tokens":241}}"#;

/// The bytes of a stream: the opening, one frame per line of content, then the frames in `end`.
fn stream(lines: &[&str], end: &[&str]) -> String {
    let content = |line: &&str| {
        format!(
            r#"data: {{"id":"","object":"chat.completion.chunk","created":0,"model":"sora","choices":[{{"index":0,"delta":{{"content":"{line}\n\n"}},"finish_reason":null}}]}}"#
        )
    };
    let opening = OPENING.iter().map(ToString::to_string);
    let frames = opening.chain(lines.iter().map(content)).chain(end.iter().map(ToString::to_string));
    frames.map(|frame| frame + "\n\n").collect()
}

const QUEUE: &str = "> ⌛️ 任务正在队列中，请耐心等待...";

#[tokio::test]
async fn a_successful_stream_runs_from_the_echo_to_done() {
    let simulator = simulator("happy").await;
    let response = submit(&simulator, "海").await;
    let success = format!("> ✅ 视频生成成功，[点击这里]({}) 查看视频~~~", response.url().unwrap());
    let progress = ["> 🏃 进度：24.6%", "> 🏃 进度：49.3%", "> 🏃 进度：74.0%", "> 🏃 进度：98.7%"];
    let lines = [&[QUEUE, QUEUE], &progress[..], &[&success]].concat();
    assert_eq!(response.text(), stream(&lines, &[FINISH, "data: [DONE]"]));
    assert!(response.url().unwrap().starts_with(&format!("{}/media/", simulator.url())));
    assert!(!response.aborted);
}

#[tokio::test]
async fn the_response_is_an_event_stream() {
    let simulator = simulator("happy").await;
    let response = post(&simulator, &body(PORTRAIT, "海")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert!(ChatResponse::read(response).await.contents()[0].contains("\"mode\": \"竖屏模式\""));
}

#[tokio::test]
async fn a_refusal_states_its_reason_and_ends_orderly() {
    let simulator = simulator("refuse@40%").await;
    let response = submit(&simulator, "海").await;
    let refusal = "> ❌ 生成失败: 内容未通过审核，可能违反内容政策 (Content Policy Violation)";
    let lines = [QUEUE, QUEUE, "> 🏃 进度：24.6%", "> 🏃 进度：40.0%", refusal];
    assert_eq!(response.text(), stream(&lines, &[FINISH, "data: [DONE]"]));
    assert_eq!((response.aborted, simulator.stats_of("海").submissions), (false, 1));
}

#[tokio::test]
async fn cut_closes_the_connection_after_the_progress_lines() {
    let simulator = simulator("cut@60%").await;
    let response = submit(&simulator, "海").await;
    let lines = [QUEUE, QUEUE, "> 🏃 进度：24.6%", "> 🏃 进度：49.3%", "> 🏃 进度：60.0%"];
    assert_eq!(response.text(), stream(&lines, &[]));
    assert_eq!((response.status, response.aborted, simulator.stats_of("海").submissions), (200, true, 1));
}

#[tokio::test]
async fn cut_at_0_percent_still_follows_the_queue_lines() {
    let simulator = simulator("cut@0%").await;
    let response = submit(&simulator, "海").await;
    assert_eq!((response.text(), response.aborted), (stream(&[QUEUE, QUEUE], &[]), true));
}

#[tokio::test]
async fn cut_after_result_sends_the_url_and_no_finish() {
    let simulator = simulator("cut-after-result").await;
    let response = submit(&simulator, "海").await;
    assert!(response.url().is_some() && response.aborted);
    assert!(response.contents().last().unwrap().starts_with("> ✅"));
    assert!(!response.text().contains("\"stop\"") && !response.text().contains("[DONE]"));
}

#[tokio::test]
async fn no_done_ends_the_stream_with_the_finish_chunk() {
    let simulator = simulator("no-done").await;
    let response = submit(&simulator, "海").await;
    assert!(response.text().ends_with(&format!("{FINISH}\n\n")) && !response.aborted);
}

#[tokio::test]
async fn a_silent_stream_has_no_progress_lines() {
    let simulator = simulator("silent").await;
    let response = submit(&simulator, "海").await;
    let success = format!("> ✅ 视频生成成功，[点击这里]({}) 查看视频~~~", response.url().unwrap());
    assert_eq!(response.text(), stream(&[QUEUE, QUEUE, &success], &[FINISH, "data: [DONE]"]));
}

#[tokio::test]
async fn server_errors_replace_the_stream_and_count_no_submission() {
    for (behaviour, status) in [("http-500", 500), ("http-503", 503)] {
        let simulator = simulator(behaviour).await;
        let response = submit(&simulator, "海").await;
        assert_eq!((response.status, response.aborted), (status, false));
        let error = &response.json()["error"];
        assert_eq!((&error["type"], error["message"].is_string()), (&"server_error".into(), true));
        assert!(error["param"].is_null() && error["code"].is_null());
        let counts = simulator.stats_of("海");
        assert_eq!((counts.requests, counts.submissions), (1, 0));
    }
}
