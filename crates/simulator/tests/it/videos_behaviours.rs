//! Behaviours in the `videos` dialect.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{LANDSCAPE, body, client, client_that_stays, config, simulator, start};
use crate::videos_client::{Order, create, post, read};
use simulator::{Config, Running};

/// Where a generation ends that behaves like this.
async fn end(behaviour: &str) -> serde_json::Value {
    create(&simulator(behaviour).await, "海").await.poll().await.1
}

/// The statuses of so many polls.
async fn statuses<const N: usize>(order: &Order) -> [u16; N] {
    let mut statuses = [0; N];
    for status in &mut statuses {
        *status = order.poll().await.0;
    }
    statuses
}

#[tokio::test]
async fn refusals_and_failures_have_an_error_each() {
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
async fn completed_can_mean_nothing() {
    let simulator = simulator("refused-completed-without-url").await;
    let order = create(&simulator, "海").await;
    assert_eq!(order.poll().await.1["status"], "completed");
    assert_eq!(order.content().await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_generation_can_expire() {
    let simulator = simulator("expired").await;
    let order = create(&simulator, "海").await;
    assert_eq!(order.poll().await.1["status"], "expired");
    assert_eq!(order.content().await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn status_words_come_from_the_wild() {
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
async fn polls_fail_in_order_and_then_no_more() {
    let simulator = simulator("poll-5xx-2,poll-429-1,poll-404-once,retry-after=3").await;
    let order = create(&simulator, "海").await;
    assert_eq!(statuses(&order).await, [500, 500, 429, 404, 200, 200]);
    assert_eq!(simulator.stats_of("海").polls, 6);
    let order = create(&simulator, "[sim:poll-404-3,poll-5xx-1]").await;
    assert_eq!(statuses(&order).await, [500, 429, 404, 404, 404, 200]);
    let limited = client().get(create(&simulator, "[sim:happy,poll-429-1,retry-after=3]").await.url()).send();
    assert_eq!(limited.await.unwrap().headers()["retry-after"], "3");
}

#[tokio::test]
async fn a_restart_loses_every_job_for_good() {
    for behaviour in ["lost@0%", "restart-loses-jobs", "vllm-omni,lost@100%"] {
        let simulator = simulator(behaviour).await;
        let order = create(&simulator, "海").await;
        assert_eq!(statuses(&order).await, [404; 4], "{behaviour}");
        assert_eq!((order.content().await.status().as_u16(), order.delete().await.0), (404, 404));
    }
    assert_eq!(end("lost@50%,pace=3600000").await["status"], "queued");
}

#[tokio::test]
async fn an_odd_id_works_when_it_is_encoded() {
    let simulator = simulator("odd-id").await;
    let order = create(&simulator, "海").await;
    assert!(["=", "+", "/"].iter().all(|odd| order.id().contains(odd)), "{}", order.id());
    assert_eq!((order.poll().await.0, order.content().await.status().as_u16()), (200, 200));
    let plain = client().get(format!("{}/{}", simulator.videos_url(), order.id())).send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::NOT_FOUND);
    assert_eq!(order.delete().await.0, 200);
}

#[tokio::test]
async fn a_form_of_body_can_be_refused() {
    let json = async |simulator: &Running| {
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
    let order = create(&simulator, "海").await;
    assert_eq!((order.delete().await.0, order.poll().await.0), (200, 200));
    assert_eq!(simulator.stats_of("海").cancels, 0);
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_a_submission() {
    let simulator = simulator("create-answer-lost").await;
    let form = reqwest::multipart::Form::new().text("prompt", "海");
    assert!(client().post(simulator.videos_url()).multipart(form).send().await.is_err());
    assert_eq!(simulator.stats_of("海").submissions, 1);
}

#[tokio::test]
async fn polls_can_be_torn() {
    for behaviour in ["cut@50%", "rst@50%"] {
        let simulator = simulator(behaviour).await;
        let order = create(&simulator, "海").await;
        assert!(client().get(order.url()).send().await.is_err());
        assert_eq!(simulator.stats_of("海").polls, 1);
    }
}

#[tokio::test]
async fn errors_come_with_status_200_too() {
    let simulator = simulator("error-frame").await;
    let (status, answer) = read(post(&simulator, "海").await).await;
    assert_eq!((status, answer["error"]["type"].as_str(), answer.get("id")), (200, Some("server_error"), None));
    assert_eq!(simulator.stats_of("海").submissions, 1);
    let order = create(&simulator, "[sim:error-frame@50%]").await;
    let (status, answer) = order.poll().await;
    assert_eq!((status, answer["error"]["type"].as_str(), answer.get("id")), (200, Some("server_error"), None));
}

#[tokio::test]
async fn orders_are_turned_away_in_the_words_of_the_flavour() {
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
async fn the_content_is_spoilt_like_any_file() {
    for (behaviour, expected) in [
        ("url-404-then-ok", [404, 404, 200]),
        ("url-expired*1", [403, 200, 200]),
        ("url-redirect", [200, 200, 200]),
        ("url-html", [200, 200, 200]),
    ] {
        let simulator = simulator(behaviour).await;
        let order = create(&simulator, "海").await;
        let mut statuses = [0; 3];
        for status in &mut statuses {
            *status = order.content().await.status().as_u16();
        }
        assert_eq!(statuses, expected, "{behaviour}");
        assert_eq!(simulator.stats_of("海").downloads, 3);
    }
    let simulator = simulator("truncated-file").await;
    let order = create(&simulator, "海").await;
    assert!(order.content().await.bytes().await.is_err());
}

#[tokio::test]
async fn the_content_can_lead_where_no_client_should_go() {
    let direct = client_that_stays();
    for (behaviour, target) in [
        ("url-private", "http://127.0.0.1:1/"),
        ("url-metadata", "http://169.254.169.254/"),
        ("url-redirect-private", "http://169.254.169.254/"),
    ] {
        let simulator = simulator(behaviour).await;
        let order = create(&simulator, "海").await;
        let response = direct.get(format!("{}/content", order.url())).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FOUND);
        assert!(response.headers()["location"].to_str().unwrap().starts_with(target), "{behaviour}");
    }
}

#[tokio::test]
async fn what_means_nothing_in_an_order_changes_nothing() {
    for word in ["crlf", "pings", "b2", "cut-after-result", "garbage-stream=1", "huge-line", "done-literal"] {
        assert_eq!(end(word).await["status"], "completed", "{word}");
    }
}

#[tokio::test]
async fn an_image_is_counted_in_chat_as_well() {
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
