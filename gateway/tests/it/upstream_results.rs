//! Rescuing a video by hand: evidence and addresses are for administrators, and an added address is downloaded from without
//! a new submission.

use entity::attempt::{self, NewAttempt};
use entity::job::{self, JobFailure};
use entity::submission::Caps;
use entity::{AttemptId, attempt_result, clock, id, upstream_state};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::test_server::{Account, TestServer, problem};

const UPSTREAM: &str = "https://up.example/v1/videos";

async fn read(server: &TestServer, account: &Account, path: &str) -> Value {
    let response = server.get(account, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.unwrap()
}

async fn audit(server: &TestServer, admin: &Account) -> Vec<(String, String)> {
    let log = read(server, admin, "/api/admin/audit").await;
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    log["data"].as_array().unwrap().iter().map(|entry| (text(entry, "action"), text(entry, "target"))).collect()
}

/// Creates a job whose attempt ended without a video, and returns both.
async fn failed_job(server: &TestServer, user: &Account) -> (String, AttemptId) {
    let job = server.job(user, "a cat").await["id"].as_str().unwrap().to_owned();
    let (db, claim, id) = (&server.database.connection, server.claim(&job).await, id::new_id());
    let new =
        NewAttempt { id, upstream: UPSTREAM.into(), sent_at: clock::system_ms(), is_follow_up: false, cost: None };
    job::start_attempt(db, claim, new, Caps::default()).await.unwrap();
    attempt_result::record(db, id, "https://cdn.example/preview.html", "link").await.unwrap();
    let end = attempt::End {
        outcome: "interrupted",
        detail: None,
        evidence: Some("data: a secretive answer"),
        may_have_been_charged: true,
    };
    job::finish_attempt(db, id, end).await.unwrap();
    let failure = JobFailure { code: "interrupted", message: "it was interrupted".into() };
    job::fail(db, claim, &failure).await.unwrap().unwrap();
    (job, id)
}

#[tokio::test]
async fn only_administrators_see_evidence_and_addresses() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        let (job, _) = failed_job(&server, &user).await;
        let attempts = read(&server, &admin, &format!("/api/admin/jobs/{job}")).await["attempts"].take();
        assert_eq!(attempts[0]["evidence"], "data: a secretive answer");
        let results = attempts[0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 1);
        assert_eq!((&results[0]["position"], &results[0]["source"]), (&json!(1), &json!("link")));
        assert_eq!(
            (&results[0]["url"], &results[0]["addedBy"]),
            (&json!("https://cdn.example/preview.html"), &json!(null))
        );
        for path in
            [format!("/api/videos/jobs/{job}"), format!("/api/videos/jobs/{job}/attempts"), "/api/auth/export".into()]
        {
            let own = read(&server, &user, &path).await.to_string();
            assert!(!own.contains("secretive") && !own.contains("preview.html"), "{path}");
        }
    }
}

#[tokio::test]
async fn downloads_from_an_added_address_without_submitting_again() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        let (job, attempt) = failed_job(&server, &user).await;
        let path = format!("/api/admin/jobs/{job}/attempts/{attempt}/results");
        let url = "https://cdn.example/video.mp4?sig=1";
        let added = server.post(&admin, &path, json!({"url": url})).await;
        assert_eq!(added.status(), StatusCode::ACCEPTED);
        let added: Value = added.json().await.unwrap();
        assert_eq!((&added["status"], &added["userEmail"]), (&json!("pending"), &json!("ada@example.org")));
        assert!(server.is_enqueued(&job).await);
        let attempts = read(&server, &admin, &format!("/api/admin/jobs/{job}")).await["attempts"].take();
        assert_eq!((attempts.as_array().unwrap().len(), &attempts[0]["resultUrl"]), (1, &json!(url)));
        let result = &attempts[0]["results"][1];
        assert_eq!((&result["url"], &result["source"]), (&json!(url), &json!("admin")));
        assert_eq!(result["addedBy"], json!(admin.id));
        let entry = ("attempt.result_added".to_owned(), format!("{job}/{attempt}"));
        assert_eq!(audit(&server, &admin).await, std::slice::from_ref(&entry));

        problem(server.post(&admin, &path, json!({"url": url})).await, 409, "wrong_state").await;
        assert_eq!(audit(&server, &admin).await, [entry], "only changes are recorded");
    }
}

#[tokio::test]
async fn rejects_addresses_for_unknown_attempts_and_of_other_schemes() {
    for server in TestServer::each().await {
        let (admin, user) = (server.admin("admin@example.org").await, server.account("ada@example.org").await);
        let ((job, attempt), (other, _)) = (failed_job(&server, &user).await, failed_job(&server, &user).await);
        let path = |job: &str, attempt: &str| format!("/api/admin/jobs/{job}/attempts/{attempt}/results");
        let body = json!({"url": "https://cdn.example/video.mp4"});
        let (own, unknown) = (attempt.to_string(), id::new_id::<id::kind::Attempt>().to_string());
        for missing in [path(&other, &own), path(&job, &unknown), path(&unknown, &own), path(&job, "1")] {
            problem(server.post(&admin, &missing, body.clone()).await, 404, "not_found").await;
        }
        for wrong in [json!({"url": "file:///etc/passwd"}), json!({"url": "/video.mp4"}), json!({})] {
            problem(server.post(&admin, &path(&job, &own), wrong).await, 422, "invalid_fields").await;
        }
        problem(server.post(&user, &path(&job, &own), body).await, 403, "forbidden").await;
        assert_eq!(read(&server, &user, &format!("/api/videos/jobs/{job}")).await["status"], "failed");
        assert_eq!(audit(&server, &admin).await, []);
    }
}

#[tokio::test]
async fn lists_and_resumes_suspended_upstreams() {
    for server in TestServer::each().await {
        let admin = server.admin("admin@example.org").await;
        let list = async || read(&server, &admin, "/api/admin/upstreams").await["data"].take();
        assert_eq!(list().await, json!([]));
        let (db, mut last) = (&server.database.connection, id::new_id());
        for jobs in 1..=upstream_state::MAX_UNREADABLE_JOBS {
            upstream_state::record_unreadable(db, UPSTREAM, last, "{\"x\": 1}").await.unwrap();
            let state = &list().await[0];
            assert_eq!((&state["upstream"], &state["unreadableJobs"]), (&json!(UPSTREAM), &json!(jobs)));
            assert_eq!((&state["sample"], &state["lastJobId"]), (&json!("{\"x\": 1}"), &json!(last)));
            assert_eq!(state["suspendedAt"].is_string(), jobs == upstream_state::MAX_UNREADABLE_JOBS);
            last = id::new_id();
        }
        let resume = async || server.post(&admin, "/api/admin/upstreams/resume", json!({"upstream": UPSTREAM})).await;
        assert_eq!(resume().await.status(), StatusCode::NO_CONTENT);
        assert_eq!(list().await, json!([]));
        problem(resume().await, 404, "not_found").await;
        assert_eq!(audit(&server, &admin).await, [("upstream.resumed".to_owned(), UPSTREAM.to_owned())]);
    }
}
