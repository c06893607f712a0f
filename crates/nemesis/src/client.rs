//! A user: submits, polls, watches and cancels, and records every answer.

mod planned_job;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::observations::{Observations, View};
use crate::plan::PlannedJob;
use crate::wait::wait_for;

/// Timeout of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// Timeout of a registration, which hashes a password. Nothing fails yet.
const REGISTRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// A registered user with a session.
#[derive(Clone)]
pub(crate) struct User {
    /// The session's token.
    token: String,
    /// Seeds the choice of gateway and the pauses.
    seed: u64,
    http: reqwest::Client,
    gateways: Arc<Vec<String>>,
    /// What the user did and saw.
    pub(crate) observations: Arc<Observations>,
}

/// Result of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A complete response.
    Response(StatusCode, Value),
    /// The connection was refused: the server cannot have received the request.
    NotSent,
    /// The response was lost: the request may have been carried out.
    Unknown,
}

/// Milestones of a run that change what users do.
#[derive(Clone, Debug)]
pub(crate) struct Phases {
    /// When the load started.
    pub(crate) started: Instant,
    /// Cancelled when the load ends: users submit nothing more.
    pub(crate) load_ended: CancellationToken,
    /// Cancelled when the run ends: users stop.
    pub(crate) finished: CancellationToken,
}

impl User {
    /// Registers an account.
    pub(crate) async fn register(gateways: &Arc<Vec<String>>, seed: u64, number: usize) -> anyhow::Result<Self> {
        // One connection per request, so that a refused connection proves that nothing was received.
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).pool_max_idle_per_host(0).no_proxy().build()?;
        let body = json!({"email": format!("user-{number}@example.com"), "password": "one of a kind"});
        let request = http.post(format!("http://{}/api/auth/register", gateways[0])).timeout(REGISTRATION_TIMEOUT);
        let answer = request.json(&body).send().await?;
        ensure!(answer.status() == StatusCode::CREATED, "registration failed: {}", answer.text().await?);
        let session: Value = answer.json().await?;
        let token = session["token"].as_str().context("the session has no token")?.to_owned();
        let seed = seed.wrapping_mul(1_000).wrapping_add(number as u64);
        Ok(Self { token, seed, http, gateways: gateways.clone(), observations: Arc::default() })
    }

    /// Registers a webhook for the ends of the user's jobs.
    ///
    /// # Errors
    /// The gateway refuses.
    pub(crate) async fn register_webhook(&self, url: &str) -> anyhow::Result<()> {
        let request = self.http.post(format!("http://{}/api/webhooks", self.gateways[0])).bearer_auth(&self.token);
        request.json(&json!({"url": url})).send().await?.error_for_status()?;
        Ok(())
    }

    /// Submits the planned jobs, polls, and watches the websocket until the run ends.
    pub(crate) async fn run(&self, jobs: &[PlannedJob], phases: &Phases) {
        let running = futures::future::join_all(jobs.iter().map(|planned| planned_job::run(self, planned, phases)));
        tokio::select! {
            ((), (), _) = async { tokio::join!(self.poll_jobs(phases), websocket::watch(self, phases), running) } => {}
            () = phases.finished.cancelled() => {}
        }
    }

    /// Polls one random unfinished job after another.
    async fn poll_jobs(&self, phases: &Phases) {
        let mut rng = self.rng(1);
        while !phases.finished.is_cancelled() {
            sleep(Duration::from_millis(rng.random_range(100..400))).await;
            let pick = rng.random_range(0..usize::MAX);
            let job = self.observations.lock().unfinished(|count| pick % count);
            if let Some(id) = job {
                self.poll_job(&mut rng, id).await;
            }
        }
    }

    /// Polls a job once.
    async fn poll_job(&self, rng: &mut StdRng, id: Uuid) {
        let answer = self.send(rng, Method::GET, &format!("/api/videos/jobs/{id}"), None).await;
        match answer {
            Reply::Response(StatusCode::OK, body) => match serde_json::from_value::<View>(body) {
                Ok(view) => self.observations.record_poll(view),
                Err(error) => self.report_violation(format!("job {id}: a poll returned an invalid job: {error}")),
            },
            Reply::Response(status, _) if status.is_server_error() => {}
            Reply::Response(status, body) => {
                self.report_violation(format!("job {id}: a poll returned {status}: {body}"));
            }
            Reply::NotSent | Reply::Unknown => {}
        }
    }

    /// Polls a job for the last time, retrying until a gateway answers.
    ///
    /// # Errors
    /// No gateway answered in time.
    pub(crate) async fn final_poll(&self, id: Uuid) -> anyhow::Result<()> {
        let before = self.observations.lock().seen.len();
        let mut rng = self.rng(2);
        wait_for("a gateway answers the final poll", Duration::from_secs(20), async || {
            self.poll_job(&mut rng, id).await;
            (self.observations.lock().seen.len() > before).then_some(())
        })
        .await
    }

    /// Downloads a video.
    pub(crate) async fn download(&self, video: Uuid) -> anyhow::Result<Vec<u8>> {
        let path = format!("/api/videos/{video}/content");
        let answer = self.request(&mut self.rng(3), Method::GET, &path).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// Sends one request to a random gateway.
    async fn send(&self, rng: &mut StdRng, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let mut request = self.request(rng, method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                match answer.text().await {
                    Ok(text) => Reply::Response(status, serde_json::from_str(&text).unwrap_or_default()),
                    Err(_) => Reply::Unknown,
                }
            }
            Err(error) if error.is_connect() => Reply::NotSent,
            Err(_) => Reply::Unknown,
        }
    }

    fn request(&self, rng: &mut StdRng, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.gateway(rng));
        self.http.request(method, url).bearer_auth(&self.token)
    }

    fn gateway(&self, rng: &mut StdRng) -> &str {
        &self.gateways[rng.random_range(0..self.gateways.len())]
    }

    fn report_violation(&self, violation: String) {
        self.observations.lock().violations.push(violation);
    }

    /// A random number generator for one of the user's concurrent tasks.
    fn rng(&self, task: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_mul(1_000).wrapping_add(task))
    }
}
