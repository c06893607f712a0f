//! Images that videos start from: upload, use and deletion, and rejected uploads.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::Database;

use crate::test_server::{Account, Setup, TestServer, header, problem};

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb([9, 90, 200])).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn send(server: &TestServer, account: &Account, bytes: Vec<u8>) -> Response {
    send_form(server, account, Form::new().part("image", Part::bytes(bytes).file_name("a.png"))).await
}

async fn send_form(server: &TestServer, account: &Account, form: Form) -> Response {
    server.request(Method::POST, "/api/images").bearer_auth(&account.token).multipart(form).send().await.unwrap()
}

/// Sends a handwritten form whose boundary is `x`.
async fn raw(server: &TestServer, account: &Account, body: &'static str) -> Response {
    let request = server.request(Method::POST, "/api/images").bearer_auth(&account.token);
    request.header("content-type", "multipart/form-data; boundary=x").body(body).send().await.unwrap()
}

/// Stores an image. Returns its id.
pub(crate) async fn store(server: &TestServer, account: &Account) -> String {
    let response = send(server, account, png(64, 36)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn rejection(response: Response) -> (String, String) {
    let body = problem(response, 422, "invalid_fields").await;
    let text = |name: &str| body["errors"][0][name].as_str().unwrap().to_owned();
    (text("field"), text("code"))
}

fn files(server: &TestServer) -> usize {
    std::fs::read_dir(server.folder().join("images")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn stores_lists_serves_and_deletes_an_image() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let response = send(&server, &ada, png(64, 36)).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let location = header(&response, "location").to_owned();
        let image: Value = response.json().await.unwrap();
        assert_eq!(
            (&image["contentType"], &image["width"], &image["height"]),
            (&json!("image/png"), &json!(64), &json!(36))
        );
        assert_eq!(server.get(&ada, &location).await.json::<Value>().await.unwrap(), image);
        let page: Value = server.get(&ada, "/api/images").await.json().await.unwrap();
        assert_eq!(page, json!({"data": [image], "nextCursor": null}));
        let content = server.get(&ada, &format!("{location}/content")).await;
        for (name, value) in [
            ("content-type", "image/png"),
            ("content-security-policy", "sandbox"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&content, name), value);
        }
        let tag = header(&content, "etag").to_owned();
        let again = server.request(Method::GET, &format!("{location}/content")).bearer_auth(&ada.token);
        assert_eq!(again.header("if-none-match", tag).send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
        assert_eq!(image::load_from_memory(&content.bytes().await.unwrap()).unwrap().width(), 64);
        let me: Value = server.get(&ada, "/api/auth/me").await.json().await.unwrap();
        assert_eq!(me["storage"], json!({"used": image["size"], "quota": null}));
        assert_eq!(server.delete(&ada, &location).await.status(), StatusCode::NO_CONTENT);
        problem(server.get(&ada, &location).await, 404, "not_found").await;
        assert_eq!(files(&server), 0);
    }
}

#[tokio::test]
async fn keeps_an_image_while_a_job_refers_to_it() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let id = store(&server, &ada).await;
        let body = json!({"prompt": "a boat", "referenceImageId": id});
        let job: Value = server.post(&ada, "/api/videos", body).await.json::<Value>().await.unwrap()["job"].take();
        assert_eq!(job["referenceImageId"], json!(id));
        problem(server.delete(&ada, &format!("/api/images/{id}")).await, 409, "wrong_state").await;
        let path = format!("/api/videos/jobs/{}", job["id"].as_str().unwrap());
        server.post(&ada, &format!("{path}/cancel"), json!({})).await;
        // It could be restarted.
        problem(server.delete(&ada, &format!("/api/images/{id}")).await, 409, "wrong_state").await;
        assert_eq!(server.delete(&ada, &path).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(server.delete(&ada, &format!("/api/images/{id}")).await.status(), StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn returns_404_for_another_users_image() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let id = store(&server, &ada).await;
        for path in [format!("/api/images/{id}"), format!("/api/images/{id}/content")] {
            problem(server.get(&eve, &path).await, 404, "not_found").await;
        }
        let any = server.request(Method::GET, &format!("/api/images/{id}/content")).header("if-none-match", "*");
        problem(any.bearer_auth(&eve.token).send().await.unwrap(), 404, "not_found").await;
        problem(server.delete(&eve, &format!("/api/images/{id}")).await, 404, "not_found").await;
        let nothing = entity::id::new_id::<entity::id::kind::Image>().to_string();
        let mut answers = Vec::new();
        for named in [id.as_str(), nothing.as_str(), "not an id"] {
            let response = server.post(&eve, "/api/videos", json!({"prompt": "x", "referenceImageId": named})).await;
            answers.push(problem(response, 422, "invalid_fields").await["errors"].clone());
        }
        assert!(answers.iter().all(|errors| *errors == answers[0]), "{answers:?}");
        assert_eq!(server.get(&eve, "/api/images").await.json::<Value>().await.unwrap()["data"], json!([]));
    }
}

#[tokio::test]
async fn rejects_invalid_images_and_stores_nothing() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let field = |code: &str| ("image".to_owned(), code.to_owned());
    let whole = png(400, 400);
    assert_eq!(rejection(send(&server, &ada, whole[..whole.len() / 2].to_vec()).await).await, field("invalid_image"));
    for foreign in [&b"GIF89a\x01\0\x01\0\0\0\0;"[..], b"<svg onload='alert(1)'/>", b"<html>", b"PK\x03\x04", b""] {
        assert_eq!(rejection(send(&server, &ada, foreign.to_vec()).await).await, field("unsupported_type"));
    }
    assert_eq!(rejection(raw(&server, &ada, "--x--\r\n").await).await, field("required"));
    let two = Form::new().part("image", Part::bytes(png(2, 2))).part("image", Part::bytes(png(2, 2)));
    assert_eq!(rejection(send_form(&server, &ada, two).await).await, field("too_many"));
    let other = Form::new().part("picture", Part::bytes(png(2, 2)));
    assert_eq!(rejection(send_form(&server, &ada, other).await).await, ("picture".into(), "unknown_field".into()));
    problem(send(&server, &ada, vec![0; 20 * 1024 * 1024 + 1]).await, 413, "too_large").await;
    problem(server.post(&ada, "/api/images", json!({"image": "x"})).await, 415, "unsupported_media_type").await;
    for broken in ["", "--x\r\nnonsense"] {
        problem(raw(&server, &ada, broken).await, 400, "unreadable_body").await;
    }
    let line_break =
        "--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"a\r\nset-cookie: b=c\"\r\n\r\n\r\n--x--";
    let answered = raw(&server, &ada, line_break).await;
    assert_eq!(header(&answered, "set-cookie"), "");
    assert_eq!(rejection(answered).await, field("unsupported_type"));
    assert_eq!(files(&server), 0);
}

#[tokio::test]
async fn ignores_the_uploads_file_name() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    for name in ["../../etc/passwd", "<script>.png", "\u{202e}gnp.exe"] {
        let response =
            send_form(&server, &ada, Form::new().part("image", Part::bytes(png(4, 4)).file_name(name))).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{name}");
        let id = response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        let content = server.get(&ada, &format!("/api/images/{id}/content")).await;
        assert_eq!(header(&content, "content-disposition"), format!("inline; filename=\"sora-{id}.png\""));
    }
    assert_eq!(files(&server), 3);
}

#[tokio::test]
async fn rejects_too_many_pixels_before_decoding() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    // 100 kB that would decode to nearly 1 GB: 30,000 by 30,000 pixels.
    let bomb = include_bytes!("../data/bomb.png").to_vec();
    assert_eq!(rejection(send(&server, &ada, bomb).await).await, ("image".into(), "too_many_pixels".into()));
}

#[tokio::test]
async fn accepts_or_defers_concurrent_uploads() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let sending = futures::future::join_all((0..20).map(|_| send(&server, &ada, png(300, 300)))).await;
    let mut taken = 0;
    for response in sending {
        match response.status() {
            StatusCode::CREATED => taken += 1,
            _ => drop(problem(response, 429, "rate_limited").await),
        }
    }
    assert!(taken >= 4, "{taken}");
    assert_eq!(files(&server), taken);
}

#[tokio::test]
async fn rejects_uploads_over_the_quota() {
    let variables = vec![("STORAGE_QUOTA_PER_USER", "100".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
    let id = store(&server, &ada).await;
    problem(send(&server, &ada, png(4, 4)).await, 403, "quota_exceeded").await;
    problem(server.post(&ada, "/api/videos", json!({"prompt": "x"})).await, 403, "quota_exceeded").await;
    server.job(&eve, "x").await;
    assert_eq!(server.delete(&ada, &format!("/api/images/{id}")).await.status(), StatusCode::NO_CONTENT);
    server.job(&ada, "x").await;
}

#[tokio::test]
async fn deletes_images_with_the_account() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let id = store(&server, &ada).await;
        server.post(&ada, "/api/videos", json!({"prompt": "x", "referenceImageId": id})).await;
        let export: Value = server.get(&ada, "/api/auth/export").await.json().await.unwrap();
        assert_eq!(export["images"][0]["id"], json!(id));
        let deleted = server.request(Method::DELETE, "/api/auth/me").bearer_auth(&ada.token);
        let deleted = deleted.json(&json!({"password": crate::test_server::PASSWORD})).send().await.unwrap();
        assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
        assert_eq!(files(&server), 0);
    }
}

#[tokio::test]
async fn neither_writes_to_nor_misses_files_in_another_storage_than_the_recorded_one() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let image = store(&server, &ada).await;
        let id = entity::storage_id::generate();
        server.storage.write_id(id).await.unwrap();
        entity::storage_id::replace(&server.database.connection, id).await.unwrap();
        let health =
            async || server.request(Method::GET, "/readyz").send().await.unwrap().json::<Value>().await.unwrap();
        assert_eq!(health().await["storage"], "up");
        store(&server, &ada).await;

        let away = server.folder().with_extension("away");
        std::fs::rename(server.folder(), &away).unwrap();
        std::fs::create_dir(server.folder()).unwrap();
        assert_eq!(health().await["storage"], "down");
        problem(send(&server, &ada, png(64, 36)).await, 503, "unavailable").await;
        let content = format!("/api/images/{image}/content");
        problem(server.get(&ada, &content).await, 503, "unavailable").await;
        assert_eq!(std::fs::read_dir(server.folder()).unwrap().count(), 0);

        std::fs::remove_dir(server.folder()).unwrap();
        std::fs::rename(&away, server.folder()).unwrap();
        assert_eq!(server.get(&ada, &content).await.status(), StatusCode::OK);
        store(&server, &ada).await;

        let adopted = entity::storage_id::generate();
        server.storage.write_id(adopted).await.unwrap();
        assert_eq!(health().await["storage"], "down");
        entity::storage_id::replace(&server.database.connection, adopted).await.unwrap();
        assert_eq!(health().await["storage"], "up");
        store(&server, &ada).await;
    }
}
