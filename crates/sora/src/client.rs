//! HTTP to the upstream: one connection per request, no redirects, no repeats, bounded bodies.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect, retry};
use service::error_chain;
use tokio::time::timeout;
use url::Url;

use crate::Dialect;
use crate::failure::{self, Failure};
use crate::outcome::Outcome;
use crate::prompt_echo::PromptEcho;

/// How long the stages of a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Without any byte: `SORA_IDLE_TIMEOUT`.
    pub idle: Duration,
    /// Without a change after the first progress: `SORA_STALL_TIMEOUT`.
    pub stall: Duration,
    /// From the request to the result: `SORA_TOTAL_TIMEOUT`.
    pub total: Duration,
    /// A known generation answered 404 for this long is lost: `SORA_LOST_AFTER`.
    pub lost: Duration,
}

/// Which server to drive.
#[derive(Clone)]
pub struct Upstream {
    /// Where requests are sent: `SORA_API_URL`.
    pub url: Url,
    /// The dialect it speaks: `SORA_API_DIALECT`, or by the address.
    pub dialect: Dialect,
    /// The bearer token of each request: `SORA_API_TOKEN`.
    pub token: Option<String>,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// The pause between polls where the upstream does not set one: `SORA_POLL_INTERVAL`.
    pub poll_interval: Duration,
}

/// Longest body that is read whole, in bytes: an error, or a video's state.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// The longest `Retry-After` that is honoured.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a body that is read whole may send nothing.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A client whose every request is sent at most once.
pub(crate) fn submitting() -> reqwest::Result<Client> {
    service::tls::install_provider();
    Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        // The server can close a kept connection while a request is being sent, and it would be unknown whether the
        // request was read.
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
        // Compressed streams are read all the same, but some proxies hold them back to compress more at once.
        .default_headers(
            [(header::ACCEPT_ENCODING, header::HeaderValue::from_static("identity"))].into_iter().collect(),
        )
        .user_agent(concat!("sora-platform/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Adds the upstream's token and the position in a trace. Neither is sent to any other server.
pub(crate) fn signed(request: RequestBuilder, upstream: &Upstream, traceparent: Option<&str>) -> RequestBuilder {
    let request = upstream.token.iter().fold(request, RequestBuilder::bearer_auth);
    traceparent.into_iter().fold(request, |request, parent| request.header("traceparent", parent))
}

/// The purpose of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Submit,
    Poll,
    Cancel,
}

/// Sends a request and counts it by purpose and status, also when it is dropped before it is answered. An error does not
/// contain the address, which may have credentials.
pub(crate) async fn send(call: Call, request: RequestBuilder) -> reqwest::Result<Response> {
    let mut count = Count { call, status: None };
    let answer = request.send().await;
    count.status = answer.as_ref().ok().map(Response::status);
    answer.map_err(reqwest::Error::without_url)
}

/// Counts when dropped: a request that nothing waits for any more has no status.
struct Count {
    call: Call,
    status: Option<StatusCode>,
}

impl Drop for Count {
    fn drop(&mut self) {
        let call = match self.call {
            Call::Submit => "submit",
            Call::Poll => "poll",
            Call::Cancel => "cancel",
        };
        let status = self.status.map_or_else(|| "none".to_owned(), |status| status.as_str().to_owned());
        metrics::counter!("sora_upstream_requests_total", "call" => call, "status" => status).increment(1);
    }
}

/// The meaning of a request that got no answer: only one that never had a connection surely started nothing.
pub(crate) fn unsent(error: &reqwest::Error) -> Failure {
    let outcome = if error.is_connect() || error.is_builder() { Outcome::Transient } else { Outcome::Unknown };
    Failure::new(outcome, error_chain(error))
}

/// Reads an answer whose status is not 2xx.
pub(crate) async fn rejection(response: Response, echo: &PromptEcho) -> Failure {
    let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
    let body = body(response).await.text;
    failure::of_answer(status, &body, retry_after, echo).with_evidence(evidence(&body))
}

/// The first KiB of an answer, for administrators.
pub(crate) fn evidence(body: &str) -> Option<String> {
    let start: String = body.chars().take(1024).collect();
    Some(start).filter(|start| !start.trim().is_empty())
}

/// A body up to [`MAX_BODY`].
pub(crate) struct Body {
    pub(crate) text: String,
    /// Whether it ended as it should: not longer than that, and not cut.
    pub(crate) whole: bool,
}

/// Reads a body.
pub(crate) async fn body(response: Response) -> Body {
    let (mut stream, mut bytes) = (decoded(response), Vec::new());
    let whole = loop {
        match timeout(BODY_TIMEOUT, stream.try_next()).await {
            Ok(Ok(Some(chunk))) if bytes.len() + chunk.len() <= MAX_BODY => bytes.extend_from_slice(&chunk),
            Ok(Ok(None)) => break true,
            Ok(Ok(Some(_)) | Err(_)) | Err(_) => break false,
        }
    };
    let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned();
    Body { text, whole }
}

/// The content of an answer, whatever its encoding.
pub(crate) fn decoded(response: Response) -> BoxStream<'static, io::Result<Bytes>> {
    let encoding = response.headers().get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let encoding = encoding.unwrap_or_default().to_owned();
    fetch::decoded(&encoding, response.bytes_stream().map_err(|error| io::Error::other(error.without_url())).boxed())
}

/// `Retry-After` in seconds, at most two minutes. Dates are ignored.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    header_number(response, header::RETRY_AFTER.as_str())
        .map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// The value of a header that is a whole number.
pub(crate) fn header_number(response: &Response, name: &str) -> Option<u64> {
    response.headers().get(name)?.to_str().ok()?.trim().parse().ok()
}
