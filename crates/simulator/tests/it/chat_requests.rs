//! Which requests `chat` accepts, and the errors for all others.

use serde_json::{Value, json};
use simulator::Config;

use crate::support::{ChatResponse, LANDSCAPE, body, client, config, post, simulator, start, submit};

#[tokio::test]
async fn rejects_invalid_bodies_and_names_the_parameter() {
    let simulator = simulator("happy").await;
    let with = |change: fn(&mut Value)| {
        let mut body = body(LANDSCAPE, "a cat");
        change(&mut body);
        body
    };
    for (body, param) in [
        (with(|body| drop(body.as_object_mut().unwrap().remove("model"))), "model"),
        (with(|body| body["model"] = json!(7)), "model"),
        (with(|body| drop(body.as_object_mut().unwrap().remove("messages"))), "messages"),
        (with(|body| body["messages"] = json!([])), "messages"),
        (with(|body| body["messages"][0]["role"] = json!("assistant")), "messages"),
        (with(|body| body["messages"][0]["content"] = json!(" \n")), "messages"),
        (with(|body| body["messages"][0]["content"] = json!(null)), "messages"),
        (with(|body| body["messages"][0]["content"] = json!([{"type": "sound"}])), "messages"),
        (with(|body| body["stream"] = json!(false)), "stream"),
        (with(|body| drop(body.as_object_mut().unwrap().remove("stream"))), "stream"),
    ] {
        let response = ChatResponse::read(post(&simulator, &body).await).await;
        let error = &response.json()["error"];
        assert_eq!((response.status, &error["param"]), (400, &param.into()), "{body}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].is_string() && error.get("code").is_some());
    }
    let stats = simulator.stats();
    assert_eq!((stats.total.requests, stats.total.submissions, stats.by_tag.len()), (10, 0, 0));
}

#[tokio::test]
async fn rejects_bodies_that_are_not_json() {
    let simulator = simulator("happy").await;
    let request = || client().post(simulator.chat_url());
    let broken = request().header("content-type", "application/json; charset=utf-8").body("{\"model\":");
    let plain = request().header("content-type", "text/plain").body("a cat");
    for (request, status) in [(broken, 400), (plain, 415)] {
        let response = ChatResponse::read(request.send().await.unwrap()).await;
        assert_eq!((response.status, &response.json()["error"]["type"]), (status, &"invalid_request_error".into()));
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_return_error_objects() {
    let simulator = simulator("happy").await;
    let elsewhere = format!("{}/v1/images", simulator.url());
    for (request, status) in [(client().get(simulator.chat_url()), 405), (client().post(elsewhere), 404)] {
        let response = ChatResponse::read(request.send().await.unwrap()).await;
        assert_eq!((response.status, response.json()["error"]["message"].is_string()), (status, true));
    }
    assert_eq!(simulator.stats().total.requests, 0);
}

#[tokio::test]
async fn requires_the_token_if_one_is_configured() {
    let simulator = start(Config { token: Some("right".to_owned()), ..config() }).await;
    let request = || client().post(simulator.chat_url()).json(&body(LANDSCAPE, "a cat"));
    for (request, code) in [(request(), json!(null)), (request().bearer_auth("wrong"), json!("invalid_api_key"))] {
        let response = ChatResponse::read(request.send().await.unwrap()).await;
        let error = &response.json()["error"];
        assert_eq!((response.status, &error["code"]), (401, &code));
        assert_eq!(error["type"], "invalid_request_error");
    }
    assert_eq!(request().bearer_auth("right").send().await.unwrap().status(), 200);
    assert_eq!((simulator.stats().total.requests, simulator.stats().total.submissions), (3, 1));
}

#[tokio::test]
async fn accepts_any_token_if_none_is_configured() {
    let simulator = simulator("happy").await;
    let request = client().post(simulator.chat_url()).bearer_auth("any").json(&body(LANDSCAPE, "a cat"));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn accepts_a_prompt_in_parts_with_an_image() {
    let simulator = simulator("happy").await;
    let image = format!("data:image/png;base64,{}", "A".repeat(4 << 20));
    let mut body = body(LANDSCAPE, "");
    body["messages"][0]["content"] =
        json!([{"type": "text", "text": "a cat"}, {"type": "image_url", "image_url": {"url": image}}]);
    let response = ChatResponse::read(post(&simulator, &body).await).await;
    assert!(response.contents()[0].contains("\"prompt\": \"a cat\""));
    assert_eq!(simulator.stats_of("a cat").submissions, 1);
}

#[tokio::test]
async fn rejects_a_body_above_the_limit() {
    let simulator = simulator("happy").await;
    let response = submit(&simulator, &"a".repeat(33 << 20)).await;
    assert_eq!((response.status, &response.json()["error"]["type"]), (413, &"invalid_request_error".into()));
}
