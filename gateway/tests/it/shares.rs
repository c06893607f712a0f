//! Links that show one video to anyone who has them.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::test_server::{Account, TestServer, header, problem};

const CONTENT: &[u8] = b"0123456789";

async fn video(server: &TestServer, account: &Account) -> String {
    let job = server.job(account, "a secret prompt").await["id"].as_str().unwrap().to_owned();
    server.completed(&job, CONTENT).await
}

async fn shared(server: &TestServer, account: &Account, video: &str) -> Value {
    let response = server.post(account, &format!("/api/videos/{video}/shares"), json!({})).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

async fn open(server: &TestServer, token: &str, rest: &str) -> Response {
    server.request(Method::GET, &format!("/api/shares/{token}{rest}")).send().await.unwrap()
}

#[tokio::test]
async fn link_shows_the_video_and_nothing_else() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let video = video(&server, &ada).await;
        let share = shared(&server, &ada, &video).await;
        let token = share["token"].as_str().unwrap();
        assert_eq!(share["url"], format!("{}/share/{token}", server.origin()));
        let shown: Value = open(&server, token, "").await.json().await.unwrap();
        let mut members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["contentType", "expiresAt", "hasPoster", "orientation", "seconds", "size"]);
        let whole = open(&server, token, "/content").await;
        assert_eq!(header(&whole, "content-security-policy"), "sandbox");
        assert_eq!(whole.bytes().await.unwrap(), CONTENT);
        let part = server.request(Method::GET, &format!("/api/shares/{token}/content")).header("range", "bytes=2-4");
        let part = part.send().await.unwrap();
        assert_eq!((part.status(), header(&part, "content-range")), (StatusCode::PARTIAL_CONTENT, "bytes 2-4/10"));
        assert_eq!(part.bytes().await.unwrap(), CONTENT[2..5]);
    }
}

#[tokio::test]
async fn only_the_owner_creates_and_revokes_links() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let video = video(&server, &ada).await;
        let path = format!("/api/videos/{video}/shares");
        problem(server.post(&eve, &path, json!({})).await, 404, "not_found").await;
        problem(server.delete(&eve, &path).await, 404, "not_found").await;
        let (one, two) = (shared(&server, &ada, &video).await, shared(&server, &ada, &video).await);
        assert_ne!(one["token"], two["token"]);
        assert_eq!(server.delete(&ada, &path).await.status(), StatusCode::NO_CONTENT);
        for share in [one, two] {
            for rest in ["", "/content"] {
                problem(open(&server, share["token"].as_str().unwrap(), rest).await, 404, "not_found").await;
            }
        }
    }
}

#[tokio::test]
async fn rejects_forged_and_foreign_tokens() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let (one, two) = (video(&server, &ada).await, video(&server, &ada).await);
    let token = shared(&server, &ada, &one).await["token"].as_str().unwrap().to_owned();
    let other = shared(&server, &ada, &two).await["token"].as_str().unwrap().to_owned();
    let ((id, signature), (other_id, _)) = (token.split_once('_').unwrap(), other.split_once('_').unwrap());
    let zeros = "0".repeat(64);
    for forged in [
        format!("{other_id}_{signature}"),
        format!("{id}_{zeros}"),
        format!("{id}_"),
        id.to_owned(),
        format!("{one}_{signature}"),
        token.to_uppercase(),
        ada.token.clone(),
        "%00".into(),
    ] {
        problem(open(&server, &forged, "").await, 404, "not_found").await;
        problem(open(&server, &forged, "/content").await, 404, "not_found").await;
    }
    let as_token = Account { id: ada.id, token };
    problem(server.get(&as_token, "/api/models").await, 401, "unauthenticated").await;
}

#[tokio::test]
async fn link_ends_with_its_expiry_video_or_owner() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (expired, deleted, orphaned) =
            (video(&server, &ada).await, video(&server, &ada).await, video(&server, &ada).await);
        let path = format!("/api/videos/{expired}/shares");
        for wrong in [json!({"expiresIn": 59}), json!({"expiresIn": 99_999_999}), json!({"expiresIn": "1"})] {
            problem(server.post(&ada, &path, wrong).await, 422, "invalid_fields").await;
        }
        let db = &server.database.connection;
        let expired = entity::video::by_id(db, expired.parse().unwrap()).await.unwrap().unwrap();
        let over = entity::share::create(db, &expired, entity::clock::system_ms() - 1, 9).await.unwrap().unwrap();
        assert!(entity::share::find_active(db, over.id).await.unwrap().is_none());

        let token = shared(&server, &ada, &deleted).await["token"].as_str().unwrap().to_owned();
        let described: Value = server.get(&ada, &format!("/api/videos/{deleted}")).await.json().await.unwrap();
        server.delete(&ada, &format!("/api/videos/jobs/{}", described["jobId"].as_str().unwrap())).await;
        problem(open(&server, &token, "").await, 404, "not_found").await;

        let token = shared(&server, &ada, &orphaned).await["token"].as_str().unwrap().to_owned();
        assert_eq!(open(&server, &token, "").await.status(), StatusCode::OK);
        entity::account::disable(db, ada.id.parse().unwrap()).await.unwrap().done().unwrap();
        problem(open(&server, &token, "").await, 404, "not_found").await;
    }
}

#[tokio::test]
async fn limits_a_user_to_two_hundred_active_links() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let (first, second) = (video(&server, &ada).await, video(&server, &ada).await);
        for _ in 0..100 {
            shared(&server, &ada, &first).await;
            shared(&server, &ada, &second).await;
        }
        let one_more = async || server.post(&ada, &format!("/api/videos/{first}/shares"), json!({})).await;
        let refusal = problem(one_more().await, 409, "wrong_state").await;
        assert!(refusal["detail"].as_str().unwrap().contains("200"), "{refusal}");
        shared(&server, &eve, &video(&server, &eve).await).await;
        server.delete(&ada, &format!("/api/videos/{second}/shares")).await;
        assert_eq!(one_more().await.status(), StatusCode::CREATED);
    }
}
