//! The `videos` dialect: `POST …/videos` gives an id, which is asked about until the video can be fetched.
//!
//! The id is what was paid for: with it on record a restart asks on and submits nothing. `object` reads the many ways in
//! which servers write a video's state, `poll` asks.

mod object;
mod poll;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::client::{self, Call, Upstream, send, signed};
use crate::outcome::{Failure, Outcome};
use crate::prompt_echo::PromptEcho;
use crate::{Driver, Generation, Image, OpenGeneration, Request};
use object::VideoObject;
use poll::{Of, Poll};

/// A driver of one `videos` server.
pub(crate) struct Videos {
    server: Arc<Server>,
    /// Whether the server has refused multipart bodies.
    json: AtomicBool,
}

/// How a server is reached.
struct Server {
    client: Client,
    upstream: Upstream,
}

impl Videos {
    pub(crate) fn new(client: Client, upstream: Upstream) -> Self {
        Self { server: Arc::new(Server { client, upstream }), json: AtomicBool::new(false) }
    }

    /// What follows from an answer that is no success.
    async fn refusal(&self, response: Response, echo: &PromptEcho) -> Failure {
        let status = response.status();
        let failure = client::refusal(response, echo).await;
        let encoding = status == StatusCode::UNSUPPORTED_MEDIA_TYPE || is_about_the_encoding(status, &failure);
        if encoding && !self.json.swap(true, Ordering::Relaxed) {
            tracing::info!("the upstream does not read multipart bodies; it gets JSON from now on");
            return Failure::new(Outcome::Transient, format!("JSON from now on: {}", failure.detail));
        }
        failure
    }
}

#[async_trait]
impl Driver for Videos {
    async fn submit(&self, request: &Request) -> Result<Box<dyn Generation>, Failure> {
        let (echo, sent) = (PromptEcho::new(&request.prompt), Instant::now());
        let upstream = &self.server.upstream;
        let post = self.server.client.post(upstream.url.clone());
        let post = signed(post, upstream, request.traceparent.as_deref());
        let json = self.json.load(Ordering::Relaxed);
        let post = if json { post.json(&body(request)) } else { post.multipart(form(request)?) };
        let answer = timeout(upstream.timeouts.idle, send(Call::Submit, post)).await;
        let answer = answer.map_err(|_| Failure::new(Outcome::Unknown, "no answer to the request"))?;
        let response = answer.map_err(|error| client::unsent(&error))?;
        if !response.status().is_success() {
            return Err(self.refusal(response, &echo).await);
        }
        let pace = self.server.pace(&response);
        let text = client::body(response).await;
        let object = VideoObject::parse(&text).unwrap_or_default();
        let Some(id) = object.id() else {
            return Err(Failure::new(Outcome::Unknown, format!("an answer without an id: {text:.200}")));
        };
        let of = Of { id, echo, traceparent: request.traceparent.clone() };
        let mut poll = Poll::new(self.server.clone(), of, sent + upstream.timeouts.total);
        poll.accepted();
        poll.learn(&object, pace);
        Ok(Box::new(poll))
    }

    fn resume(&self, open: OpenGeneration<'_>) -> Option<Box<dyn Generation>> {
        let left = self.server.upstream.timeouts.total.saturating_sub(open.age);
        let traceparent = open.traceparent.map(ToOwned::to_owned);
        let of = Of { id: open.id.to_owned(), echo: PromptEcho::new(open.prompt), traceparent };
        Some(Box::new(Poll::new(self.server.clone(), of, Instant::now() + left)))
    }

    fn credential(&self, result: &Url) -> Option<&str> {
        let Upstream { url, token, .. } = &self.server.upstream;
        let below =
            result.path().strip_prefix(url.path().trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        token.as_deref().filter(|_| below && result.origin() == url.origin())
    }
}

impl Server {
    /// The address of a generation, or of its content.
    fn address(&self, id: &str, part: Option<&str>) -> Url {
        let mut url = self.upstream.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            // Ids of some servers hold `/`, `+` and `=`: each is one segment, encoded.
            path.pop_if_empty().push(id).extend(part);
        }
        url
    }

    fn get(&self, of: &Of) -> RequestBuilder {
        signed(self.client.get(self.address(&of.id, None)), &self.upstream, of.traceparent.as_deref())
    }

    fn delete(&self, of: &Of) -> RequestBuilder {
        signed(self.client.delete(self.address(&of.id, None)), &self.upstream, of.traceparent.as_deref())
    }

    /// When to ask again.
    fn pace(&self, response: &Response) -> Duration {
        let told = client::header_number(response, "openai-poll-after-ms").map(Duration::from_millis);
        let asked = client::retry_after(response);
        told.or(asked).unwrap_or(self.upstream.poll_interval).clamp(poll::SHORTEST, poll::LONGEST)
    }
}

/// FastAPI answers a body that it cannot even begin to read with 422, naming the body itself.
fn is_about_the_encoding(status: StatusCode, failure: &Failure) -> bool {
    status == StatusCode::UNPROCESSABLE_ENTITY
        && ["\"json_invalid\"", "\"model_attributes_type\"", "\"value_error.jsondecode\""]
            .iter()
            .any(|kind| failure.detail.contains(kind))
}

fn form(request: &Request) -> Result<Form, Failure> {
    let form = Form::new()
        .text("prompt", request.prompt.clone())
        .text("model", request.model.clone())
        .text("seconds", request.seconds.clone())
        .text("size", request.size.clone());
    let Some(Image { bytes, mime }) = &request.image else {
        return Ok(form);
    };
    let name = format!("reference.{}", mime.rsplit('/').next().unwrap_or("png"));
    let part = Part::stream(bytes.clone()).file_name(name).mime_str(mime);
    let part = part.map_err(|error| Failure::new(Outcome::Invalid, client::chain(&error)))?;
    Ok(form.part("input_reference", part))
}

fn body(request: &Request) -> Value {
    let Request { prompt, model, seconds, size, image, .. } = request;
    let mut body = json!({"prompt": prompt, "model": model, "seconds": seconds, "size": size});
    if let Some(image) = image {
        body["input_reference"] = crate::chat::data_url(image).into();
    }
    body
}
