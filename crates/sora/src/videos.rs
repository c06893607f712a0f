//! The `videos` dialect: `POST …/videos` gives an id, which is polled until the video can be fetched.
//!
//! The id is what was paid for: with it on record a restart polls on and submits nothing. `object` reads the many ways in
//! which servers write a video's state, `poll` polls.

mod object;
mod poll;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use service::error_chain;
use tokio::time::{Instant, timeout};
use url::Url;

use crate::client::{self, Body, Call, Upstream, send, signed};
use crate::failure::{self, Failure, is_page};
use crate::outcome::Outcome;
use crate::prompt_echo::PromptEcho;
use crate::{Driver, Generation, Image, OpenGeneration, Request};
use object::{State, VideoObject};
use poll::{Poll, Target, names_result};

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

    /// Reads an answer whose status is not 2xx.
    async fn rejection(&self, response: Response, echo: &PromptEcho) -> Failure {
        let status = response.status();
        let failure = client::rejection(response, echo).await;
        let encoding = status == StatusCode::UNSUPPORTED_MEDIA_TYPE || is_about_the_encoding(status, &failure);
        if encoding && !self.json.swap(true, Ordering::Relaxed) {
            tracing::info!("the upstream does not accept multipart bodies; sending JSON from now on");
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
            return Err(self.rejection(response, &echo).await);
        }
        let interval = self.server.interval(&response);
        let answer = client::body(response).await;
        let object = accepted(&answer, &echo, &upstream.url)
            .map_err(|failure| failure.with_evidence(client::evidence(&answer.text)))?;
        let target = Target { id: object.id(), echo, traceparent: request.traceparent.clone() };
        let mut poll = Poll::new(self.server.clone(), target, sent + upstream.timeouts.total);
        poll.accepted(&object, &answer.text, interval);
        Ok(Box::new(poll))
    }

    fn resume(&self, open: OpenGeneration<'_>) -> Option<Box<dyn Generation>> {
        let left = self.server.upstream.timeouts.total.saturating_sub(open.age);
        let traceparent = open.traceparent.map(ToOwned::to_owned);
        let target = Target { id: Some(open.id.to_owned()), echo: PromptEcho::new(open.prompt), traceparent };
        Some(Box::new(Poll::new(self.server.clone(), target, Instant::now() + left)))
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

    fn get(&self, target: &Target) -> RequestBuilder {
        self.signed(self.client.get(self.address(target.id.as_deref().unwrap_or_default(), None)), target)
    }

    fn delete(&self, target: &Target) -> RequestBuilder {
        self.signed(self.client.delete(self.address(target.id.as_deref().unwrap_or_default(), None)), target)
    }

    fn signed(&self, request: RequestBuilder, target: &Target) -> RequestBuilder {
        signed(request, &self.upstream, target.traceparent.as_deref())
    }

    /// The pause before the next poll.
    fn interval(&self, response: &Response) -> Duration {
        let poll_after = client::header_number(response, "openai-poll-after-ms").map(Duration::from_millis);
        let interval = poll_after.or(client::retry_after(response)).unwrap_or(self.upstream.poll_interval);
        interval.clamp(poll::MIN_INTERVAL, poll::MAX_INTERVAL)
    }
}

/// The object in the answer to a submission: it has an id, or is already the finished video.
fn accepted(answer: &Body, echo: &PromptEcho, base: &Url) -> Result<VideoObject, Failure> {
    let without_id = |outcome| Failure::new(outcome, format!("an answer without an id: {:.200}", answer.text));
    if !answer.whole || is_page(&answer.text) {
        return Err(without_id(Outcome::Unknown));
    }
    let Some(object) = VideoObject::parse(&answer.text) else {
        return Err(without_id(Outcome::Unreadable));
    };
    if object.id().is_some() {
        return Ok(object);
    }
    if names_result(&object.found(None, base)) && object.state(true) == Some(State::Finished) {
        return Ok(object);
    }
    match object.state(false) {
        Some(State::Refused | State::Failed) => Err(failure::of_failed_generation(object.failure(), false, echo)),
        _ if object.is_error() && failure::policy_verdict(&answer.text, echo) => {
            Err(failure::of_failed_generation(object.failure(), true, echo))
        }
        _ if object.is_error() => Err(without_id(Outcome::Unknown)),
        _ => Err(without_id(Outcome::Unreadable)),
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
    let part = part.map_err(|error| Failure::new(Outcome::Invalid, error_chain(&error)))?;
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
