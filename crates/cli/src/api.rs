//! Calls of the API. All of them are safe to repeat, so a call whose answer was lost is repeated: reads, cancelling, and
//! creating with an idempotency key.

use std::time::Duration;

use clap::ValueEnum;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;

use crate::error::{Error, Problem};
use crate::server::Server;

/// How often a call is made, at most.
const MAX_ATTEMPTS: u32 = 5;

/// Longest pause before a call is repeated because the server asks for a pause. A longer one is reported.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Time without any byte after which a response counts as lost. Streams of events have a comment every 25 seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(40);

/// State of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Processing)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Cancelled => "was cancelled",
            status => status.as_str(),
        })
    }
}

/// A job, as the API describes it. `raw` has all its fields.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) known: JobFields,
    pub(crate) raw: Value,
}

/// The fields of a job that are used here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobFields {
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) progress: u64,
    pub(crate) prompt: String,
    pub(crate) model: String,
    pub(crate) seconds: u32,
    pub(crate) size: String,
    pub(crate) video_id: Option<String>,
    pub(crate) queue_position: Option<u64>,
    pub(crate) error_message: Option<String>,
    pub(crate) may_have_been_charged: bool,
    pub(crate) created_at: String,
    pub(crate) finished_at: Option<String>,
}

impl Job {
    /// Reads a job.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn new(raw: Value) -> Result<Self, Error> {
        let known = JobFields::deserialize(&raw).map_err(|error| unexpected(&error))?;
        Ok(Self { known, raw })
    }

    /// Fails unless the video is completed or has not ended.
    ///
    /// # Errors
    /// [`Error::Ended`].
    pub(crate) fn require_success(&self) -> Result<(), Error> {
        let JobFields { id, status, error_message, may_have_been_charged, .. } = &self.known;
        if !matches!(status, Status::Failed | Status::Cancelled) {
            return Ok(());
        }
        let mut why =
            error_message.as_ref().map(|message| format!(" {}", crate::output::printable(message))).unwrap_or_default();
        if *may_have_been_charged {
            why.push_str(" It may have been charged.");
        }
        Err(Error::Ended(id.clone(), *status, why))
    }
}

/// A server's API.
pub(crate) struct Api {
    server: Server,
    client: Client,
}

impl Api {
    /// Calls this server.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub(crate) fn new(server: Server) -> Result<Self, Error> {
        let agent = concat!("sora-cli/", env!("CARGO_PKG_VERSION"));
        let client =
            Client::builder().user_agent(agent).connect_timeout(Duration::from_secs(10)).read_timeout(READ_TIMEOUT);
        Ok(Self { server, client: client.build()? })
    }

    /// Returns a request with the key.
    ///
    /// # Errors
    /// The path cannot be joined to the server's address.
    pub(crate) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        let url = self.server.server.join(path).map_err(|error| Error::Usage(error.to_string()))?;
        Ok(self.client.request(method, url).bearer_auth(&self.server.key))
    }

    /// Returns the JSON of `GET path`.
    ///
    /// # Errors
    /// The server refuses, or cannot be reached.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        json(self.send(|| self.request(Method::GET, path)).await?).await
    }

    /// Returns a job.
    ///
    /// # Errors
    /// The server refuses, or cannot be reached.
    pub(crate) async fn job(&self, id: &str) -> Result<Job, Error> {
        Job::new(self.get(&format!("api/videos/jobs/{}", segment(id)?)).await?)
    }

    /// Sends a request, and again while the server cannot be reached or asks for a pause.
    ///
    /// # Errors
    /// The server refuses, or cannot be reached.
    pub(crate) async fn send(&self, request: impl Fn() -> Result<RequestBuilder, Error>) -> Result<Response, Error> {
        let mut attempt = 1;
        loop {
            let pause = match checked(request()?.send().await).await {
                Ok(response) => return Ok(response),
                Err((error, pause)) => match pause.filter(|_| attempt < MAX_ATTEMPTS) {
                    Some(pause) => pause,
                    None => return Err(error),
                },
            };
            sleep(pause.max(Duration::from_secs(1 << (attempt - 1)))).await;
            attempt += 1;
        }
    }
}

/// Returns the response if it is a success; otherwise the error and, if the request may be repeated, after which pause.
async fn checked(sent: Result<Response, reqwest::Error>) -> Result<Response, (Error, Option<Duration>)> {
    let response = sent.map_err(|error| (Error::from(error), Some(Duration::ZERO)))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let wanted = retry_after(response.headers());
    let pause = match status {
        StatusCode::TOO_MANY_REQUESTS => wanted.filter(|pause| *pause <= MAX_PAUSE),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Some(wanted.unwrap_or_default().min(MAX_PAUSE))
        }
        _ => None,
    };
    Err((problem(response).await, pause))
}

/// Returns the pause that the server asks for.
pub(crate) fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// Reads an error response.
pub(crate) async fn problem(response: Response) -> Error {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap_or_default();
    let empty = || Problem {
        status,
        code: String::new(),
        detail: String::new(),
        request_id: String::new(),
        errors: Vec::new(),
    };
    let problem: Problem = serde_json::from_slice(&body).unwrap_or_else(|_| empty());
    Error::Problem(Problem { status, ..problem })
}

/// Reads a JSON response.
///
/// # Errors
/// It is something else, or was lost.
pub(crate) async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let body = response.bytes().await?;
    serde_json::from_slice(&body).map_err(|error| unexpected(&error))
}

/// Returns an id as a part of a path.
///
/// # Errors
/// It is no id.
pub(crate) fn segment(id: &str) -> Result<&str, Error> {
    match uuid::Uuid::try_parse(id) {
        Ok(_) => Ok(id),
        Err(_) => Err(Error::Usage(format!("{}: not the id of a video", crate::output::printable(id)))),
    }
}

fn unexpected(error: &serde_json::Error) -> Error {
    // The message repeats values of the answer.
    let error = crate::output::printable(&error.to_string());
    Error::Unreachable(format!("its answer is not that of this platform ({error}); check the address"))
}
