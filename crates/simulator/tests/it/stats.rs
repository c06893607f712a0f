//! Counts, in process and over HTTP.

use serde_json::{Value, json};
use simulator::{Counts, SimulatorHandle};

use crate::support::{LANDSCAPE, body, client, post, simulator, submit};

async fn read(simulator: &SimulatorHandle, query: &[(&str, &str)]) -> Value {
    let mut url = reqwest::Url::parse(simulator.url()).unwrap().join("/sim/stats").unwrap();
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    serde_json::from_str(&client().get(url).send().await.unwrap().text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn counts_requests_submissions_and_downloads_separately() {
    let simulator = simulator("happy").await;
    let url = submit(&simulator, "a cat").await.url().unwrap();
    client().get(url).send().await.unwrap();
    submit(&simulator, "[sim:http-500*1] 猫 & dog").await;
    submit(&simulator, "[sim:http-500*1] 猫 & dog").await;
    let stats = read(&simulator, &[]).await;
    let expected = json!({
        "requests": 3, "submissions": 2, "downloads": 1, "images": 0, "polls": 0, "cancels": 0, "streaming": 0, "peakStreaming": 1,
        "byTag": {
            "untagged": {"requests": 1, "submissions": 1, "downloads": 1, "images": 0, "polls": 0, "cancels": 0},
            "http-500*1": {"requests": 2, "submissions": 1, "downloads": 0, "images": 0, "polls": 0, "cancels": 0},
        },
    });
    assert_eq!(stats, expected);
    let one = read(&simulator, &[("prompt", "[sim:http-500*1] 猫 & dog")]).await;
    assert_eq!(one, json!({"requests": 2, "submissions": 1, "downloads": 0, "images": 0, "polls": 0, "cancels": 0}));
    assert_eq!(read(&simulator, &[("prompt", "unheard of")]).await["requests"], 0);
    assert_eq!(serde_json::to_value(simulator.stats()).unwrap(), expected);
}

#[tokio::test]
async fn counts_a_submission_before_its_stream_is_read() {
    let simulator = simulator("pace=3600000").await;
    let response = post(&simulator, &body(LANDSCAPE, "a cat")).await;
    assert_eq!(simulator.stats_of("a cat").submissions, 1);
    let stats = simulator.stats();
    assert_eq!((stats.streaming, stats.peak_streaming), (1, 1));
    drop(response);
    assert_eq!(simulator.stats_of("a cat").submissions, 1);
}

#[tokio::test]
async fn reset_zeroes_the_counts_and_keeps_the_videos() {
    let simulator = simulator("happy").await;
    let prompt = "[sim:http-503*1] a cat";
    assert_eq!(submit(&simulator, prompt).await.status, 503);
    let url = submit(&simulator, prompt).await.url().unwrap();
    client().post(format!("{}/sim/reset", simulator.url())).send().await.unwrap();
    assert_eq!(simulator.stats_of(prompt), Counts::default());
    assert_eq!(simulator.stats().total, Counts::default());
    assert_eq!(client().get(url).send().await.unwrap().status(), 200);
    assert_eq!(submit(&simulator, prompt).await.status, 503);
}
