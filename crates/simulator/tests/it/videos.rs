//! The `videos` dialect from the create request to the download, in both flavours.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use simulator::{Config, Flavour, SimulatorHandle};

use crate::support::{client, config, start};
use crate::videos_client::{VideoClient, create, post, read};

const FLAVOURS: [Flavour; 2] = [Flavour::Openai, Flavour::VllmOmni];
/// A pace at which nothing happens during a test.
const FROZEN: u64 = 3_600_000;

/// A simulator of this flavour with four progress reports, no pauses, and this behaviour.
async fn simulator(flavour: Flavour, behaviour: &str) -> SimulatorHandle {
    start(Config { flavour, behaviour: behaviour.parse().unwrap(), ..config() }).await
}

#[tokio::test]
async fn a_generation_is_queued_then_completed_and_downloadable() {
    for flavour in FLAVOURS {
        let simulator = simulator(flavour, "happy").await;
        let video = create(&simulator, "海").await;
        assert_eq!((&video.created["status"], &video.created["progress"]), (&"queued".into(), &0.into()));
        let (status, done) = video.poll().await;
        assert_eq!((status, &done["status"], &done["progress"]), (200, &"completed".into(), &100.into()));
        assert_eq!((&done["id"], &done["prompt"]), (&video.created["id"], &"海".into()));
        let content = video.content().await;
        assert_eq!(
            (content.status().as_u16(), &content.headers()["content-type"]),
            (200, &"video/mp4".parse().unwrap())
        );
        assert_eq!(&content.bytes().await.unwrap()[4..8], b"ftyp");
        let counts = simulator.stats_of("海");
        assert_eq!((counts.requests, counts.submissions, counts.polls, counts.downloads), (1, 1, 1, 1));
        assert_eq!(simulator.stats().total, counts);
    }
}

#[tokio::test]
async fn objects_have_the_fields_of_each_flavour() {
    let openai = simulator(Flavour::Openai, "happy").await;
    let object = create(&openai, "海").await.poll().await.1;
    let completed = object["completed_at"].as_u64().unwrap();
    let expected = json!({
        "id": object["id"], "object": "video", "created_at": object["created_at"], "status": "completed",
        "completed_at": object["created_at"], "error": null, "expires_at": completed + 3600, "model": "sora-2",
        "progress": 100, "prompt": "海", "remixed_from_video_id": null, "seconds": "8", "size": "720x1280",
    });
    assert_eq!(object, expected);
    let id = object["id"].as_str().unwrap().strip_prefix("video_").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));

    let omni = simulator(Flavour::VllmOmni, "happy").await;
    let object = create(&omni, "海").await.poll().await.1;
    let id = object["id"].as_str().unwrap();
    assert!(id.starts_with("video_gen_"));
    assert_eq!(object["file_name"], format!("{id}.mp4"));
    assert_eq!((&object["media_type"], &object["expires_at"]), (&"video/mp4".into(), &Value::Null));
}

#[tokio::test]
async fn only_openai_reports_progress() {
    for (flavour, progress) in [(Flavour::Openai, 49), (Flavour::VllmOmni, 0)] {
        let frozen = start(Config { pace: FROZEN, flavour, ..config() }).await;
        let video = create(&frozen, "海").await;
        assert_eq!(video.poll().await.1["status"], "queued");
        // A failure preserves the progress at which it happened.
        let failed = create(&frozen, "[sim:instant,failed@49%]").await.poll().await.1;
        assert_eq!((&failed["status"], &failed["progress"]), (&"failed".into(), &progress.into()));
        // The connection that created it is closed by now.
        assert_eq!(video.poll().await.0, 200);
    }
}

#[tokio::test]
async fn only_openai_sends_poll_after() {
    for (pace, poll_after, expected) in
        [(0, None, "50"), (700, None, "700"), (FROZEN, None, "10000"), (0, Some(3), "3")]
    {
        let simulator = start(Config { pace, poll_after, ..config() }).await;
        let response = post(&simulator, "海").await;
        assert_eq!(response.headers()["openai-poll-after-ms"], expected);
        let id = read(response).await.1["id"].as_str().unwrap().to_owned();
        let poll = client().get(format!("{}/{id}", simulator.videos_url())).send().await.unwrap();
        assert_eq!(poll.headers()["openai-poll-after-ms"], expected);
    }
    let omni = simulator(Flavour::VllmOmni, "happy").await;
    assert!(!post(&omni, "海").await.headers().contains_key("openai-poll-after-ms"));
}

#[tokio::test]
async fn only_openai_accepts_json() {
    let body = json!({"prompt": "海", "model": "sora-2", "seconds": "4", "size": "1280x720"});
    for (flavour, expected) in [(Flavour::Openai, 200), (Flavour::VllmOmni, 422)] {
        let simulator = simulator(flavour, "happy").await;
        let response = client().post(simulator.videos_url()).json(&body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected);
        assert_eq!(simulator.stats_of("海").submissions, u64::from(expected == 200));
    }
}

#[tokio::test]
async fn counts_a_reference_image_in_either_format() {
    let simulator = simulator(Flavour::Openai, "happy").await;
    let image = Part::bytes(vec![1, 2, 3]).file_name("a.png").mime_str("image/png").unwrap();
    let form = Form::new().text("prompt", "海").part("input_reference", image);
    let response = client().post(simulator.videos_url()).multipart(form).send().await.unwrap();
    assert_eq!((response.status().as_u16(), simulator.stats_of("海").images), (200, 1));
    let body = json!({"prompt": "海", "input_reference": {"image_url": "data:image/png;base64,AAAA"}});
    client().post(simulator.videos_url()).json(&body).send().await.unwrap();
    assert_eq!(simulator.stats_of("海").images, 2);
}

#[tokio::test]
async fn rejects_invalid_fields_by_name() {
    for (field, value) in
        [("prompt", " "), ("seconds", "ten"), ("seconds", "0"), ("size", "wide"), ("input_reference", "no file")]
    {
        let mut form = Form::new().text(field, value);
        if field != "prompt" {
            form = form.text("prompt", "海");
        }
        let simulator = simulator(Flavour::Openai, "happy").await;
        let (status, answer) = read(client().post(simulator.videos_url()).multipart(form).send().await.unwrap()).await;
        assert_eq!((status, &answer["error"]["param"]), (400, &field.into()), "{field}={value}");
    }
    let omni = simulator(Flavour::VllmOmni, "happy").await;
    let empty = Form::new().text("model", "sora-2");
    let (status, answer) = read(client().post(omni.videos_url()).multipart(empty).send().await.unwrap()).await;
    assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", "prompt"])));
}

#[tokio::test]
async fn an_unknown_tag_returns_an_error_in_the_format_of_the_flavour() {
    let openai = read(post(&simulator(Flavour::Openai, "happy").await, "[sim:explode]").await).await;
    assert_eq!((openai.0, &openai.1["error"]["code"]), (400, &"unknown_behaviour".into()));
    let omni = read(post(&simulator(Flavour::VllmOmni, "happy").await, "[sim:explode]").await).await;
    assert!(omni.1["detail"][0]["msg"].as_str().unwrap().contains("\"explode\""));
}

#[tokio::test]
async fn content_is_an_error_until_the_video_is_completed() {
    for (flavour, waiting, failed) in [(Flavour::Openai, 400, 400), (Flavour::VllmOmni, 404, 422)] {
        let simulator = start(Config { pace: FROZEN, flavour, ..config() }).await;
        assert_eq!(create(&simulator, "海").await.content().await.status().as_u16(), waiting);
        let refused = create(&simulator, "[sim:instant,refuse@40%]").await;
        assert_eq!(refused.content().await.status().as_u16(), failed);
        assert_eq!(simulator.stats().total.downloads, 0);
    }
}

#[tokio::test]
async fn only_vllm_omni_deletes_a_running_generation() {
    for (flavour, status, cancels, after) in [(Flavour::Openai, 409, 0, 200), (Flavour::VllmOmni, 200, 1, 404)] {
        let simulator = start(Config { pace: FROZEN, flavour, ..config() }).await;
        let video = create(&simulator, "海").await;
        assert_eq!(video.delete().await.0, status);
        assert_eq!((simulator.stats_of("海").cancels, video.poll().await.0), (cancels, after));
    }
}

#[tokio::test]
async fn deleting_a_completed_video_counts_no_cancel() {
    for flavour in FLAVOURS {
        let simulator = simulator(flavour, "happy").await;
        let video = create(&simulator, "海").await;
        let expected = json!({"id": video.created["id"], "deleted": true, "object": "video.deleted"});
        assert_eq!(video.delete().await, (200, expected));
        assert_eq!((simulator.stats_of("海").cancels, video.poll().await.0, video.delete().await.0), (0, 404, 404));
    }
}

#[tokio::test]
async fn requires_the_token_on_every_endpoint() {
    let simulator = start(Config { token: Some("right".to_owned()), ..config() }).await;
    let url = format!("{}/video_0", simulator.videos_url());
    for request in [
        client().post(simulator.videos_url()),
        client().get(&url),
        client().get(format!("{url}/content")),
        client().delete(&url),
    ] {
        assert_eq!(request.send().await.unwrap().status().as_u16(), 401);
    }
    assert_eq!(client().get(&url).bearer_auth("right").send().await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn an_unknown_id_returns_404_in_the_format_of_the_flavour() {
    for (flavour, key) in [(Flavour::Openai, "error"), (Flavour::VllmOmni, "detail")] {
        let simulator = simulator(flavour, "happy").await;
        let unknown = VideoClient::of(&simulator, json!({"id": "video_0"}));
        let (status, answer) = unknown.poll().await;
        assert_eq!((status, answer.get(key).is_some(), simulator.stats().total.polls), (404, true, 1));
    }
}

#[tokio::test]
async fn lists_models() {
    let simulator = simulator(Flavour::Openai, "happy").await;
    let (status, list) = read(client().get(format!("{}/v1/models", simulator.url())).send().await.unwrap()).await;
    assert_eq!((status, &list["object"], &list["data"][0]["object"]), (200, &"list".into(), &"model".into()));
    assert!(list["data"].as_array().unwrap().iter().any(|model| model["id"] == "sora2-landscape-10s"));
}
