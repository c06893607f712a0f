//! HTTP towards the upstream: one connection a request, no redirects, no repeats, bounded bodies.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect, retry};
use url::Url;

use crate::Dialect;
use crate::outcome::{self, Failure, Outcome};
use crate::prompt_echo::PromptEcho;

/// How long the stages of a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// No byte at all: `SORA_IDLE_TIMEOUT`.
    pub idle: Duration,
    /// No change after the first progress: `SORA_STALL_TIMEOUT`.
    pub stall: Duration,
    /// From the request to the result: `SORA_TOTAL_TIMEOUT`.
    pub total: Duration,
}

/// Which server to drive.
#[derive(Clone)]
pub struct Upstream {
    /// Where requests go: `SORA_API_URL`.
    pub url: Url,
    /// What it speaks: `SORA_API_DIALECT`, or by the address.
    pub dialect: Dialect,
    /// What they carry as bearer token: `SORA_API_TOKEN`.
    pub token: Option<String>,
    /// Their limits.
    pub timeouts: Timeouts,
    /// How often a generation is asked about where the upstream does not say: `SORA_POLL_INTERVAL`.
    pub poll_interval: Duration,
}

/// Longest body that is read whole, in bytes: an error, or a video's state.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// The longest `Retry-After` that is honoured.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client whose every request is sent at most once.
pub(crate) fn submitting() -> reqwest::Result<Client> {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        // A kept connection may be closed under a request, and nobody could tell whether it was read.
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("sora-platform/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Adds the upstream's token, and the place in a trace. Both are for the upstream alone.
pub(crate) fn signed(request: RequestBuilder, upstream: &Upstream, traceparent: Option<&str>) -> RequestBuilder {
    let request = upstream.token.iter().fold(request, RequestBuilder::bearer_auth);
    traceparent.into_iter().fold(request, |request, place| request.header("traceparent", place))
}

/// What a request to the upstream is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Submit,
    Poll,
    Cancel,
}

/// Sends a request, which counts by what it is for and by its answer's status, whatever becomes of it.
pub(crate) async fn send(call: Call, request: RequestBuilder) -> reqwest::Result<Response> {
    let mut count = Count { call, status: None };
    let answer = request.send().await;
    count.status = answer.as_ref().ok().map(Response::status);
    answer
}

/// Counts when dropped: a request that is no longer waited for has no status.
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

/// What a request that got no answer means: only one that never had a connection surely started nothing.
pub(crate) fn unsent(error: &reqwest::Error) -> Failure {
    let outcome = if error.is_connect() || error.is_builder() { Outcome::Transient } else { Outcome::Unknown };
    Failure::new(outcome, chain(error))
}

/// Reads an answer that is no success.
pub(crate) async fn refusal(response: Response, echo: &PromptEcho) -> Failure {
    let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
    outcome::of_answer(status, &body(response).await, retry_after, echo)
}

/// A body up to 64 KiB; what comes after that, or after the connection has failed, is left away.
pub(crate) async fn body(mut response: Response) -> String {
    let mut body = Vec::new();
    while body.len() < MAX_BODY
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk[..chunk.len().min(MAX_BODY - body.len())]);
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// An error with its causes: the outermost alone often says nothing.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// `Retry-After` in seconds, at most two minutes. Dates are not understood: nobody sends any.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    header_number(response, header::RETRY_AFTER.as_str())
        .map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// A header that holds a whole number.
pub(crate) fn header_number(response: &Response, name: &str) -> Option<u64> {
    response.headers().get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Whether an answer says that it is JSON.
pub(crate) fn is_json(response: &Response) -> bool {
    content_type(response).is_some_and(|kind| kind.starts_with("application/json"))
}

/// Whether an answer says that it is a page: a proxy's, which stands where the application's should.
pub(crate) fn is_page(response: &Response) -> bool {
    content_type(response).is_some_and(|kind| kind.starts_with("text/html"))
}

fn content_type(response: &Response) -> Option<String> {
    Some(response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?.trim().to_ascii_lowercase())
}
