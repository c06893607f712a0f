//! A client of the `videos` dialect.

use reqwest::Response;
use reqwest::multipart::Form;
use serde_json::Value;
use simulator::Running;

use crate::support::client;

/// An order that was answered with an object.
pub(crate) struct Order {
    pub(crate) created: Value,
    url: String,
}

/// Orders a clip of eight seconds.
pub(crate) async fn post(simulator: &Running, prompt: &str) -> Response {
    let form = Form::new().text("prompt", prompt.to_owned()).text("model", "sora-2");
    let form = form.text("seconds", "8").text("size", "720x1280");
    client().post(simulator.videos_url()).multipart(form).send().await.unwrap()
}

/// Orders a clip, which must be accepted.
pub(crate) async fn create(simulator: &Running, prompt: &str) -> Order {
    let (status, created) = read(post(simulator, prompt).await).await;
    assert_eq!(status, 200, "{created}");
    Order::of(simulator, created)
}

/// Status and body of an answer.
pub(crate) async fn read(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

impl Order {
    pub(crate) fn of(simulator: &Running, created: Value) -> Self {
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
