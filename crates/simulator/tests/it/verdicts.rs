//! How refusals and failures are worded, in both dialects.

use serde_json::{Value, json};

use crate::support::{ChatResponse, client, simulator, submit};
use crate::videos_client::{create, post, read};

const VARIANTS: [&str; 5] = ["a1", "a2", "a2-object", "b1", "b2"];

/// The response to a submission with this behaviour, in every variant.
async fn in_every_variant(behaviour: &str) -> Vec<ChatResponse> {
    let mut responses = Vec::new();
    for variant in VARIANTS {
        let simulator = simulator(&format!("{behaviour},{variant}")).await;
        let response = submit(&simulator, "海").await;
        assert!(!response.text().contains("/media/") && !response.aborted, "{behaviour} in {variant}");
        assert_eq!(simulator.stats_of("海").submissions, 1);
        responses.push(response);
    }
    responses
}

fn find(response: &ChatResponse, found: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    response.chunks().iter().find_map(found)
}

#[tokio::test]
async fn streams_word_refusals_in_several_ways() {
    for response in in_every_variant("content-filter").await {
        let reason =
            find(&response, |chunk| Some(chunk["choices"][0]["finish_reason"].clone()).filter(Value::is_string));
        assert_eq!(reason, Some(json!("content_filter")));
    }
    for response in in_every_variant("refusal-field").await {
        let refusal = find(&response, |chunk| chunk["choices"][0]["delta"].get("refusal").cloned());
        assert_eq!(refusal, Some(json!("I can't help with that request.")));
    }
    for response in in_every_variant("event-error").await {
        let event = "event: error\ndata: {\"code\":\"moderation_blocked\",\"message\":\"内容违规 content policy\"}\n\n";
        assert!(response.text().ends_with(event));
    }
    for response in in_every_variant("moderation-frame").await {
        assert_eq!(find(&response, |chunk| chunk.get("error").cloned()).unwrap()["code"], "moderation_blocked");
    }
    for response in in_every_variant("moderation-message").await {
        let error = find(&response, |chunk| chunk.get("error").cloned()).unwrap();
        assert_eq!(error["message"], "Generated video rejected by content moderation.");
    }
    for response in in_every_variant("guardrails").await {
        assert!(response.transcript().contains("❌ Generation failed: This content may violate our guardrails"));
    }
}

#[tokio::test]
async fn a_failure_can_be_a_rate_limit_of_the_upstream() {
    for response in in_every_variant("cloudflare-429").await {
        assert!(response.transcript().contains("❌ Generation failed: Cloudflare challenge or rate limit (429)"));
    }
    let failed = create(&simulator("cloudflare-429").await, "海").await.poll().await.1;
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&"failed".into(), &Value::Null));
}

#[tokio::test]
async fn a_notice_about_failures_precedes_a_successful_generation() {
    for variant in VARIANTS {
        let simulator = simulator(&format!("notice-failure,{variant}")).await;
        let transcript = submit(&simulator, "海").await.transcript();
        let notice = transcript.find("> 温馨提示：生成失败不扣费，请勿重复提交\n").unwrap();
        assert!(transcript[notice..].contains("/media/"), "{variant}");
    }
}

#[tokio::test]
async fn video_objects_word_refusals_in_several_ways() {
    for (behaviour, code, message) in [
        ("content-filter", json!("moderation_blocked"), "blocked by our moderation system"),
        ("moderation-message", json!("Client specified an invalid argument"), "rejected by content moderation"),
        ("guardrails", Value::Null, "may violate our guardrails"),
    ] {
        let (status, failed) = create(&simulator(behaviour).await, "海").await.poll().await;
        assert_eq!((status, &failed["status"], &failed["error"]["code"]), (200, &"failed".into(), &code));
        assert!(failed["error"]["message"].as_str().unwrap().contains(message), "{behaviour}");
    }
}

#[tokio::test]
async fn a_poll_can_be_answered_400_with_the_verdict() {
    let simulator = simulator("poll-400-moderated").await;
    let video = create(&simulator, "海").await;
    let verdict =
        json!({"code": "imagine:content-moderated", "error": "Generated video rejected by content moderation."});
    assert_eq!(video.poll().await, (400, verdict));
    assert_eq!(simulator.stats_of("海").submissions, 1);
}

#[tokio::test]
async fn a_submission_can_be_refused_with_400() {
    let simulator = simulator("http-400-moderated").await;
    let chat = submit(&simulator, "海").await;
    assert_eq!((chat.status, &chat.json()["error"]["code"]), (400, &"moderation_blocked".into()));
    let (status, answer) = read(post(&simulator, "海").await).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &"moderation_blocked".into()));
    assert_eq!(simulator.stats_of("海").submissions, 0);
}

#[tokio::test]
async fn an_unreadable_upstream_accepts_and_says_nothing_known() {
    let simulator = simulator("unreadable").await;
    let chunks = submit(&simulator, "海").await.chunks();
    assert_eq!((chunks.len(), chunks[0].get("choices")), (3, None));
    let (status, answer) = read(post(&simulator, "海").await).await;
    assert_eq!((status, answer.get("id"), answer.get("status")), (200, None, None));
    assert_eq!(simulator.stats_of("海").submissions, 2);
    let request = client().get(format!("{}/accepted", simulator.videos_url()));
    assert_eq!(request.send().await.unwrap().status(), 404);
}
