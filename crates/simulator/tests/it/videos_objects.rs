//! Status words, ids and envelopes of the `videos` dialect.

use serde_json::{Value, json};
use simulator::SimulatorHandle;

use crate::support::{client, simulator};
use crate::videos_client::{VideoClient, create, post, read};

/// The answers to create and to the poll after it, with the id found at this place.
async fn exchange(simulator: &SimulatorHandle, id: &str) -> (Value, Value, VideoClient) {
    let (status, created) = read(post(simulator, "海").await).await;
    assert_eq!(status, 200, "{created}");
    let found = created.pointer(id).unwrap();
    let text = found.as_str().map_or_else(|| found.to_string(), ToOwned::to_owned);
    let video = VideoClient::of(simulator, json!({"id": text}));
    let (status, polled) = video.poll().await;
    assert_eq!(status, 200, "{polled}");
    (created, polled, video)
}

async fn is_video(url: &str) -> bool {
    client().get(url).send().await.unwrap().bytes().await.unwrap()[4..8] == *b"ftyp"
}

#[tokio::test]
async fn envelopes_hold_the_id_the_status_and_the_result() {
    for (behaviour, id, status, word) in [
        ("empty-id", "/task_id", "/status", "completed"),
        ("numeric-id", "/id", "/status", "completed"),
        ("video-id", "/video_id", "/status", "completed"),
        ("request-id", "/request_id", "/status", "COMPLETED"),
        ("task-id-data", "/data/taskId", "/data/state", "success"),
        ("nested-task-id", "/output/task_id", "/output/task_status", "SUCCEEDED"),
        ("data-beside-status", "/id", "/status", "Completed"),
        ("new-api-task", "/data/task_id", "/data/status", "SUCCESS"),
        ("outer-status", "/data/id", "/data/status", "completed"),
        ("data-object", "/data/id", "/data/status", "completed"),
        ("data-list", "/data/0/id", "/data/0/status", "completed"),
        ("task-object", "/task/id", "/task/status", "completed"),
    ] {
        for flavour in ["openai", "vllm-omni"] {
            let simulator = simulator(&format!("{behaviour},{flavour}")).await;
            let (_, polled, video) = exchange(&simulator, id).await;
            assert_eq!(polled.pointer(status), Some(&word.into()), "{behaviour}: {polled}");
            assert_eq!(&video.content().await.bytes().await.unwrap()[4..8], b"ftyp");
            assert_eq!(simulator.stats_of("海").submissions, 1);
        }
    }
}

#[tokio::test]
async fn envelopes_hold_the_url_of_the_result() {
    for (behaviour, id, url) in [
        ("request-id", "/request_id", "/video/url"),
        ("nested-task-id", "/output/task_id", "/output/video_url"),
        ("data-beside-status", "/id", "/data/videos/0/url"),
        ("no-content-url-only", "/id", "/url"),
        ("metadata-url", "/id", "/metadata/url"),
        ("result-field=output.0", "/id", "/output/0"),
        ("result-field=videos.0", "/id", "/videos/0/url"),
        ("unknown-status-with-result", "/id", "/url"),
    ] {
        let simulator = simulator(behaviour).await;
        let (created, polled, _) = exchange(&simulator, id).await;
        assert_eq!(created.pointer(url), None, "{behaviour}: {created}");
        assert!(is_video(polled.pointer(url).unwrap().as_str().unwrap()).await, "{behaviour}: {polled}");
    }
    let simulator = simulator("task-id-data").await;
    let (_, polled, _) = exchange(&simulator, "/data/taskId").await;
    let result: Value = serde_json::from_str(polled["data"]["resultJson"].as_str().unwrap()).unwrap();
    assert!(is_video(result["resultUrls"][0].as_str().unwrap()).await);
}

#[tokio::test]
async fn new_api_returns_the_url_as_fail_reason() {
    let simulator = simulator("new-api-task").await;
    let (created, polled, _) = exchange(&simulator, "/data/task_id").await;
    assert_eq!((&created["data"]["fail_reason"], &polled["data"]["progress"]), (&"".into(), &"100%".into()));
    assert!(is_video(polled["data"]["fail_reason"].as_str().unwrap()).await);
}

#[tokio::test]
async fn a_result_can_be_announced_while_the_generation_runs() {
    let simulator = simulator("early-result,pace=3600000").await;
    let (created, polled, _) = exchange(&simulator, "/id").await;
    assert_eq!((&polled["status"], &created["url"]), (&"queued".into(), &polled["url"]));
    assert!(polled["url"].is_string());
}

#[tokio::test]
async fn an_empty_id_occurs_in_the_answer_to_create_only() {
    let (created, polled, video) = exchange(&simulator("empty-id").await, "/task_id").await;
    assert_eq!((&created["id"], &polled["id"]), (&"".into(), &video.id().into()));
}

#[tokio::test]
async fn a_failure_is_in_the_envelope_too() {
    for (behaviour, id, status, error) in [
        ("nested-task-id", "/output/task_id", "/output/task_status", "/output/error/message"),
        ("task-id-data", "/data/taskId", "/data/state", "/data/error/message"),
        ("request-id", "/request_id", "/status", "/error/message"),
    ] {
        let (_, polled, _) = exchange(&simulator(&format!("{behaviour},refuse@40%")).await, id).await;
        let word = polled.pointer(status).unwrap().as_str().unwrap();
        assert!(word.to_lowercase().starts_with("fail") && polled.pointer(error).is_some(), "{behaviour}: {polled}");
    }
}

#[tokio::test]
async fn the_content_endpoint_can_be_missing() {
    for behaviour in ["no-content", "no-content-url-only", "metadata-url"] {
        let simulator = simulator(behaviour).await;
        let (_, _, video) = exchange(&simulator, "/id").await;
        let (status, answer) = read(video.content().await).await;
        assert_eq!((status, &answer["error"]["message"]), (404, &"Invalid URL (GET /content)".into()));
    }
}

#[tokio::test]
async fn status_words_end_a_generation_as_they_say() {
    for (words, error) in [
        (&["done", "succeed", "succeeded", "success", "Ready", "ok", "finished", "complete"][..], None),
        (&["rejected", "moderated", "nsfw", "blocked"], Some("Generated video rejected by content moderation.")),
        (&["timeout", "aborted", "error"], Some("The generation did not finish in time.")),
    ] {
        for word in words {
            let simulator = simulator(&format!("status-words={word}")).await;
            let video = create(&simulator, "海").await;
            assert_eq!(video.created["status"], "queued");
            let (_, polled) = video.poll().await;
            assert_eq!((polled["status"].as_str(), polled["error"]["message"].as_str()), (Some(*word), error));
            assert_eq!(video.content().await.status() == 200, error.is_none(), "{word}");
        }
    }
    let (_, polled, _) = exchange(&simulator("unknown-status-with-error").await, "/id").await;
    assert_eq!((&polled["status"], polled["error"].is_object()), (&"halted".into(), true));
}

#[tokio::test]
async fn fields_can_have_unusual_types() {
    let (created, polled, _) = exchange(&simulator("empty-error,progress-text").await, "/id").await;
    assert_eq!(created["error"], json!({"code": "", "message": ""}));
    assert_eq!((&created["progress"], &polled["progress"]), (&"0%".into(), &"100%".into()));
    let (created, _, _) = exchange(&simulator("numeric-id").await, "/id").await;
    assert!(created["id"].is_u64());
}

#[tokio::test]
async fn replicas_answer_polls_in_turn() {
    let simulator = simulator("replica-404").await;
    let video = create(&simulator, "海").await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(video.poll().await.0);
    }
    assert_eq!(statuses, [404, 404, 404, 200, 404, 404, 404, 200]);
    assert_eq!(video.content().await.status(), 200);
}
