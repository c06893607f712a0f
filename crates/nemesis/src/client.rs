//! A user of the platform: careful, impatient, and with no memory but its transcript.

mod ask;
mod watch;

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

use crate::plan::Wish;
use crate::transcript::{Transcript, View};
use crate::wait::until;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

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
    pub(crate) transcript: Arc<Transcript>,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// An answer.
    Said(StatusCode, Value),
    /// It surely was not received.
    NotSent,
    /// It may have been carried out.
    Unclear,
}

/// When users change their ways.
#[derive(Clone, Debug)]
pub(crate) struct Phases {
    /// The load began.
    pub(crate) began: Instant,
    /// No more wishes from here on.
    pub(crate) calm: CancellationToken,
    /// Nothing more at all.
    pub(crate) over: CancellationToken,
}

impl User {
    /// Opens an account.
    pub(crate) async fn register(gateways: &Arc<Vec<String>>, seed: u64, number: usize) -> anyhow::Result<Self> {
        // Each request has a connection of its own: that one was refused says for sure that nothing was received.
        let http = reqwest::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).no_proxy().build()?;
        let body = json!({"email": format!("user-{number}@example.com"), "password": "one of a kind"});
        let answer = http.post(format!("http://{}/api/auth/register", gateways[0])).json(&body).send().await?;
        ensure!(answer.status() == StatusCode::CREATED, "registering: {}", answer.text().await?);
        let session: Value = answer.json().await?;
        let token = session["token"].as_str().context("no token")?.to_owned();
        let seed = seed.wrapping_mul(1_000).wrapping_add(number as u64);
        Ok(Self { token, seed, http, gateways: gateways.clone(), transcript: Arc::default() })
    }

    /// Does everything that it wishes to, until it is over.
    pub(crate) async fn live(&self, wishes: &[Wish], phases: &Phases) {
        let asking = futures::future::join_all(wishes.iter().map(|wish| ask::fulfil(self, wish, phases)));
        tokio::select! {
            ((), (), _) = async { tokio::join!(self.poll(phases), watch::watch(self, phases), asking) } => {}
            () = phases.over.cancelled() => {}
        }
    }

    /// Looks after one unfinished job after another.
    async fn poll(&self, phases: &Phases) {
        let mut rng = self.rng(1);
        while !phases.over.is_cancelled() {
            sleep(Duration::from_millis(rng.random_range(100..400))).await;
            let pick = rng.random_range(0..usize::MAX);
            let job = self.transcript.record().active(|count| pick % count);
            if let Some(id) = job {
                self.look(&mut rng, id).await;
            }
        }
    }

    /// Reads a job's state.
    async fn look(&self, rng: &mut StdRng, id: Uuid) {
        let answer = self.ask(rng, Method::GET, &format!("/api/videos/jobs/{id}"), None).await;
        match answer {
            Answer::Said(StatusCode::OK, body) => match serde_json::from_value::<View>(body) {
                Ok(view) => self.transcript.polled(view),
                Err(error) => self.wrong(format!("job {id}: a poll showed something else: {error}")),
            },
            Answer::Said(status, _) if status.is_server_error() => {}
            Answer::Said(status, body) => self.wrong(format!("job {id}: a poll was answered with {status}: {body}")),
            Answer::NotSent | Answer::Unclear => {}
        }
    }

    /// Reads a job's state for the last time, however long it takes.
    ///
    /// # Errors
    /// No gateway answers.
    pub(crate) async fn last_look(&self, id: Uuid) -> anyhow::Result<()> {
        let before = self.transcript.record().seen.len();
        let mut rng = self.rng(2);
        until("a gateway answers a poll", Duration::from_secs(20), async || {
            self.look(&mut rng, id).await;
            (self.transcript.record().seen.len() > before).then_some(())
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
    async fn ask(&self, rng: &mut StdRng, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self.request(rng, method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                match answer.text().await {
                    Ok(text) => Answer::Said(status, serde_json::from_str(&text).unwrap_or_default()),
                    Err(_) => Answer::Unclear,
                }
            }
            Err(error) if error.is_connect() => Answer::NotSent,
            Err(_) => Answer::Unclear,
        }
    }

    fn request(&self, rng: &mut StdRng, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.gateway(rng));
        self.http.request(method, url).bearer_auth(&self.token)
    }

    fn gateway(&self, rng: &mut StdRng) -> &str {
        &self.gateways[rng.random_range(0..self.gateways.len())]
    }

    fn wrong(&self, what: String) {
        self.transcript.record().wrong.push(what);
    }

    /// Randomness for one of the things that a user does at once.
    fn rng(&self, part: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_mul(1_000).wrapping_add(part))
    }
}
