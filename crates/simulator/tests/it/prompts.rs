//! Every prompt of the shared collection goes through unharmed, however much it looks like something else.

use serde_json::Value;

use crate::support::{Answer, LANDSCAPE, PORTRAIT, body, post, simulator};

const PROMPTS: &str = include_str!("../../../testkit/data/prompts.jsonl");

#[tokio::test]
async fn every_prompt_comes_back_unchanged_in_the_echo() {
    let simulator = simulator("happy").await;
    for line in PROMPTS.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let prompt = entry["prompt"].as_str().unwrap();
        let (model, mode) =
            if entry["orientation"] == "portrait" { (PORTRAIT, "竖屏模式") } else { (LANDSCAPE, "横屏模式") };
        let contents = Answer::read(post(&simulator, &body(model, prompt)).await).await.contents();
        let block = contents[0].strip_prefix("```json\n").unwrap().strip_suffix("\n```\n\n").unwrap();
        let echo: Value = serde_json::from_str(block).unwrap();
        assert_eq!((echo["prompt"].as_str(), echo["mode"].as_str()), (Some(prompt), Some(mode)), "{line}");
        assert!(!block.contains("\n```") && !block.contains("\n>"), "{line}");
        assert_eq!(simulator.stats_of(prompt).submissions, 1, "{line}");
    }
}
