//! `webhook listen`: sends events to a local address as a webhook of the server would, for developing a receiver on a machine that
//! the server cannot reach.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::api::{Api, Job, JobFields, Status};
use crate::arguments::Listen;
use crate::commands::interruptible;
use crate::error::Error;
use crate::follow::Events;
use crate::output::{json_line, line, note};

/// Time in which a receiver has to answer, as for webhooks of the server.
const TIMEOUT: Duration = Duration::from_secs(10);

const PREFIX: &str = "whsec_";

/// Forwards the end of each video until it is interrupted.
///
/// # Errors
/// The server refuses, or cannot be reached; an address that does not answer is only reported.
pub(super) async fn listen(api: &Api, options: Listen, as_json: bool) -> Result<(), Error> {
    let secret = options.secret.unwrap_or_else(|| format!("{PREFIX}{}", STANDARD.encode(rand::random::<[u8; 32]>())));
    let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy().build()?;
    let forwarder = Forwarder { key: key(&secret)?, client, target: options.forward_to, as_json };
    note(&format!("Secret: {secret}\nForwarding the ends of your videos to {}. Stop with Ctrl-C.", forwarder.target));
    let mut known = Known::default();
    let mut events = Events::new(api, "api/events");
    let following = events.run(async |frame: Value| {
        for job in known.ended(frame)? {
            forwarder.forward(api, &job).await?;
            // Only now: if the server could not be reached, the job is found again with the next snapshot.
            known.record(&job);
        }
        Ok(None::<()>)
    });
    interruptible(following, "Stopped.".into()).await.map(drop)
}

/// Which jobs have ended, as far as they have been forwarded or had ended before.
#[derive(Default)]
struct Known {
    /// Whether the first snapshot, which can have several frames, is complete.
    started: bool,
    /// Id and time of the end: a job that is retried ends again, and one that has ended can still change.
    ended: HashSet<(String, Option<String>)>,
}

impl Known {
    /// Returns the jobs of a frame that have ended since the last one.
    fn ended(&mut self, mut frame: Value) -> Result<Vec<Job>, Error> {
        let first = !self.started;
        self.started |= frame["last"] == json!(true);
        let states = match frame["type"].as_str() {
            Some("snapshot") => frame["jobs"].as_array_mut().map(std::mem::take).unwrap_or_default(),
            Some("job") => vec![frame],
            _ => Vec::new(),
        };
        let mut news = Vec::new();
        for state in states {
            let job = Job::new(state)?;
            if !job.known.status.is_final() || self.ended.contains(&end(&job)) {
                continue;
            }
            if first {
                self.record(&job);
            } else {
                news.push(job);
            }
        }
        Ok(news)
    }

    /// Records that the end of a job was forwarded.
    fn record(&mut self, job: &Job) {
        self.ended.insert(end(job));
    }
}

fn end(job: &Job) -> (String, Option<String>) {
    (job.known.id.clone(), job.known.finished_at.clone())
}

struct Forwarder {
    key: Vec<u8>,
    client: Client,
    target: Url,
    as_json: bool,
}

impl Forwarder {
    async fn forward(&self, api: &Api, job: &Job) -> Result<(), Error> {
        let JobFields { id, finished_at, status, .. } = &job.known;
        let mut data: Value = match api.get(&format!("v1/videos/{id}")).await {
            Ok(data) => data,
            // It was deleted meanwhile.
            Err(Error::Problem(problem)) if problem.status == 404 => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut described = job.raw.clone();
        if let Value::Object(fields) = &mut described {
            fields.remove("type");
        }
        data["job"] = described;
        let kind = match status {
            Status::Completed => "video.completed",
            Status::Cancelled => "video.cancelled",
            _ => "video.failed",
        };
        // The same whenever the event is sent again.
        let event = format!("evt_{}", hex::encode(&Sha256::digest(format!("{id} {finished_at:?}"))[..16]));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let body = json!({"id": event, "object": "event", "created_at": now, "type": kind, "data": data}).to_string();
        let request = self.client.post(self.target.clone()).header("content-type", "application/json");
        let request = request.header("webhook-id", &event).header("webhook-timestamp", now);
        let request = request.header("webhook-signature", sign(&self.key, &event, now, &body));
        let answer = request.body(body).send().await;
        let status = answer.as_ref().ok().map(reqwest::Response::status);
        if self.as_json {
            json_line(
                &json!({"event": event, "type": kind, "job": id, "status": status.map(|status| status.as_u16())}),
            );
        } else {
            line(&format!("{kind} {id} {}", outcome(status, answer.err())));
        }
        Ok(())
    }
}

fn outcome(status: Option<StatusCode>, error: Option<reqwest::Error>) -> String {
    match (status, error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => Error::from(error).to_string().replace("The server", "The address"),
        (None, None) => String::new(),
    }
}

fn key(secret: &str) -> Result<Vec<u8>, Error> {
    let key = secret.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
    key.filter(|key| !key.is_empty()).ok_or_else(|| Error::Usage("--secret must be whsec_ and base64.".into()))
}

/// Signs as Standard Webhooks says.
fn sign(key: &[u8], id: &str, timestamp: u64, body: &str) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    let signature = mac.chain_update(format!("{id}.{timestamp}.{body}")).finalize().into_bytes();
    format!("v1,{}", STANDARD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_nothing_that_had_ended_before() {
        let job = |id: &str| {
            json!({"type": "job", "id": id, "status": "completed", "progress": 100, "prompt": "", "model": "", "seconds": 4,
                "size": "", "mayHaveBeenCharged": false, "createdAt": ""})
        };
        let mut known = Known::default();
        for (id, last) in [("a", false), ("b", true)] {
            let frame = json!({"type": "snapshot", "jobs": [job(id)], "last": last});
            assert!(known.ended(frame).unwrap().is_empty(), "{id}");
        }
        let news = known.ended(job("c")).unwrap();
        assert_eq!((news.len(), known.ended(job("c")).unwrap().len()), (1, 1), "as long as it was not forwarded");
        known.record(&news[0]);
        assert!(known.ended(job("c")).unwrap().is_empty());
    }

    #[test]
    fn signs_as_the_example_of_standard_webhooks() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
