//! The administrator: the first account of a platform.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use entity::user::Role;
use entity::{DatabaseConnection, account};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::wait::wait_for;

/// Timeout of a request. Longer than any fault, so that no request is carried out after a later one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// An administrator with a session.
pub(crate) struct Administrator {
    /// The session's token.
    pub(crate) token: String,
    http: reqwest::Client,
}

impl Administrator {
    /// An administrator that is not registered yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().timeout(REQUEST_TIMEOUT).build()?;
        Ok(Self { token: String::new(), http })
    }

    /// Registers the first account, and makes it administrator.
    pub(crate) async fn register(&mut self, db: &DatabaseConnection, gateway: &str) -> anyhow::Result<()> {
        let body = json!({"email": "admin@example.com", "password": "one of a kind"});
        let answer = self.http.post(format!("http://{gateway}/api/auth/register")).json(&body).send().await?;
        ensure!(answer.status() == StatusCode::CREATED, "registration failed: {}", answer.text().await?);
        let session: Value = answer.json().await?;
        session["token"].as_str().context("the session has no token")?.clone_into(&mut self.token);
        let id = session["user"]["id"].as_str().context("the session has no user")?.parse()?;
        account::set_role(db, id, Role::Admin).await?;
        Ok(())
    }

    /// Pauses or resumes the queue.
    pub(crate) async fn pause_queue(&self, gateway: &str, paused: bool) -> anyhow::Result<()> {
        self.pause(gateway, "queue", paused).await
    }

    /// Pauses or resumes what is at this path of the administration.
    pub(crate) async fn pause(&self, gateway: &str, path: &str, paused: bool) -> anyhow::Result<()> {
        let request = self.http.patch(format!("http://{gateway}/api/admin/{path}")).bearer_auth(&self.token);
        request.json(&json!({"paused": paused})).send().await?.error_for_status()?;
        Ok(())
    }

    /// Waits until a gateway answers a request for its description of the API.
    pub(crate) async fn read_description(&self, gateway: &str, timeout: Duration) -> anyhow::Result<()> {
        wait_for("the gateway answers", timeout, async || {
            let answer = self.http.get(format!("http://{gateway}/api/openapi.json")).send().await.ok()?;
            let status = answer.status();
            answer.bytes().await.ok().filter(|_| status == StatusCode::OK)
        })
        .await
        .map(drop)
    }
}
