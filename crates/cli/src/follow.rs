//! Follows jobs by their event streams. A stream that breaks is opened again from the last event, so that a restart of the server
//! goes unnoticed.

use std::time::Duration;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::api::{Api, Job, problem, retry_after, segment};
use crate::error::Error;

/// How long the server may be unreachable.
const PATIENCE: Duration = Duration::from_secs(180);

/// Pause before a stream is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// A stream of events that is opened again when it breaks.
pub(crate) struct Events<'a> {
    api: &'a Api,
    path: String,
    last_id: String,
    reached: Instant,
}

/// What an opened stream has led to.
enum Broken {
    /// It ended, and can be opened again.
    Again,
    /// There are too many streams: it can be opened after a pause, or else this is the error.
    After(Error, Duration),
    /// There is nothing more to come.
    Over,
}

impl<'a> Events<'a> {
    /// Follows the events of this path.
    pub(crate) fn new(api: &'a Api, path: impl Into<String>) -> Self {
        Self { api, path: path.into(), last_id: String::new(), reached: Instant::now() }
    }

    /// Passes each event to `handle` until that returns a value; `None` if the stream has nothing more.
    ///
    /// # Errors
    /// The server refuses, or cannot be reached for three minutes, or what `handle` returns.
    pub(crate) async fn run<T>(
        &mut self,
        mut handle: impl AsyncFnMut(Value) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        loop {
            let mut found = None;
            let pause = match self.open(&mut handle, &mut found).await {
                Ok(_) if found.is_some() => return Ok(found),
                Ok(Broken::Over) => return Ok(None),
                Ok(Broken::Again) => PAUSE,
                Ok(Broken::After(_, pause)) if self.reached.elapsed() < PATIENCE => pause,
                Err(error) if error.is_uncertain() && self.reached.elapsed() < PATIENCE => PAUSE,
                Ok(Broken::After(error, _)) | Err(error) => return Err(error),
            };
            sleep(pause).await;
        }
    }

    async fn open<T>(
        &mut self,
        handle: &mut impl AsyncFnMut(Value) -> Result<Option<T>, Error>,
        found: &mut Option<T>,
    ) -> Result<Broken, Error> {
        let mut request = self.api.request(Method::GET, &self.path)?.header("accept", "text/event-stream");
        if !self.last_id.is_empty() {
            request = request.header("last-event-id", &self.last_id);
        }
        let response = request.send().await?;
        match response.status() {
            StatusCode::NO_CONTENT => return Ok(Broken::Over),
            StatusCode::TOO_MANY_REQUESTS => {
                let pause = retry_after(response.headers()).unwrap_or(PAUSE).clamp(PAUSE, PATIENCE);
                return Ok(Broken::After(problem(response).await, pause));
            }
            status if !status.is_success() => return Err(problem(response).await),
            _ => {}
        }
        self.reached = Instant::now();
        let mut events = response.bytes_stream().eventsource();
        // A broken stream is opened again.
        while let Some(Ok(event)) = events.next().await {
            self.reached = Instant::now();
            self.last_id = event.id;
            let Ok(frame) = serde_json::from_str(&event.data) else { continue };
            *found = handle(frame).await?;
            if found.is_some() {
                break;
            }
        }
        Ok(Broken::Again)
    }
}

/// Waits until a job has ended, and passes each of its states to `on_state`. Returns the final one.
///
/// # Errors
/// The job is not found, or the server cannot be reached.
pub(crate) async fn until_ended(api: &Api, id: &str, mut on_state: impl FnMut(&Job)) -> Result<Job, Error> {
    let mut events = Events::new(api, format!("api/videos/jobs/{}/events", segment(id)?));
    let ended = events.run(async |frame: Value| match frame["type"].as_str() {
        Some("job") => {
            let job = Job::new(frame)?;
            on_state(&job);
            Ok(job.known.status.is_final().then_some(job))
        }
        Some("gone") => Err(Error::Usage(format!("The video {id} was deleted."))),
        _ => Ok(None),
    });
    match ended.await? {
        Some(job) => Ok(job),
        None => api.job(id).await,
    }
}
