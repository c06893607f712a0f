//! A user's own account: sessions, password, name, export, deletion.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::job_actions::walk;
use crate::socket_client::Socket;
use crate::test_server::{Account, PASSWORD, TestServer, header, problem};

/// Signs in.
async fn login(server: &TestServer, email: &str, password: &str) -> Response {
    let body = json!({"email": email, "password": password});
    server.request(Method::POST, "/api/auth/login").header("user-agent", "robot/1").json(&body).send().await.unwrap()
}

async fn signed_in(server: &TestServer, account: &Account, email: &str) -> Account {
    let body: Value = login(server, email, PASSWORD).await.json().await.unwrap();
    Account { id: account.id.clone(), token: body["token"].as_str().unwrap().into() }
}

async fn sessions(server: &TestServer, account: &Account) -> Vec<Value> {
    let mut body: Value = server.get(account, "/api/auth/sessions").await.json().await.unwrap();
    serde_json::from_value(body["data"].take()).unwrap()
}

#[tokio::test]
async fn lists_sessions_and_ends_one_or_all_others() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let second = signed_in(&server, &ada, "ada@example.org").await;
        let third = signed_in(&server, &ada, "ada@example.org").await;
        let listed = sessions(&server, &ada).await;
        let current: Vec<_> = listed.iter().map(|session| session["current"] == true).collect();
        assert_eq!(current, [false, false, true]);
        assert_eq!(listed[0]["userAgent"], "robot/1");

        let path = format!("/api/auth/sessions/{}", listed[0]["id"].as_str().unwrap());
        problem(server.delete(&eve, &path).await, 404, "not_found").await;
        let (socket, _) = Socket::greeted(&server, &third).await;
        assert_eq!(server.delete(&ada, &path).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(socket.closed().await, 4401);
        problem(server.delete(&ada, &path).await, 404, "not_found").await;
        problem(server.get(&third, "/api/auth/me").await, 401, "unauthenticated").await;

        assert_eq!(server.delete(&ada, "/api/auth/sessions").await.status(), StatusCode::NO_CONTENT);
        problem(server.get(&second, "/api/auth/me").await, 401, "unauthenticated").await;
        assert_eq!(sessions(&server, &ada).await.len(), 1);
        assert_eq!(sessions(&server, &eve).await.len(), 1);
    }
}

#[tokio::test]
async fn changing_the_password_ends_all_other_sessions() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let other = signed_in(&server, &ada, "ada@example.org").await;
        let (socket, _) = Socket::greeted(&server, &other).await;
        let change = async |current: &str, new: &str| {
            server.post(&ada, "/api/auth/password", json!({"currentPassword": current, "newPassword": new})).await
        };
        problem(change("wrong password", "a new password").await, 401, "invalid_credentials").await;
        problem(change(PASSWORD, "short").await, 422, "invalid_fields").await;
        assert_eq!(server.get(&other, "/api/auth/me").await.status(), StatusCode::OK);
        assert_eq!(change(PASSWORD, "a new password").await.status(), StatusCode::NO_CONTENT);
        assert_eq!(socket.closed().await, 4401);
        problem(server.get(&other, "/api/auth/me").await, 401, "unauthenticated").await;
        assert_eq!(server.get(&ada, "/api/auth/me").await.status(), StatusCode::OK);
        problem(login(&server, "ada@example.org", PASSWORD).await, 401, "invalid_credentials").await;
        assert_eq!(login(&server, "ada@example.org", "a new password").await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn changes_and_removes_the_name() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let rename = async |name: Value| {
        let request = server.request(Method::PATCH, "/api/auth/me").bearer_auth(&ada.token);
        request.json(&json!({"name": name})).send().await.unwrap()
    };
    let renamed: Value = rename(json!("Ada")).await.json().await.unwrap();
    assert_eq!((&renamed["user"]["name"], renamed.get("token")), (&json!("Ada"), None));
    let me: Value = server.get(&ada, "/api/auth/me").await.json().await.unwrap();
    assert_eq!(me["user"]["name"], "Ada");
    problem(rename(json!("a\u{7}b")).await, 422, "invalid_fields").await;
    let unnamed: Value = rename(json!(null)).await.json().await.unwrap();
    assert_eq!(unnamed["user"]["name"], json!(null));
}

#[tokio::test]
async fn exports_all_data_of_the_account_and_no_others() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        server.job(&eve, "a secret").await;
        let job = server.job(&ada, "日落 \"🌅\"").await["id"].as_str().unwrap().to_owned();
        let video = server.completed(&job, b"0123456789").await;
        server.job(&ada, "a cat").await;
        let response = server.get(&ada, "/api/auth/export").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "content-disposition"), "attachment; filename=\"account.json\"");
        let export: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(export["user"]["email"], "ada@example.org");
        assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
        let jobs = export["jobs"].as_array().unwrap();
        assert_eq!((jobs.len(), &jobs[0]["job"]["prompt"]), (2, &json!("a cat")));
        assert_eq!((&jobs[1]["job"]["prompt"], &jobs[1]["video"]["id"]), (&json!("日落 \"🌅\""), &json!(video)));
        assert!(!export.to_string().contains("secret") && !export.to_string().contains("argon2"));
    }
}

#[tokio::test]
async fn deletes_an_account_with_its_jobs_and_files() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let done = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
        server.completed(&done, b"0123456789").await;
        let waiting = server.job(&ada, "a dog").await["id"].as_str().unwrap().to_owned();
        let in_hand = server.job(&ada, "a bird").await["id"].as_str().unwrap().to_owned();
        server.claim(&in_hand).await;
        server.job(&eve, "a fish").await;
        let delete = async |password: &str| {
            let request = server.request(Method::DELETE, "/api/auth/me").bearer_auth(&ada.token);
            request.json(&json!({"password": password})).send().await.unwrap()
        };
        problem(delete("wrong password").await, 401, "invalid_credentials").await;
        assert_eq!(server.jobs_in_database().await, 4);
        assert_eq!(delete(PASSWORD).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(server.jobs_in_database().await, 1);
        assert!(walk(server.folder()).is_empty());
        assert!(!server.is_enqueued(&waiting).await);
        problem(server.get(&ada, "/api/auth/me").await, 401, "unauthenticated").await;
        problem(login(&server, "ada@example.org", PASSWORD).await, 401, "invalid_credentials").await;
        server.account("ada@example.org").await;
    }
}
