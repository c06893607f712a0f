//! Behaviours in the `videos` dialect.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{LANDSCAPE, body, client, client_without_redirects, config, simulator, start};
use crate::videos_client::{VideoClient, create, post, read};
use simulator::{Config, SimulatorHandle};

/// The final object of a generation with this behaviour.
async fn end(behaviour: &str) -> serde_json::Value {
    create(&simulator(behaviour).await, "海").await.poll().await.1
}

/// The HTTP statuses of the next `N` polls.
async fn statuses<const N: usize>(video: &VideoClient) -> [u16; N] {
    let mut statuses = [0; N];
    for status in &mut statuses {
        *status = video.poll().await.0;
    }
    statuses
}

#[tokio::test]
async fn refusals_and_failures_have_an_error_object() {
    for (behaviour, progress, code) in [
        ("refuse@40%", 40, "moderation_blocked"),
        ("failed@40%", 40, "internal_error"),
        ("failed-at-100", 100, "internal_error"),
        ("vllm-omni,refuse@40%", 0, "ValueError"),
        ("vllm-omni,failed-at-100", 100, "RuntimeError"),
    ] {
        let failed = end(behaviour).await;
        assert_eq!((&failed["status"], &failed["progress"]), (&"failed".into(), &progress.into()), "{behaviour}");
        assert_eq!(failed["error"]["code"], code, "{behaviour}");
    }
}

#[tokio::test]
async fn a_completed_generation_can_lack_content() {
    let simulator = simulator("refused-completed-without-url").await;
    let video = create(&simulator, "海").await;
    assert_eq!(video.poll().await.1["status"], "completed");
    assert_eq!(video.content().await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_generation_can_expire() {
    let simulator = simulator("expired").await;
    let video = create(&simulator, "海").await;
    assert_eq!(video.poll().await.1["status"], "expired");
    assert_eq!(video.content().await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn status_synonyms_are_stable_per_prompt_and_step() {
    let proper = ["queued", "in_progress", "completed", "failed"];
    for behaviour in ["status-synonym", "status-synonym,refuse@40%", "status-synonym,pace=3600000"] {
        let status = end(behaviour).await["status"].clone();
        assert!(!proper.contains(&status.as_str().unwrap()), "{behaviour}: {status}");
    }
    let simulator = simulator("status-synonym").await;
    let (first, second) = (create(&simulator, "海").await, create(&simulator, "海").await);
    assert_eq!(first.poll().await.1["status"], second.poll().await.1["status"]);
}

#[tokio::test]
async fn polls_fail_in_the_documented_order() {
    let simulator = simulator("poll-5xx-2,poll-429-1,poll-404-once,retry-after=3").await;
    let video = create(&simulator, "海").await;
    assert_eq!(statuses(&video).await, [500, 500, 429, 404, 200, 200]);
    assert_eq!(simulator.stats_of("海").polls, 6);
    let video = create(&simulator, "[sim:poll-404-3,poll-5xx-1]").await;
    assert_eq!(statuses(&video).await, [500, 429, 404, 404, 404, 200]);
    let limited = client().get(create(&simulator, "[sim:happy,poll-429-1,retry-after=3]").await.url()).send();
    assert_eq!(limited.await.unwrap().headers()["retry-after"], "3");
}

#[tokio::test]
async fn a_restart_forgets_the_id_for_good() {
    for behaviour in ["lost@0%", "restart-loses-jobs", "vllm-omni,lost@100%"] {
        let simulator = simulator(behaviour).await;
        let video = create(&simulator, "海").await;
        assert_eq!(statuses(&video).await, [404; 4], "{behaviour}");
        assert_eq!((video.content().await.status().as_u16(), video.delete().await.0), (404, 404));
    }
    assert_eq!(end("lost@50%,pace=3600000").await["status"], "queued");
}

#[tokio::test]
async fn an_odd_id_works_if_encoded() {
    let simulator = simulator("odd-id").await;
    let video = create(&simulator, "海").await;
    assert!(["=", "+", "/"].iter().all(|odd| video.id().contains(odd)), "{}", video.id());
    assert_eq!((video.poll().await.0, video.content().await.status().as_u16()), (200, 200));
    let plain = client().get(format!("{}/{}", simulator.videos_url(), video.id())).send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::NOT_FOUND);
    assert_eq!(video.delete().await.0, 200);
}

#[tokio::test]
async fn a_body_format_can_be_refused() {
    let json = async |simulator: &SimulatorHandle| {
        client().post(simulator.videos_url()).json(&json!({"prompt": "海"})).send().await.unwrap().status().as_u16()
    };
    for (behaviour, multipart, as_json) in
        [("multipart-refused", 415, 200), ("json-refused", 200, 415), ("vllm-omni,multipart-refused", 415, 200)]
    {
        let simulator = simulator(behaviour).await;
        assert_eq!((post(&simulator, "海").await.status().as_u16(), json(&simulator).await), (multipart, as_json));
        assert_eq!(simulator.stats_of("海").submissions, 1);
    }
}

#[tokio::test]
async fn a_cancel_can_be_ignored() {
    let simulator = simulator("cancel-ignored,pace=3600000").await;
    let video = create(&simulator, "海").await;
    assert_eq!((video.delete().await.0, video.poll().await.0), (200, 200));
    assert_eq!(simulator.stats_of("海").cancels, 0);
}

#[tokio::test]
async fn a_create_request_whose_response_is_lost_counts_as_a_submission() {
    let simulator = simulator("create-answer-lost").await;
    let form = reqwest::multipart::Form::new().text("prompt", "海");
    assert!(client().post(simulator.videos_url()).multipart(form).send().await.is_err());
    assert_eq!(simulator.stats_of("海").submissions, 1);
}

#[tokio::test]
async fn polls_can_break_the_connection() {
    for behaviour in ["cut@50%", "rst@50%"] {
        let simulator = simulator(behaviour).await;
        let video = create(&simulator, "海").await;
        assert!(client().get(video.url()).send().await.is_err());
        assert_eq!(simulator.stats_of("海").polls, 1);
    }
}

#[tokio::test]
async fn error_objects_can_have_status_200() {
    let simulator = simulator("error-frame").await;
    let (status, answer) = read(post(&simulator, "海").await).await;
    assert_eq!((status, answer["error"]["type"].as_str(), answer.get("id")), (200, Some("server_error"), None));
    assert_eq!(simulator.stats_of("海").submissions, 1);
    let video = create(&simulator, "[sim:error-frame@50%]").await;
    let (status, answer) = video.poll().await;
    assert_eq!((status, answer["error"]["type"].as_str(), answer.get("id")), (200, Some("server_error"), None));
}

#[tokio::test]
async fn http_errors_have_the_format_of_the_flavour() {
    for (behaviour, status, submissions) in
        [("no-tokens", 503, 0), ("heavy-load", 503, 0), ("http-429", 429, 0), ("http-504", 504, 1)]
    {
        for (flavour, key) in [("openai", "error"), ("vllm-omni", "detail")] {
            let simulator = simulator(&format!("{behaviour},{flavour}")).await;
            let answer = read(post(&simulator, "海").await).await;
            assert_eq!((answer.0, answer.1.get(key).is_some()), (status, true), "{behaviour}");
            assert_eq!(simulator.stats_of("海").submissions, submissions, "{behaviour}");
        }
    }
}

#[tokio::test]
async fn download_faults_apply_to_the_content_endpoint() {
    for (behaviour, expected) in [
        ("url-404-then-ok", [404, 404, 200]),
        ("url-expired*1", [403, 200, 200]),
        ("url-redirect", [200, 200, 200]),
        ("url-html", [200, 200, 200]),
    ] {
        let simulator = simulator(behaviour).await;
        let video = create(&simulator, "海").await;
        let mut statuses = [0; 3];
        for status in &mut statuses {
            *status = video.content().await.status().as_u16();
        }
        assert_eq!(statuses, expected, "{behaviour}");
        assert_eq!(simulator.stats_of("海").downloads, 3);
    }
    let simulator = simulator("truncated-file").await;
    let video = create(&simulator, "海").await;
    assert!(video.content().await.bytes().await.is_err());
}

#[tokio::test]
async fn the_content_endpoint_can_redirect_to_a_private_address() {
    let direct = client_without_redirects();
    for (behaviour, target) in [
        ("url-private", "http://127.0.0.1:1/"),
        ("url-metadata", "http://169.254.169.254/"),
        ("url-redirect-private", "http://169.254.169.254/"),
    ] {
        let simulator = simulator(behaviour).await;
        let video = create(&simulator, "海").await;
        let response = direct.get(format!("{}/content", video.url())).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FOUND);
        assert!(response.headers()["location"].to_str().unwrap().starts_with(target), "{behaviour}");
    }
}

#[tokio::test]
async fn behaviours_of_streams_do_not_affect_videos() {
    for behaviour in ["crlf", "pings", "b2", "cut-after-result", "garbage-stream=1", "huge-line", "done-literal"] {
        assert_eq!(end(behaviour).await["status"], "completed", "{behaviour}");
    }
}

#[tokio::test]
async fn counts_a_reference_image_in_chat() {
    let simulator = start(Config { pace: 0, ..config() }).await;
    let mut body = body(LANDSCAPE, "");
    body["messages"][0]["content"] = json!([
        {"type": "text", "text": "海"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]);
    client().post(simulator.chat_url()).json(&body).send().await.unwrap();
    let counts = simulator.stats_of("海");
    assert_eq!((counts.images, counts.submissions, simulator.stats().total.images), (1, 1, 1));
}
