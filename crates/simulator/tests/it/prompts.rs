//! The prompts of the shared collection, many of which resemble markup or status lines.

use serde_json::Value;

use crate::support::{ChatResponse, LANDSCAPE, PORTRAIT, body, post, simulator};

const PROMPTS: &str = include_str!("../../../testkit/data/prompts.jsonl");

#[tokio::test]
async fn the_echo_contains_every_prompt_unchanged() {
    let simulator = simulator("happy").await;
    for line in PROMPTS.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let prompt = entry["prompt"].as_str().unwrap();
        let (model, mode) =
            if entry["orientation"] == "portrait" { (PORTRAIT, "竖屏模式") } else { (LANDSCAPE, "横屏模式") };
        let contents = ChatResponse::read(post(&simulator, &body(model, prompt)).await).await.contents();
        let block = contents[0].strip_prefix("```json\n").unwrap().strip_suffix("\n```\n\n").unwrap();
        let echo: Value = serde_json::from_str(block).unwrap();
        assert_eq!((echo["prompt"].as_str(), echo["mode"].as_str()), (Some(prompt), Some(mode)), "{line}");
        assert!(!block.contains("\n```") && !block.contains("\n>"), "{line}");
        assert_eq!(simulator.stats_of(prompt).submissions, 1, "{line}");
    }
}
