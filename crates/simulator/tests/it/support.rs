//! A simulator without pauses, a client for it, and the transcript that an answer makes.

use std::sync::{LazyLock, Once};

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use simulator::{Config, Running, Simulator};

pub(crate) const LANDSCAPE: &str = "sora2-landscape-10s";
pub(crate) const PORTRAIT: &str = "sora2-portrait-10s";

/// A simulator with four progress lines and no pauses, which also behaves like this.
pub(crate) async fn simulator(behaviour: &str) -> Running {
    start(Config { behaviour: behaviour.parse().unwrap(), ..config() }).await
}

pub(crate) fn config() -> Config {
    Config { pace: 0, steps: 4, ..Config::default() }
}

pub(crate) async fn start(config: Config) -> Running {
    Simulator::start(config).await.unwrap()
}

/// A client that follows redirects. It keeps no connections: each test has a runtime of its own.
pub(crate) fn client() -> Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| build(Policy::default()));
    CLIENT.clone()
}

/// A client that follows no redirects.
pub(crate) fn client_that_stays() -> Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| build(Policy::none()));
    CLIENT.clone()
}

fn build(redirects: Policy) -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    Client::builder().no_proxy().pool_max_idle_per_host(0).redirect(redirects).build().unwrap()
}

pub(crate) fn body(model: &str, prompt: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": prompt}], "stream": true})
}

pub(crate) async fn post(simulator: &Running, body: &Value) -> Response {
    client().post(simulator.chat_url()).json(body).send().await.unwrap()
}

/// Submits a prompt in landscape and reads all of the answer.
pub(crate) async fn submit(simulator: &Running, prompt: &str) -> Answer {
    Answer::read(post(simulator, &body(LANDSCAPE, prompt)).await).await
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The pieces, as they were written.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// Whether the connection closed before the response was over.
    pub(crate) torn: bool,
}

impl Answer {
    pub(crate) async fn read(mut response: Response) -> Self {
        let status = response.status().as_u16();
        let mut pieces = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => pieces.push(piece.to_vec()),
                Ok(None) => {
                    return Self { status, pieces, torn: false };
                }
                Err(_) => {
                    return Self { status, pieces, torn: true };
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

    /// The payloads of the frames.
    pub(crate) fn payloads(&self) -> Vec<String> {
        self.text().lines().filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).collect()
    }

    /// The chunks, also those without `data:`.
    pub(crate) fn chunks(&self) -> Vec<Value> {
        let lines = self.text();
        let payloads = lines.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
        payloads.filter_map(|payload| serde_json::from_str(payload).ok()).filter(Value::is_object).collect()
    }

    /// What `delta.content` says, chunk by chunk.
    pub(crate) fn contents(&self) -> Vec<String> {
        self.delta("content")
    }

    /// What `delta.reasoning_content` says as text, chunk by chunk.
    pub(crate) fn thoughts(&self) -> Vec<String> {
        self.delta("reasoning_content")
    }

    /// What `delta.content` adds up to.
    pub(crate) fn transcript(&self) -> String {
        self.contents().concat()
    }

    fn delta(&self, key: &str) -> Vec<String> {
        let text = |chunk: Value| Some(chunk["choices"][0]["delta"][key].as_str()?.to_owned());
        self.chunks().into_iter().filter_map(text).collect()
    }

    /// The lines that tell of progress.
    pub(crate) fn progress(&self) -> Vec<String> {
        let percent = |line: &String| Some(line.strip_prefix("> 🏃 进度：")?.strip_suffix("%\n\n")?.to_owned());
        self.contents().iter().filter_map(percent).collect()
    }

    /// The address that the success line holds.
    pub(crate) fn url(&self) -> Option<String> {
        let line = self.contents().into_iter().find(|line| line.starts_with("> ✅"))?;
        Some(line.split_once("](")?.1.split_once(')')?.0.to_owned())
    }
}
