//! A video's file: whole, in part, and 304 if the client has it.

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use crate::test_server::{Account, TestServer, header, problem};

const CONTENT: &[u8] = b"0123456789";

async fn server() -> (TestServer, Account, String) {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let video = server.completed(&job, CONTENT).await;
    (server, account, video)
}

async fn ask(server: &TestServer, account: &Account, video: &str, headers: &[(&str, &str)]) -> Response {
    let path = format!("/api/videos/{video}/content");
    let request = server.request(Method::GET, &path).bearer_auth(&account.token);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

#[tokio::test]
async fn serves_the_whole_file_and_never_as_a_page() {
    let (server, account, video) = server().await;
    let response = ask(&server, &account, &video, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("content-length", "10"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "private, no-cache"),
        ("content-disposition", &*format!("inline; filename=\"sora-{video}.mp4\"")),
        // Hash of the content.
        ("etag", "\"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\""),
    ] {
        assert_eq!(header(&response, name), value, "{name}");
    }
    assert_eq!(response.bytes().await.unwrap(), CONTENT);

    let path = format!("/api/videos/{video}/content?download=1");
    let download = server.get(&account, &path).await;
    assert!(header(&download, "content-disposition").starts_with("attachment; filename="));

    let described: Value = server.get(&account, &format!("/api/videos/{video}")).await.json().await.unwrap();
    assert_eq!((described["id"].as_str(), described["size"].as_i64()), (Some(&*video), Some(10)));
    assert_eq!(described["contentType"], "video/mp4");
}

#[tokio::test]
async fn serves_a_range() {
    let (server, account, video) = server().await;
    for (range, part, content_range) in [
        ("bytes=0-3", &CONTENT[0..4], "bytes 0-3/10"),
        ("bytes=4-", &CONTENT[4..], "bytes 4-9/10"),
        ("bytes=-3", &CONTENT[7..], "bytes 7-9/10"),
        ("bytes=-99", CONTENT, "bytes 0-9/10"),
        ("bytes=8-99", &CONTENT[8..], "bytes 8-9/10"),
        ("bytes=9-9", &CONTENT[9..], "bytes 9-9/10"),
    ] {
        let response = ask(&server, &account, &video, &[("range", range)]).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(header(&response, "content-range"), content_range);
        assert_eq!(header(&response, "content-length"), part.len().to_string());
        assert_eq!(response.bytes().await.unwrap(), part, "{range}");
    }
    for whole in ["bytes=0-1,3-4", "bytes=5-1", "bytes=x", "items=0-1", "bytes"] {
        let response = ask(&server, &account, &video, &[("range", whole)]).await;
        assert_eq!(response.status(), StatusCode::OK, "{whole}");
        assert_eq!(response.bytes().await.unwrap(), CONTENT);
    }
    for outside in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"] {
        let response = ask(&server, &account, &video, &[("range", outside)]).await;
        assert_eq!(header(&response, "content-range"), "bytes */10", "{outside}");
        problem(response, 416, "range_not_satisfiable").await;
    }
}

#[tokio::test]
async fn honours_conditional_requests() {
    let (server, account, video) = server().await;
    let whole = ask(&server, &account, &video, &[]).await;
    let (tag, modified) = (header(&whole, "etag").to_owned(), header(&whole, "last-modified").to_owned());
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let response = ask(&server, &account, &video, &[("if-none-match", &known)]).await;
        assert_eq!((response.status(), header(&response, "etag")), (StatusCode::NOT_MODIFIED, &*tag), "{known}");
    }
    let status = async |condition: &str| {
        ask(&server, &account, &video, &[("range", "bytes=0-1"), ("if-range", condition)]).await.status()
    };
    assert_eq!(status(&tag).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(status(&modified).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(status("\"other\"").await, StatusCode::OK);
}

#[tokio::test]
async fn head_returns_the_same_headers_without_the_file() {
    let (server, account, video) = server().await;
    let path = format!("/api/videos/{video}/content");
    let head = server.request(Method::HEAD, &path).bearer_auth(&account.token).header("range", "bytes=0-1");
    let response = head.send().await.unwrap();
    assert_eq!((response.status(), header(&response, "content-length")), (StatusCode::OK, "10"));
    assert_eq!(header(&response, "content-type"), "video/mp4");
    assert_eq!(response.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn returns_500_for_a_lost_file() {
    let (server, account, video) = server().await;
    let row = entity::video::of_user(&server.database.connection, video.parse().unwrap(), account.id.parse().unwrap());
    server.storage.delete(&row.await.unwrap().unwrap().path).await.unwrap();
    problem(ask(&server, &account, &video, &[]).await, 500, "internal").await;
}

#[tokio::test]
async fn serves_the_poster_to_the_owner_and_through_links() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let job = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
        let video = server.completed(&job, CONTENT).await;
        let path = format!("/api/videos/{video}/poster");
        problem(server.get(&ada, &path).await, 404, "no_poster").await;
        problem(server.get(&eve, &path).await, 404, "not_found").await;
        let share: Value = server
            .post(&ada, &format!("/api/videos/{video}/shares"), serde_json::json!({}))
            .await
            .json()
            .await
            .unwrap();
        let shared = format!("/api/shares/{}/poster", share["token"].as_str().unwrap());
        problem(server.request(Method::GET, &shared).send().await.unwrap(), 404, "no_poster").await;
        server.poster(&video, b"\xff\xd8\xff poster").await;
        let seen: Value = server.get(&ada, &format!("/api/videos/jobs/{job}")).await.json().await.unwrap();
        assert_eq!(seen["hasPoster"], true);
        let seen: Value = server.get(&ada, &format!("/api/videos/{video}")).await.json().await.unwrap();
        assert_eq!(
            (&seen["width"], &seen["durationMs"], &seen["hasPoster"]),
            (&720.into(), &5_000.into(), &true.into())
        );
        for response in [server.get(&ada, &path).await, server.request(Method::GET, &shared).send().await.unwrap()] {
            assert_eq!((response.status(), header(&response, "content-type")), (StatusCode::OK, "image/jpeg"));
            assert_eq!(header(&response, "content-security-policy"), "sandbox");
            assert_eq!(response.bytes().await.unwrap(), &b"\xff\xd8\xff poster"[..]);
        }
        problem(server.get(&eve, &path).await, 404, "not_found").await;
        assert_eq!(server.delete(&ada, &format!("/api/videos/jobs/{job}")).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(std::fs::read_dir(server.folder().join("videos").join(&job)).map_or(0, Iterator::count), 0);
    }
}
