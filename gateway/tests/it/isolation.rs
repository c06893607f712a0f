//! Isolation: other users' data is unreachable, and hostile upstream data is harmless.

use entity::{VideoId, id, video};
use reqwest::{Method, StatusCode};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};

use crate::test_server::{Account, TestServer, envelope, header, problem};

/// One id of each kind that `account` owns, by the name of the path parameter.
async fn owned_ids(server: &TestServer, account: &Account) -> Vec<(&'static str, String)> {
    let job = server.job(account, "a cat").await["id"].as_str().unwrap().to_owned();
    let video = server.completed(&job, b"0123456789").await;
    let key = server.post(account, "/api/keys", json!({"name": "ci", "scopes": ["read"]})).await;
    let key = key.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let sessions: Value = server.get(account, "/api/auth/sessions").await.json().await.unwrap();
    let session = sessions["data"][0]["id"].as_str().unwrap().to_owned();
    let webhook = server.post(account, "/api/webhooks", json!({"url": "https://a.example/"})).await;
    let webhook = webhook.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    vec![("{job}", job), ("{video}", video), ("{key}", key), ("{session}", session), ("{webhook}", webhook)]
}

#[tokio::test]
async fn returns_the_same_404_for_another_users_data_and_for_nothing() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let hers = owned_ids(&server, &ada).await;
        let document: Value = serde_json::from_str(gateway::document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let mut checked = 0;
        for (path, methods) in paths.iter().filter(|(path, _)| !path.starts_with("/api/admin/")) {
            let Some((name, theirs)) = hers.iter().find(|(name, _)| path.contains(name)) else { continue };
            let nobodys = id::new_id::<id::kind::Job>().to_string();
            for method in methods.as_object().unwrap().keys() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let mut answers = Vec::new();
                for id in [theirs, &nobodys] {
                    let request = server.request(method.clone(), &path.replace(name, id)).bearer_auth(&eve.token);
                    let response = request.header("range", "bytes=0-1").json(&json!({})).send().await.unwrap();
                    let body = if path.starts_with("/v1/") {
                        envelope(response, 404, "not_found").await
                    } else {
                        let mut body = problem(response, 404, "not_found").await;
                        body["requestId"].take();
                        body
                    };
                    answers.push(body);
                }
                assert_eq!(answers[0], answers[1], "{method} {path}");
                checked += 1;
            }
        }
        assert!(checked >= 10, "only {checked} calls were found");
        for (path, name) in [
            ("/api/videos/jobs", "data"),
            ("/v1/videos", "data"),
            ("/api/keys", "data"),
            ("/api/webhooks", "data"),
            ("/api/auth/export", "jobs"),
        ] {
            let list: Value = server.get(&eve, path).await.json().await.unwrap();
            assert_eq!(list[name], json!([]), "{path}");
        }
        assert_eq!(server.get(&ada, &format!("/api/videos/jobs/{}", hers[0].1)).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn upstream_data_never_becomes_a_header_or_a_page() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    for kind in ["video/mp4\r\nset-cookie: a=b", "text/html", "video/mp4\"; filename=\"x.html", "image/svg+xml", ""] {
        let job = server.job(&ada, "a cat\r\nset-cookie: a=b").await["id"].as_str().unwrap().to_owned();
        let id: VideoId = server.completed(&job, b"<script>").await.parse().unwrap();
        let db = &server.database.connection;
        let recorded = video::ActiveModel { id: Set(id), content_type: Set(kind.into()), ..Default::default() };
        recorded.update(db).await.unwrap();
        let response = server.get(&ada, &format!("/api/videos/{id}/content?download=1%0d%0ax:y")).await;
        assert_eq!(header(&response, "content-type"), "application/octet-stream", "{kind:?}");
        let disposition = header(&response, "content-disposition").to_owned();
        assert_eq!(disposition, format!("inline; filename=\"sora-{id}.bin\""));
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "set-cookie"), "");
    }
}
