//! The `chat` dialect: `POST …/chat/completions`, answered by a stream in which progress and result are text.
//!
//! One driver reads every variant without configuration. `framing` turns bytes into frames, `frame` reads what a frame
//! holds, `transcript` collects its text into lines, `line` understands a line, `reader` keeps the state of all of them
//! (`pending_failure` that of failures), and `stream` adds the limits of time.

mod frame;
mod framing;
mod line;
mod pending_failure;
mod reader;
mod stream;
mod transcript;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, header};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::client::{self, Call, Upstream, send, signed};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::prompt_echo::PromptEcho;
use crate::{Driver, Generation, Image, OpenGeneration, Request};
use reader::Reader;
use stream::ChatStream;

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
            return Err(client::rejection(response, &echo).await);
        }
        // The content type is not trusted: some servers label every answer as HTML.
        let reader = Reader::new(echo.guarding(line::is_status), self.upstream.url.clone());
        Ok(Box::new(ChatStream::new(client::decoded(response), reader, self.upstream.timeouts, deadline)))
    }

    /// A stream that was lost cannot be reopened.
    fn resume(&self, _: OpenGeneration<'_>) -> Option<Box<dyn Generation>> {
        None
    }
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

/// The image itself as an address: sora2api silently ignores any other.
pub(crate) fn data_url(image: &Image) -> String {
    format!("data:{};base64,{}", image.mime, STANDARD.encode(&image.bytes))
}
