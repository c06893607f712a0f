//! The HTTP client for submissions: one connection a request, no redirects, no repeats, bounded error bodies.

use std::time::Duration;

use reqwest::{Client, Response, header, redirect, retry};
use url::Url;

use crate::outcome::{self, Failure, Outcome};

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
    /// What they carry as bearer token: `SORA_API_TOKEN`.
    pub token: Option<String>,
    /// Their limits.
    pub timeouts: Timeouts,
}

/// Longest error body that is read, in bytes.
const MAX_ERROR_BODY: usize = 64 * 1024;

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

/// What a request that got no answer means: only one that never had a connection surely started nothing.
pub(crate) fn unsent(error: &reqwest::Error) -> Failure {
    let outcome = if error.is_connect() || error.is_builder() { Outcome::Transient } else { Outcome::Unknown };
    Failure::new(outcome, chain(error))
}

/// Reads an answer that is no success.
pub(crate) async fn refusal(mut response: Response) -> Failure {
    let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_ERROR_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_ERROR_BODY {
            break;
        }
    }
    outcome::of_answer(status, &String::from_utf8_lossy(&body), retry_after)
}

/// An error with its causes: the outermost alone often says nothing.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}
