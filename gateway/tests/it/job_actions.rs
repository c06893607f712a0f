//! A job's owner cancels, restarts, downloads again or deletes it.

use bus::{Control, Message};
use entity::job::{self, JobFailure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::test_server::{Account, TestServer, problem};

async fn act(server: &TestServer, account: &Account, job: &str, action: &str) -> reqwest::Response {
    server.post(account, &format!("/api/videos/jobs/{job}/{action}"), json!({})).await
}

async fn delete(server: &TestServer, account: &Account, job: &str) -> reqwest::Response {
    let path = format!("/api/videos/jobs/{job}");
    server.request(Method::DELETE, &path).bearer_auth(&account.token).send().await.unwrap()
}

/// Fails a job as a worker does.
async fn failed(server: &TestServer, job: &str, code: &'static str) {
    let held = server.claim(job).await;
    let failure = JobFailure { code, message: "it did not work".into() };
    job::fail(&server.database.connection, held, &failure).await.unwrap().unwrap();
}

fn id(job: &Value) -> String {
    job["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn cancels_a_waiting_job_and_removes_it_from_the_queue() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let job = id(&server.job(&ada, "a cat").await);
        let response = act(&server, &ada, &job, "cancel").await;
        assert_eq!(response.status(), StatusCode::OK);
        let cancelled: Value = response.json().await.unwrap();
        assert_eq!((&cancelled["status"], &cancelled["cancelling"]), (&json!("cancelled"), &json!(false)));
        assert!(!server.is_enqueued(&job).await, "it is still in line");
        let again: Value = act(&server, &ada, &job, "cancel").await.json().await.unwrap();
        assert_eq!(again["seq"], cancelled["seq"], "cancelling again changed something");
    }
}

#[tokio::test]
async fn asks_the_worker_to_cancel_a_running_job() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let job = id(&server.job(&ada, "a cat").await);
        server.claim(&job).await;
        let (sender, mut heard) = mpsc::unbounded_channel();
        tokio::spawn(server.bus.control_subscriber().run(move |signal| drop(sender.send(signal))));
        assert_eq!(heard.recv().await, Some(Message::Subscribed));
        let body: Value = act(&server, &ada, &job, "cancel").await.json().await.unwrap();
        assert_eq!((&body["status"], &body["cancelling"]), (&json!("processing"), &json!(true)));
        let word = Control::CancelRequested { job: job.parse().unwrap() };
        while heard.recv().await != Some(Message::Control(word.clone())) {}
    }
}

#[tokio::test]
async fn restarts_only_failed_and_cancelled_jobs() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let job = id(&server.job(&ada, "a cat").await);
        problem(act(&server, &ada, &job, "retry").await, 409, "wrong_state").await;
        failed(&server, &job, "interrupted").await;
        let response = act(&server, &ada, &job, "retry").await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            (&body["status"], &body["errorCode"], &body["progress"], &body["startedAt"]),
            (&json!("pending"), &json!(null), &json!(0), &json!(null))
        );
        assert!(server.is_enqueued(&job).await);
    }
}

#[tokio::test]
async fn downloads_again_only_after_a_failed_download() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (refused, unfetchable) = (id(&server.job(&ada, "a").await), id(&server.job(&ada, "b").await));
        failed(&server, &refused, "refused").await;
        failed(&server, &unfetchable, "unfetchable").await;
        problem(act(&server, &ada, &refused, "fetch").await, 409, "wrong_state").await;
        let response = act(&server, &ada, &unfetchable, "fetch").await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn deletes_finished_jobs_with_their_video_and_no_active_ones() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let job = id(&server.job(&ada, "a cat").await);
        problem(delete(&server, &ada, &job).await, 409, "wrong_state").await;
        let video = server.completed(&job, b"\0\0\0\x20ftypisom").await;
        assert_eq!(delete(&server, &ada, &job).await.status(), StatusCode::NO_CONTENT);
        problem(delete(&server, &ada, &job).await, 404, "not_found").await;
        for path in
            [format!("/api/videos/jobs/{job}"), format!("/api/videos/{video}"), format!("/api/videos/{video}/content")]
        {
            problem(server.get(&ada, &path).await, 404, "not_found").await;
        }
        let files = walk(server.folder());
        assert!(files.is_empty(), "{files:?}");
    }
}

#[tokio::test]
async fn returns_404_for_another_users_job() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let job = id(&server.job(&ada, "a cat").await);
        for action in ["cancel", "retry", "fetch"] {
            problem(act(&server, &eve, &job, action).await, 404, "not_found").await;
        }
        problem(delete(&server, &eve, &job).await, 404, "not_found").await;
        assert!(server.is_enqueued(&job).await);
    }
}

pub(crate) fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
