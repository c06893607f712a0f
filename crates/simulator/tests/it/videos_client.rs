//! A client of the `videos` dialect.

use reqwest::Response;
use reqwest::multipart::Form;
use serde_json::Value;
use simulator::SimulatorHandle;

use crate::support::client;

/// A client for one generation.
pub(crate) struct VideoClient {
    pub(crate) created: Value,
    url: String,
}

/// Sends a create request for a video of eight seconds.
pub(crate) async fn post(simulator: &SimulatorHandle, prompt: &str) -> Response {
    let form = Form::new().text("prompt", prompt.to_owned()).text("model", "sora-2");
    let form = form.text("seconds", "8").text("size", "720x1280");
    client().post(simulator.videos_url()).multipart(form).send().await.unwrap()
}

/// Creates a generation; the request must be accepted.
pub(crate) async fn create(simulator: &SimulatorHandle, prompt: &str) -> VideoClient {
    let (status, created) = read(post(simulator, prompt).await).await;
    assert_eq!(status, 200, "{created}");
    VideoClient::of(simulator, created)
}

/// Status and body of a response.
pub(crate) async fn read(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

impl VideoClient {
    pub(crate) fn of(simulator: &SimulatorHandle, created: Value) -> Self {
        let mut url = reqwest::Url::parse(&simulator.videos_url()).unwrap();
        url.path_segments_mut().unwrap().push(created["id"].as_str().unwrap());
        Self { created, url: url.into() }
    }

    pub(crate) fn id(&self) -> &str {
        self.created["id"].as_str().unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn poll(&self) -> (u16, Value) {
        read(client().get(&self.url).send().await.unwrap()).await
    }

    pub(crate) async fn content(&self) -> Response {
        client().get(format!("{}/content", self.url)).send().await.unwrap()
    }

    pub(crate) async fn delete(&self) -> (u16, Value) {
        read(client().delete(&self.url).send().await.unwrap()).await
    }
}
