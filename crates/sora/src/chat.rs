//! The `chat` dialect: `POST …/chat/completions`, answered by a stream in which progress and result are text.
//!
//! One driver reads every variant without being told which: `chunk` says what a frame holds, `transcript` collects its
//! text into lines, `status` understands a line, and `streaming` keeps track of what all of them have shown.

mod chunk;
mod framing;
mod status;
mod streaming;
mod transcript;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use reqwest::{Client, Response, header};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::client::{self, Call, Upstream, send, signed};
use crate::outcome::{Failure, Outcome};
use crate::prompt_echo::PromptEcho;
use crate::{Driver, Generation, Image, OpenGeneration, Request};
use streaming::ChatStream;

/// A driver of one `chat` server.
pub(crate) struct Chat {
    client: Client,
    upstream: Upstream,
}

impl Chat {
    pub(crate) fn new(client: Client, upstream: Upstream) -> Self {
        Self { client, upstream }
    }
}

#[async_trait]
impl Driver for Chat {
    async fn submit(&self, request: &Request) -> Result<Box<dyn Generation>, Failure> {
        let (echo, deadline) = (PromptEcho::new(&request.prompt), Instant::now() + self.upstream.timeouts.total);
        let post = self.client.post(self.upstream.url.clone()).header(header::ACCEPT, "text/event-stream");
        let post = signed(post.json(&body(request)), &self.upstream, request.traceparent.as_deref());
        let answer = timeout(self.upstream.timeouts.idle, send(Call::Submit, post)).await;
        let answer = answer.map_err(|_| Failure::new(Outcome::Unknown, "no answer to the request"))?;
        let response = answer.map_err(|error| client::unsent(&error))?;
        if !response.status().is_success() {
            return Err(client::refusal(response, &echo).await);
        }
        if client::is_page(&response) {
            let page = client::body(response).await;
            return Err(Failure::new(Outcome::Unknown, format!("a page instead of an answer: {page:.200}")));
        }
        let echo = echo.guarding(status::is_status);
        Ok(Box::new(ChatStream::new(bytes(response).await, echo, self.upstream.timeouts, deadline)))
    }

    /// A stream that was lost cannot be had again.
    fn resume(&self, _: OpenGeneration<'_>) -> Option<Box<dyn Generation>> {
        None
    }

    /// Results lie at addresses of their own.
    fn credential(&self, _: &Url) -> Option<&str> {
        None
    }
}

/// What an answer brings. One that is not streamed becomes a single line, however it is laid out.
async fn bytes(response: Response) -> BoxStream<'static, reqwest::Result<Bytes>> {
    if !client::is_json(&response) {
        return response.bytes_stream().boxed();
    }
    let body = client::body(response).await;
    let line = serde_json::from_str::<Value>(&body).map_or(body, |value| value.to_string());
    stream::iter([Ok(Bytes::from(line))]).boxed()
}

fn body(request: &Request) -> Value {
    let content = match &request.image {
        None => json!(request.prompt),
        Some(image) => json!([
            {"type": "text", "text": request.prompt},
            {"type": "image_url", "image_url": {"url": data_url(image)}},
        ]),
    };
    json!({"model": request.model, "messages": [{"role": "user", "content": content}], "stream": true})
}

/// The image itself as an address: others are ignored by sora2api without a word.
pub(crate) fn data_url(image: &Image) -> String {
    format!("data:{};base64,{}", image.mime, STANDARD.encode(&image.bytes))
}
