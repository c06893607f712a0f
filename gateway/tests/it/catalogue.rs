//! A catalogue file: what its models can do is offered and checked on every surface.

use std::process::Command;

use reqwest::StatusCode;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use testkit::Database;

use crate::images::store;
use crate::mcp::{call, refused, send};
use crate::openai::accepted;
use crate::test_server::{Account, Setup, TestServer, envelope, problem};

const CATALOGUE: &str = r#"
currency = "CNY"

[[upstream]]
name = "relay"
url = "https://relay.example/v1/videos"

[[model]]
name = "wan"
title = { en = "Wan", zh = "万相" }
seconds = [5]
sizes = ["480x832"]
reference_image = "required"
remix = false
status = "deprecated"
retires_on = 2027-03-31

[[model]]
name = "sora-2"
seconds = [8, 4]
sizes = ["720x1280", "1280x720"]
reference_image = "no"
price = { per = "second", amount = 0.4 }

[[model]]
name = "sora-1"
seconds = [20]
sizes = ["1280x720"]
status = "retired"
retires_on = 2026-01-31
"#;

async fn server(database: Database) -> (TestServer, Account) {
    let file = file(CATALOGUE);
    let variables = vec![("SORA_CATALOGUE", file.path().display().to_string())];
    let server = TestServer::with(database, Setup { variables, ..Setup::default() }).await;
    let ada = server.account("ada@example.org").await;
    (server, ada)
}

fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[tokio::test]
async fn lists_what_each_model_can_do_and_costs() {
    let (server, ada) = server(Database::sqlite().await).await;
    let models: Value = server.get(&ada, "/api/models").await.json().await.unwrap();
    let expected = json!({
        "models": [
            {
                "id": "wan", "title": {"en": "Wan", "zh": "万相"}, "orientations": ["portrait"], "seconds": [5],
                "sizes": ["480x832"], "referenceImage": "required", "remix": false, "price": null,
                "status": "deprecated", "retiresOn": "2027-03-31", "default": false,
            },
            {
                "id": "sora-2", "title": {"en": "sora-2", "zh": "sora-2"}, "orientations": ["portrait", "landscape"],
                "seconds": [8, 4], "sizes": ["720x1280", "1280x720"], "referenceImage": "no", "remix": true,
                "price": {"per": "second", "amount": "0.40", "currency": "CNY"},
                "status": "active", "retiresOn": null, "default": true,
            },
        ],
        "defaults": {"model": "sora-2", "orientation": "portrait", "seconds": 8, "size": "720x1280"},
        "free": false,
    });
    assert_eq!(models, expected);

    let list = accepted(server.get(&ada, "/v1/models").await).await;
    assert_eq!((&list["data"][0]["id"], &list["data"][0]["price"]["amount"]), (&json!("sora-2"), &json!("0.40")));
    let wan = accepted(server.get(&ada, "/v1/models/wan").await).await;
    assert_eq!((&wan, &wan["retires_on"]), (&list["data"][1], &json!("2027-03-31")));
    let can = json!({
        "seconds": ["5"], "sizes": ["480x832"], "input_reference": true, "input_reference_required": true, "remix": false,
    });
    assert_eq!(wan["capabilities"], can);
    envelope(server.get(&ada, "/v1/models/sora-1").await, 404, "not_found").await;

    let tools = send(&server, &ada, "tools/list", json!({})).await;
    let arguments = &tools["tools"][1]["inputSchema"]["properties"];
    assert_eq!(
        (&arguments["model"]["enum"], &arguments["seconds"]["enum"]),
        (&json!(["wan", "sora-2"]), &json!([5, 8, 4]))
    );
    let description = arguments["seconds"]["description"].as_str().unwrap();
    assert!(description.contains("wan: 5; sora-2: 8, 4."), "{description}");
    let description = arguments["reference_image_id"]["description"].as_str().unwrap();
    assert!(description.ends_with("Only with wan."), "{description}");
    assert_eq!(call(&server, &ada, "list_models", json!({})).await, expected);
}

#[tokio::test]
async fn checks_requests_against_their_model() {
    for database in Database::each().await {
        let (server, ada) = server(database).await;
        let image = store(&server, &ada).await;
        for (body, field, code, message) in [
            (json!({"seconds": 5}), "seconds", "unknown_value", "Must be one of 8, 4 with the model sora-2."),
            (json!({"model": "wan", "seconds": 8}), "seconds", "unknown_value", "Must be one of 5 with the model wan."),
            (json!({"model": "wan", "orientation": "landscape"}), "orientation", "unknown_value", "portrait"),
            (json!({"model": "wan", "size": "720x1280"}), "size", "unknown_value", "480x832"),
            (
                json!({"model": "wan", "referenceImageId": null}),
                "referenceImageId",
                "required",
                "needs a reference image",
            ),
            (json!({"referenceImageId": image}), "referenceImageId", "unsupported", "sora-2 does not take a reference"),
            (json!({"model": "wan", "remixOf": image}), "remixOf", "unsupported", "wan does not support remixes"),
            (
                json!({"model": "sora-1", "seconds": 4}),
                "model",
                "retired",
                "was retired on 2026-01-31. Must be one of wan, sora-2.",
            ),
            (json!({"model": "sora-9", "seconds": 5}), "model", "unknown_value", "Must be one of wan, sora-2."),
        ] {
            let mut body = body;
            body["prompt"] = json!("a cat");
            if body["model"] == "wan" && field != "referenceImageId" {
                body["referenceImageId"] = json!(image);
            }
            let refusal = problem(server.post(&ada, "/api/videos", body.clone()).await, 422, "invalid_fields").await;
            let errors = refusal["errors"].as_array().unwrap();
            assert_eq!(
                (errors.len(), &errors[0]["field"], &errors[0]["code"]),
                (1, &json!(field), &json!(code)),
                "{body}"
            );
            assert!(errors[0]["message"].as_str().unwrap().contains(message), "{refusal}");
        }
        assert_eq!(server.jobs_in_database().await, 0);
        let of = async |body: Value| {
            let response = server.post(&ada, "/api/videos", body).await;
            assert_eq!(response.status(), StatusCode::ACCEPTED);
            let job = response.json::<Value>().await.unwrap()["job"].take();
            json!([job["model"], job["seconds"], job["size"], job["orientation"]])
        };
        let default = of(json!({"prompt": "a cat"})).await;
        assert_eq!(default, json!(["sora-2", 8, "720x1280", "portrait"]));
        let landscape = of(json!({"prompt": "a cat", "orientation": "landscape"})).await;
        assert_eq!(landscape, json!(["sora-2", 8, "1280x720", "landscape"]));
        let wan = of(json!({"prompt": "a cat", "model": "wan", "referenceImageId": image})).await;
        assert_eq!(wan, json!(["wan", 5, "480x832", "portrait"]));
    }
}

#[tokio::test]
async fn other_surfaces_check_requests_against_their_model() {
    let (server, ada) = server(Database::sqlite().await).await;
    let image = store(&server, &ada).await;
    let reference = json!({"file_id": image});
    for (body, param, code) in [
        (json!({"seconds": "5"}), "seconds", "unsupported_parameter"),
        (json!({"model": "wan", "input_reference": reference, "size": "720x1280"}), "size", "unsupported_parameter"),
        (json!({"model": "wan"}), "input_reference", "missing_required_parameter"),
        (json!({"input_reference": reference}), "input_reference", "unsupported_parameter"),
        (json!({"model": "sora-1"}), "model", "model_not_found"),
    ] {
        let mut body = body;
        body["prompt"] = json!("a cat");
        let error = envelope(server.post(&ada, "/v1/videos", body).await, 400, code).await;
        assert_eq!(error["param"], param);
    }
    let body = json!({"prompt": "a cat", "model": "wan", "input_reference": reference});
    let wan = accepted(server.post(&ada, "/v1/videos", body).await).await;
    assert_eq!((&wan["seconds"], &wan["size"]), (&json!("5"), &json!("480x832")));
    let remix = format!("/v1/videos/{}/remix", wan["id"].as_str().unwrap());
    let refusal =
        envelope(server.post(&ada, &remix, json!({"prompt": "a dog"})).await, 400, "unsupported_parameter").await;
    assert_eq!(refusal["param"], "model");

    for (arguments, message) in [
        (json!({"prompt": "a", "seconds": 5}), "seconds: Must be one of 8, 4 with the model sora-2."),
        (json!({"prompt": "a", "model": "wan"}), "reference_image_id: The model wan needs a reference image."),
    ] {
        let refusal = refused(&server, &ada, "generate_video", arguments).await;
        assert!(refusal.contains(message), "{refusal}");
    }
}

#[tokio::test]
async fn restarts_no_job_whose_model_is_not_offered() {
    let (server, ada) = server(Database::sqlite().await).await;
    let job = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
    server.post(&ada, &format!("/api/videos/jobs/{job}/cancel"), json!({})).await;
    let retry = format!("/api/videos/jobs/{job}/retry");
    let rename = async |model: &str| {
        let update = entity::job::Entity::update_many().col_expr(entity::job::Column::Model, Expr::value(model));
        let update = update.filter(entity::job::Column::Id.eq(job.parse::<entity::JobId>().unwrap()));
        update.exec(&server.database.connection).await.unwrap();
    };
    for model in ["sora-1", "removed"] {
        rename(model).await;
        problem(server.post(&ada, &retry, json!({})).await, 409, "wrong_state").await;
    }
    rename("sora-2").await;
    assert_eq!(server.post(&ada, &retry, json!({})).await.status(), StatusCode::ACCEPTED);
}

#[test]
fn the_command_prints_every_mistake_or_a_summary() {
    let check = |text: &str| {
        let file = file(text);
        let output = Command::new(env!("CARGO_BIN_EXE_gateway")).args(["catalogue", "check"]).arg(file.path()).output();
        let output = output.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, summary, _) = check(CATALOGUE);
    assert_eq!(code, Some(0));
    for line in [
        "relay: https://relay.example/v1/videos (videos), no limit, weight 1, no token",
        "default: relay (priority 1)",
        "sora-2 (default): pool default, 8/4 s, 720x1280/1280x720, 0.40 CNY per second",
        "sora-1 (retired, 2026-01-31): pool default",
    ] {
        assert!(summary.contains(line), "{summary}");
    }
    let (code, nothing, mistakes) = check(&CATALOGUE.replace("seconds = [5]", "second = [5]").replace("CNY", "RMB"));
    assert_eq!((code, &*nothing), (Some(1), ""));
    for line in
        ["line 2: currency must", "line 8: model \"wan\": seconds is missing", "line 11: model \"wan\": unknown key"]
    {
        assert!(mistakes.contains(line), "{mistakes}");
    }
}
