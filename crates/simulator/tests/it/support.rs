//! A simulator without pauses, and a `chat` client for it.

use std::sync::LazyLock;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use simulator::{Config, Simulator, SimulatorHandle};

pub(crate) const LANDSCAPE: &str = "sora2-landscape-10s";
pub(crate) const PORTRAIT: &str = "sora2-portrait-10s";

/// A simulator with four progress reports, no pauses, and this behaviour.
pub(crate) async fn simulator(behaviour: &str) -> SimulatorHandle {
    start(Config { behaviour: behaviour.parse().unwrap(), ..config() }).await
}

pub(crate) fn config() -> Config {
    Config { pace: 0, steps: 4, ..Config::default() }
}

pub(crate) async fn start(config: Config) -> SimulatorHandle {
    Simulator::start(config).await.unwrap()
}

/// A client that follows redirects. It pools no connections, because every test has its own runtime.
pub(crate) fn client() -> Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| build(Policy::default()));
    CLIENT.clone()
}

/// A client that does not follow redirects.
pub(crate) fn client_without_redirects() -> Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| build(Policy::none()));
    CLIENT.clone()
}

fn build(redirects: Policy) -> Client {
    service::tls::install_provider();
    Client::builder().no_proxy().pool_max_idle_per_host(0).redirect(redirects).build().unwrap()
}

pub(crate) fn body(model: &str, prompt: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": prompt}], "stream": true})
}

pub(crate) async fn post(simulator: &SimulatorHandle, body: &Value) -> Response {
    client().post(simulator.chat_url()).json(body).send().await.unwrap()
}

/// Submits a prompt in landscape and reads the whole response.
pub(crate) async fn submit(simulator: &SimulatorHandle, prompt: &str) -> ChatResponse {
    ChatResponse::read(post(simulator, &body(LANDSCAPE, prompt)).await).await
}

/// A response as received.
#[derive(Debug)]
pub(crate) struct ChatResponse {
    pub(crate) status: u16,
    /// The body in the pieces in which it arrived.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// Whether the connection closed before the end of the response.
    pub(crate) aborted: bool,
}

impl ChatResponse {
    pub(crate) async fn read(mut response: Response) -> Self {
        let status = response.status().as_u16();
        let mut pieces = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => pieces.push(piece.to_vec()),
                Ok(None) => {
                    return Self { status, pieces, aborted: false };
                }
                Err(_) => {
                    return Self { status, pieces, aborted: true };
                }
            }
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.pieces.concat()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The payloads of the events.
    pub(crate) fn payloads(&self) -> Vec<String> {
        self.text().lines().filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).collect()
    }

    /// The chunks, including those without `data:`.
    pub(crate) fn chunks(&self) -> Vec<Value> {
        let lines = self.text();
        let payloads = lines.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
        payloads.filter_map(|payload| serde_json::from_str(payload).ok()).filter(Value::is_object).collect()
    }

    /// The value of `delta.content` in each chunk.
    pub(crate) fn contents(&self) -> Vec<String> {
        self.delta("content")
    }

    /// The value of `delta.reasoning_content` in each chunk, where it is a string.
    pub(crate) fn reasoning(&self) -> Vec<String> {
        self.delta("reasoning_content")
    }

    /// All of `delta.content`.
    pub(crate) fn transcript(&self) -> String {
        self.contents().concat()
    }

    fn delta(&self, key: &str) -> Vec<String> {
        let text = |chunk: Value| Some(chunk["choices"][0]["delta"][key].as_str()?.to_owned());
        self.chunks().into_iter().filter_map(text).collect()
    }

    /// The percentages of the progress lines.
    pub(crate) fn progress(&self) -> Vec<String> {
        let percent = |line: &String| Some(line.strip_prefix("> 🏃 进度：")?.strip_suffix("%\n\n")?.to_owned());
        self.contents().iter().filter_map(percent).collect()
    }

    /// The URL in the success line.
    pub(crate) fn url(&self) -> Option<String> {
        let line = self.contents().into_iter().find(|line| line.starts_with("> ✅"))?;
        Some(line.split_once("](")?.1.split_once(')')?.0.to_owned())
    }
}
