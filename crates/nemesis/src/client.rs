//! A user of the platform: careful, impatient, and with no memory but its observations.

mod submit;
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

/// Longest wait for an answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// A user with a session.
#[derive(Clone)]
pub(crate) struct User {
    /// Of the session.
    token: String,
    /// For drawing which gateway is asked, and when.
    seed: u64,
    http: reqwest::Client,
    gateways: Arc<Vec<String>>,
    /// What it did and saw.
    pub(crate) observations: Arc<Observations>,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// An answer.
    Response(StatusCode, Value),
    /// It surely was not received.
    NotSent,
    /// It may have been carried out.
    Unknown,
}

/// When users change their ways.
#[derive(Clone, Debug)]
pub(crate) struct Phases {
    /// The load began.
    pub(crate) began: Instant,
    /// No more jobs from here on.
    pub(crate) load_ended: CancellationToken,
    /// Nothing more at all.
    pub(crate) finished: CancellationToken,
}

impl User {
    /// Opens an account.
    pub(crate) async fn register(gateways: &Arc<Vec<String>>, seed: u64, number: usize) -> anyhow::Result<Self> {
        // Each request has a connection of its own: that one was refused says for sure that nothing was received.
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).pool_max_idle_per_host(0).no_proxy().build()?;
        let body = json!({"email": format!("user-{number}@example.com"), "password": "one of a kind"});
        let answer = http.post(format!("http://{}/api/auth/register", gateways[0])).json(&body).send().await?;
        ensure!(answer.status() == StatusCode::CREATED, "registering: {}", answer.text().await?);
        let session: Value = answer.json().await?;
        let token = session["token"].as_str().context("no token")?.to_owned();
        let seed = seed.wrapping_mul(1_000).wrapping_add(number as u64);
        Ok(Self { token, seed, http, gateways: gateways.clone(), observations: Arc::default() })
    }

    /// Does everything that it jobs to, until it is finished.
    pub(crate) async fn run(&self, jobs: &[PlannedJob], phases: &Phases) {
        let asking = futures::future::join_all(jobs.iter().map(|planned| submit::run_job(self, planned, phases)));
        tokio::select! {
            ((), (), _) = async { tokio::join!(self.poll_jobs(phases), websocket::watch(self, phases), asking) } => {}
            () = phases.finished.cancelled() => {}
        }
    }

    /// Looks after one unfinished job after another.
    async fn poll_jobs(&self, phases: &Phases) {
        let mut rng = self.rng(1);
        while !phases.finished.is_cancelled() {
            sleep(Duration::from_millis(rng.random_range(100..400))).await;
            let pick = rng.random_range(0..usize::MAX);
            let job = self.observations.lock().active(|count| pick % count);
            if let Some(id) = job {
                self.poll_job(&mut rng, id).await;
            }
        }
    }

    /// Reads a job's state.
    async fn poll_job(&self, rng: &mut StdRng, id: Uuid) {
        let answer = self.send(rng, Method::GET, &format!("/api/videos/jobs/{id}"), None).await;
        match answer {
            Reply::Response(StatusCode::OK, body) => match serde_json::from_value::<View>(body) {
                Ok(view) => self.observations.record_poll(view),
                Err(error) => self.report_violation(format!("job {id}: a poll showed something else: {error}")),
            },
            Reply::Response(status, _) if status.is_server_error() => {}
            Reply::Response(status, body) => {
                self.report_violation(format!("job {id}: a poll was answered with {status}: {body}"))
            }
            Reply::NotSent | Reply::Unknown => {}
        }
    }

    /// Reads a job's state for the last time, however long it takes.
    ///
    /// # Errors
    /// No gateway answers.
    pub(crate) async fn final_poll(&self, id: Uuid) -> anyhow::Result<()> {
        let before = self.observations.lock().seen.len();
        let mut rng = self.rng(2);
        wait_for("a gateway answers a poll", Duration::from_secs(20), async || {
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

    /// Sends one request to either gateway.
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

    fn report_violation(&self, what: String) {
        self.observations.lock().violations.push(what);
    }

    /// Randomness for one of the things that a user does at once.
    fn rng(&self, part: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_mul(1_000).wrapping_add(part))
    }
}
