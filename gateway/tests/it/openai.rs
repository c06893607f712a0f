//! OpenAI's Videos API: videos are created, followed, listed, downloaded and deleted as its SDKs do.

use std::sync::OnceLock;

use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::clock::system_ms;
use entity::{VideoId, job, video};
use gateway::Config;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response, StatusCode};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};
use testkit::{Database, eventually};

use crate::images::png;
use crate::keys::key;
use crate::test_server::{Account, Setup, TestServer, envelope, header};

/// Creates a video and returns its object.
pub(crate) async fn create(server: &TestServer, account: &Account, body: Value) -> Value {
    accepted(server.post(account, "/v1/videos", body).await).await
}

pub(crate) async fn accepted(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

async fn send(server: &TestServer, account: &Account, form: Form) -> Response {
    server.request(Method::POST, "/v1/videos").bearer_auth(&account.token).multipart(form).send().await.unwrap()
}

async fn read(server: &TestServer, account: &Account, id: &str) -> Value {
    accepted(server.get(account, &format!("/v1/videos/{id}")).await).await
}

fn id(video: &Value) -> String {
    video["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn creates_the_same_video_from_a_form_and_from_json() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (_, ada) = key(&server, &ada, &["read", "create"]).await;
        let form = Form::new().text("prompt", " A cat ").text("seconds", "15").text("size", "720x1280");
        let body = json!({"prompt": " A cat ", "model": "sora2", "seconds": "15", "size": "720x1280"});
        let sent = [
            accepted(send(&server, &ada, form).await).await,
            create(&server, &ada, body).await,
            create(&server, &ada, json!({"prompt": " A cat ", "seconds": 15, "size": "720x1280", "model": null})).await,
        ];
        for mut video in sent {
            let job: Value = server.get(&ada, &format!("/api/videos/jobs/{}", id(&video))).await.json().await.unwrap();
            assert_eq!((&job["status"], &job["orientation"]), (&json!("pending"), &json!("portrait")));
            let made = video["created_at"].take().as_i64().unwrap();
            assert!((system_ms() / 1_000 - made).abs() < 60);
            let expected = json!({
                "id": job["id"], "object": "video", "model": "sora2", "status": "queued", "progress": 0,
                "created_at": null, "completed_at": null, "expires_at": null, "seconds": "15", "size": "720x1280",
                "prompt": " A cat ", "remixed_from_video_id": null, "error": null,
            });
            assert_eq!(video, expected);
        }
        let defaults = create(&server, &ada, json!({"prompt": "x"})).await;
        assert_eq!((&defaults["seconds"], &defaults["size"]), (&json!("10"), &json!("1280x720")));
    }
}

#[tokio::test]
async fn knows_only_the_states_of_the_sdks() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let [done, stopped, failed] = [(); 3].map(|()| create(&server, &ada, json!({"prompt": "a cat"})));
        let (done, stopped, failed) = (id(&done.await), id(&stopped.await), id(&failed.await));
        let waiting = server.get(&ada, &format!("/v1/videos/{done}")).await;
        assert_eq!(header(&waiting, "openai-poll-after-ms"), "2000");

        server.completed(&done, b"0123456789").await;
        let response = server.get(&ada, &format!("/v1/videos/{done}")).await;
        assert_eq!(header(&response, "openai-poll-after-ms"), "");
        let video = accepted(response).await;
        assert_eq!((&video["status"], &video["progress"]), (&json!("completed"), &json!(100)));
        assert!(video["completed_at"].as_i64().unwrap() >= video["created_at"].as_i64().unwrap());

        server.post(&ada, &format!("/api/videos/jobs/{stopped}/cancel"), json!({})).await;
        let video = read(&server, &ada, &stopped).await;
        assert_eq!((&video["status"], &video["error"]["code"]), (&json!("failed"), &json!("cancelled")));

        let claim = server.claim(&failed).await;
        assert_eq!(read(&server, &ada, &failed).await["status"], "in_progress");
        let failure = job::JobFailure { code: "refused", message: "No cats.".into() };
        job::fail(&server.database.connection, claim, &failure).await.unwrap().unwrap();
        let video = read(&server, &ada, &failed).await;
        assert_eq!(video["error"], json!({"code": "refused", "message": "No cats."}));
    }
}

#[tokio::test]
async fn lists_in_both_orders_page_by_page() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        create(&server, &eve, json!({"prompt": "x"})).await;
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(id(&create(&server, &ada, json!({"prompt": format!("{n}")})).await));
        }
        let all = async |order: &str| {
            let (mut listed, mut after) = (Vec::new(), String::new());
            loop {
                let path = format!("/v1/videos?limit=2&order={order}&after={after}");
                let page = accepted(server.get(&ada, &path).await).await;
                let videos: Vec<String> = page["data"].as_array().unwrap().iter().map(id).collect();
                assert_eq!((page["first_id"].as_str(), page["object"].as_str()), (Some(&*videos[0]), Some("list")));
                listed.extend(videos);
                after = page["last_id"].as_str().unwrap().to_owned();
                if !page["has_more"].as_bool().unwrap() {
                    return listed;
                }
            }
        };
        assert_eq!(all("asc").await, ids);
        ids.reverse();
        assert_eq!(all("").await, ids);
        let after_last = accepted(server.get(&ada, &format!("/v1/videos?after={}", ids[4])).await).await;
        let empty = json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false});
        assert_eq!(after_last, empty);
    }
}

#[tokio::test]
async fn downloads_the_video_and_its_still() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let job = id(&create(&server, &ada, json!({"prompt": "a cat"})).await);
        let path = format!("/v1/videos/{job}/content");
        for variant in ["", "?variant=thumbnail"] {
            envelope(server.get(&ada, &format!("{path}{variant}")).await, 400, "wrong_state").await;
        }
        let video = server.completed(&job, b"0123456789").await;
        let whole = server.get(&ada, &path).await;
        assert_eq!(header(&whole, "content-type"), "video/mp4");
        assert!(header(&whole, "content-disposition").contains(".mp4"));
        let tag = header(&whole, "etag").to_owned();
        assert_eq!(whole.bytes().await.unwrap(), "0123456789");
        let part = server.request(Method::GET, &path).bearer_auth(&ada.token).header("range", "bytes=2-3");
        let part = part.send().await.unwrap();
        assert_eq!((part.status().as_u16(), part.bytes().await.unwrap()), (206, "23".into()));
        let head = server.request(Method::HEAD, &path).bearer_auth(&ada.token).send().await.unwrap();
        assert_eq!(header(&head, "content-length"), "10");
        let known = server.request(Method::GET, &path).bearer_auth(&ada.token).header("if-none-match", tag);
        assert_eq!(known.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);

        envelope(server.get(&ada, &format!("{path}?variant=film")).await, 400, "invalid_value").await;
        // The still is made a moment after the video.
        let still_path = format!("{path}?variant=thumbnail");
        let (still, ()) = tokio::join!(server.get(&ada, &still_path), server.poster(&video, b"jpeg"));
        assert_eq!(header(&still, "content-type"), "image/jpeg");
        assert_eq!(still.bytes().await.unwrap(), "jpeg");

        // The spritesheet is made when it is asked for.
        let stored = video::by_id(&server.database.connection, video.parse().unwrap()).await.unwrap().unwrap();
        let sheet_path = stored.spritesheet_path().unwrap();
        let bytes = futures::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from("sheet"))]);
        let asked_for = format!("{path}?variant=spritesheet");
        let (sheet, stored) = tokio::join!(server.get(&ada, &asked_for), server.storage.put(&sheet_path, bytes));
        stored.unwrap();
        assert_eq!(header(&sheet, "content-type"), "image/jpeg");
        assert_eq!(sheet.bytes().await.unwrap(), "sheet");
        server.delete(&ada, &format!("/v1/videos/{job}")).await;
        assert!(server.storage.size(&sheet_path).await.is_err(), "the spritesheet is deleted with its video");
    }
}

#[tokio::test]
async fn a_video_that_never_got_a_still_has_neither_still_nor_spritesheet() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let job = id(&create(&server, &ada, json!({"prompt": "a cat"})).await);
    let stored: VideoId = server.completed(&job, b"0123456789").await.parse().unwrap();
    let old = video::ActiveModel { id: Set(stored), created_at: Set(system_ms() - 3_600_000), ..Default::default() };
    old.update(&server.database.connection).await.unwrap();
    let get = async |variant: &str| server.get(&ada, &format!("/v1/videos/{job}/content?variant={variant}")).await;
    envelope(get("thumbnail").await, 404, "no_poster").await;
    envelope(get("spritesheet").await, 501, "no_spritesheet").await;
}

#[tokio::test]
async fn deletes_videos_in_every_state() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let [waiting, done, running] = [(); 3].map(|()| create(&server, &ada, json!({"prompt": "a cat"})));
        let (waiting, done, running) = (id(&waiting.await), id(&done.await), id(&running.await));
        server.completed(&done, b"0123456789").await;
        let claim = server.claim(&running).await;
        let delete = async |job: &str| server.delete(&ada, &format!("/v1/videos/{job}")).await;
        for job in [&waiting, &done] {
            let deleted = accepted(delete(job).await).await;
            assert_eq!(deleted, json!({"id": job, "object": "video.deleted", "deleted": true}));
        }
        // Its worker stops once it learns of the cancellation.
        let stop = eventually("the job is cancelled", async || {
            job::finish_cancelled(&server.database.connection, claim).await.unwrap()
        });
        let (deleted, stopped) = tokio::join!(delete(&running), stop);
        assert_eq!((accepted(deleted).await["deleted"].clone(), stopped.status), (json!(true), job::Status::Cancelled));
        for job in [&waiting, &done, &running] {
            envelope(delete(job).await, 404, "not_found").await;
        }
        assert_eq!(server.jobs_in_database().await, 0);
    }
}

#[tokio::test]
async fn remixes_with_the_settings_of_the_source() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let source = create(&server, &ada, json!({"prompt": "a cat", "seconds": "15", "size": "720x1280"})).await;
        let path = format!("/v1/videos/{}/remix", id(&source));
        let remix = accepted(server.post(&ada, &path, json!({"prompt": "a dog"})).await).await;
        for (field, value) in
            [("prompt", json!("a dog")), ("remixed_from_video_id", source["id"].clone()), ("seconds", json!("15"))]
        {
            assert_eq!(remix[field], value);
        }
        assert_eq!(remix["size"], "720x1280");
        let wrong =
            envelope(server.post(&ada, &path, json!({"seconds": "10"})).await, 400, "missing_required_parameter");
        assert_eq!(wrong.await["param"], "prompt");
    }
}

#[tokio::test]
async fn describes_the_models_and_what_they_can_do() {
    let variables = vec![("SORA_MODELS", "sora-2,vendor/pro".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let ada = server.account("ada@example.org").await;
    let list = accepted(server.get(&ada, "/v1/models").await).await;
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(id).collect();
    assert_eq!((&list["object"], ids), (&json!("list"), vec!["sora-2".into(), "vendor/pro".into()]));
    let pro = accepted(server.get(&ada, "/v1/models/vendor%2Fpro").await).await;
    assert_eq!(pro, list["data"][1]);
    let can = json!({
        "seconds": ["10", "15"], "sizes": ["1280x720", "720x1280"],
        "input_reference": true, "input_reference_required": false, "remix": true,
    });
    assert_eq!(pro["capabilities"], can);
    envelope(server.get(&ada, "/v1/models/sora-9").await, 404, "not_found").await;
}

static IMAGE_SERVER: OnceLock<fetch::Origin> = OnceLock::new();

/// Serves an image at `/image` and a redirect to a private address at `/inside`. Returns its address.
async fn image_server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    IMAGE_SERVER.set(address.to_string().parse().unwrap()).unwrap();
    let routes = Router::new()
        .route("/image", get(async || png(32, 18)))
        .route("/large", get(async || vec![0; 20 * 1024 * 1024 + 1]))
        .route("/inside", get(async || axum::response::Redirect::temporary("http://127.0.0.1:1/")));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

#[tokio::test]
async fn starts_from_a_file_an_image_a_data_url_or_an_address() {
    let images = image_server().await;
    for database in Database::each().await {
        let configure =
            Some((|config: &mut Config| config.http.fetch_allowed = vec![IMAGE_SERVER.get().unwrap().clone()]) as _);
        let server = TestServer::with(database, Setup { configure, ..Setup::default() }).await;
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let image_of = async |video: Value| {
            let job: Value = server.get(&ada, &format!("/api/videos/jobs/{}", id(&video))).await.json().await.unwrap();
            let path = format!("/api/images/{}", job["referenceImageId"].as_str().unwrap());
            server.get(&ada, &path).await.json::<Value>().await.unwrap()
        };
        let file = Part::bytes(png(64, 36)).file_name("boat.png").mime_str("image/png").unwrap();
        let form = Form::new().text("prompt", "a boat").part("input_reference", file);
        let image = image_of(accepted(send(&server, &ada, form).await).await).await;
        assert_eq!((&image["width"], &image["contentType"]), (&json!(64), &json!("image/png")));
        let form = Form::new().text("prompt", "a boat").text("input_reference[file_id]", id(&image));
        assert_eq!(image_of(accepted(send(&server, &ada, form).await).await).await["id"], image["id"]);

        let data = STANDARD.encode(png(16, 9));
        let with = |member: &str, value: String| json!({"prompt": "a boat", "input_reference": {member: value}});
        let inline = with("image_url", format!("data:image/png;base64,{data}"));
        assert_eq!(image_of(create(&server, &ada, inline).await).await["width"], 16);
        let remote = with("image_url", format!("{images}/image"));
        assert_eq!(image_of(create(&server, &ada, remote).await).await["width"], 32);

        for (body, code) in [
            (with("image_url", format!("{images}/inside")), "unreachable_image"),
            (with("image_url", format!("{images}/large")), "unreachable_image"),
            (with("image_url", format!("{images}/nothing")), "unreachable_image"),
            (with("image_url", "http://127.0.0.1:1/image".into()), "unreachable_image"),
            (with("image_url", "http://169.254.169.254/".into()), "unreachable_image"),
            (with("image_url", "file:///etc/passwd".into()), "invalid_value"),
            (with("image_url", "data:image/png;base64,aGk=".into()), "unsupported_type"),
            (with("file_id", "file-123".into()), "invalid_value"),
            (json!({"prompt": "a boat", "input_reference": "boat.png"}), "invalid_type"),
        ] {
            let refused = envelope(server.post(&ada, "/v1/videos", body).await, 400, code).await;
            assert_eq!(refused["param"], "input_reference");
        }
        let theirs = server.post(&eve, "/v1/videos", with("file_id", id(&image))).await;
        let nobodys = with("file_id", entity::id::new_id::<entity::id::kind::Image>().to_string());
        let nobodys = server.post(&eve, "/v1/videos", nobodys).await;
        assert_eq!(envelope(theirs, 400, "invalid_value").await, envelope(nobodys, 400, "invalid_value").await);
        assert_eq!(server.jobs_in_database().await, 4);
    }
}
