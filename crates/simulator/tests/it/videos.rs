//! The `videos` dialect from the order to the file.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use simulator::{Config, Flavour, Running};

use crate::support::{client, config, start};

/// A simulator of this flavour, with four steps and no pauses, which also behaves like this.
async fn simulator(flavour: Flavour, behaviour: &str) -> Running {
    start(Config { flavour, behaviour: behaviour.parse().unwrap(), ..config() }).await
}

fn form(prompt: &str) -> Form {
    Form::new().text("prompt", prompt.to_owned()).text("model", "sora-2").text("seconds", "8").text("size", "720x1280")
}

async fn create(simulator: &Running, prompt: &str) -> (u16, Value) {
    let response = client().post(simulator.videos_url()).multipart(form(prompt)).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn poll(simulator: &Running, id: &str) -> (u16, Value) {
    let response = client().get(format!("{}/{id}", simulator.videos_url())).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn content(simulator: &Running, id: &str) -> reqwest::Response {
    client().get(format!("{}/{id}/content", simulator.videos_url())).send().await.unwrap()
}

#[tokio::test]
async fn an_order_is_queued_then_completed_and_downloads_as_a_video() {
    for flavour in [Flavour::Openai, Flavour::VllmOmni] {
        let simulator = simulator(flavour, "happy").await;
        let (status, created) = create(&simulator, "海").await;
        assert_eq!((status, &created["status"], &created["progress"]), (200, &"queued".into(), &0.into()));
        let id = created["id"].as_str().unwrap();
        let (status, done) = poll(&simulator, id).await;
        assert_eq!((status, &done["status"], &done["progress"]), (200, &"completed".into(), &100.into()));
        assert_eq!((&done["id"], &done["prompt"]), (&created["id"], &"海".into()));
        let response = content(&simulator, id).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"video/mp4".parse().unwrap())
        );
        assert_eq!(&response.bytes().await.unwrap()[4..8], b"ftyp");
        let counts = simulator.stats_of("海");
        assert_eq!((counts.requests, counts.submissions, counts.polls, counts.downloads), (1, 1, 1, 1));
    }
}

#[tokio::test]
async fn an_order_in_json_is_taken_by_openai_alone() {
    let body = json!({"prompt": "海", "model": "sora-2", "seconds": "4", "size": "1280x720"});
    for (flavour, expected) in [(Flavour::Openai, 200), (Flavour::VllmOmni, 422)] {
        let simulator = simulator(flavour, "happy").await;
        let response = client().post(simulator.videos_url()).json(&body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected);
        assert_eq!(simulator.stats_of("海").submissions, u64::from(expected == 200));
    }
}

#[tokio::test]
async fn a_reference_image_is_counted() {
    let simulator = simulator(Flavour::Openai, "happy").await;
    let image = Part::bytes(vec![1, 2, 3]).file_name("a.png").mime_str("image/png").unwrap();
    let form = form("海").part("input_reference", image);
    let response = client().post(simulator.videos_url()).multipart(form).send().await.unwrap();
    assert_eq!((response.status().as_u16(), simulator.stats_of("海").images), (200, 1));
}
