//! `[sim:…]` tags in prompts.

use crate::support::{config, simulator, start, submit};
use simulator::Config;

#[tokio::test]
async fn a_tag_affects_one_request_only() {
    let simulator = simulator("happy").await;
    assert!(submit(&simulator, "[sim:cut@60%] a cat").await.aborted);
    assert!(!submit(&simulator, "a cat").await.aborted);
}

#[tokio::test]
async fn tags_combine_with_each_other_and_with_flags() {
    let simulator = simulator("pings").await;
    let response = submit(&simulator, "[sim:crlf, steps=2] a cat [sim:refuse@60%]").await;
    assert!(response.text().starts_with(": PING\r\n\r\n"));
    assert_eq!(response.progress(), ["49.3", "60.0"]);
    assert!(response.url().is_none());
}

#[tokio::test]
async fn a_tag_overrides_a_flag() {
    let simulator = simulator("http-500,silent").await;
    assert_eq!(submit(&simulator, "[sim:http-503]").await.status, 503);
    assert_eq!(submit(&simulator, "[sim:happy]").await.progress().len(), 4);
}

#[tokio::test]
async fn a_tag_sets_the_pace() {
    let simulator = start(Config { pace: 3_600_000, ..config() }).await;
    for tag in ["instant", "pace=0"] {
        assert!(submit(&simulator, &format!("[sim:{tag}]")).await.url().is_some());
    }
}

#[tokio::test]
async fn a_counted_tag_applies_to_the_first_requests_of_its_prompt() {
    let simulator = simulator("happy").await;
    let mut statuses = Vec::new();
    for prompt in ["[sim:http-503*2] a", "[sim:http-503*2] a", "[sim:http-503*2] b", "[sim:http-503*2] a"] {
        statuses.push(submit(&simulator, prompt).await.status);
    }
    assert_eq!(statuses, [503, 503, 503, 200]);
    let counts = simulator.stats_of("[sim:http-503*2] a");
    assert_eq!((counts.requests, counts.submissions), (3, 1));
}

#[tokio::test]
async fn an_unknown_tag_returns_400_with_its_name() {
    let simulator = simulator("happy").await;
    for (prompt, named) in [("[sim:pings,explode] a cat", "\"explode\""), ("[sim:cut@60%", "no closing bracket")] {
        let response = submit(&simulator, prompt).await;
        let error = &response.json()["error"];
        assert_eq!((response.status, &error["code"]), (400, &"unknown_behaviour".into()));
        assert!(error["message"].as_str().unwrap().contains(named), "{error}");
        assert_eq!(simulator.stats_of(prompt).submissions, 0);
    }
}
