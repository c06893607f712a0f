//! What is let in, and the errors for what is not.

use serde_json::{Value, json};
use simulator::Config;

use crate::support::{Answer, LANDSCAPE, body, client, config, post, simulator, start, submit};

#[tokio::test]
async fn malformed_bodies_are_refused_with_the_parameter_at_fault() {
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
        let answer = Answer::read(post(&simulator, &body).await).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["param"]), (400, &param.into()), "{body}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].is_string() && error.get("code").is_some());
    }
    let stats = simulator.stats();
    assert_eq!((stats.total.requests, stats.total.submissions, stats.by_tag.len()), (10, 0, 0));
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let simulator = simulator("happy").await;
    let request = || client().post(simulator.chat_url());
    let broken = request().header("content-type", "application/json; charset=utf-8").body("{\"model\":");
    let plain = request().header("content-type", "text/plain").body("a cat");
    for (request, status) in [(broken, 400), (plain, 415)] {
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!((answer.status, &answer.json()["error"]["type"]), (status, &"invalid_request_error".into()));
    }
}

#[tokio::test]
async fn wrong_methods_and_addresses_get_error_objects_too() {
    let simulator = simulator("happy").await;
    let elsewhere = format!("{}/v1/images", simulator.url());
    for (request, status) in [(client().get(simulator.chat_url()), 405), (client().post(elsewhere), 404)] {
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!((answer.status, answer.json()["error"]["message"].is_string()), (status, true));
    }
    assert_eq!(simulator.stats().total.requests, 0);
}

#[tokio::test]
async fn a_token_is_asked_for_when_one_is_set() {
    let simulator = start(Config { token: Some("right".to_owned()), ..config() }).await;
    let request = || client().post(simulator.chat_url()).json(&body(LANDSCAPE, "a cat"));
    for (request, code) in [(request(), json!(null)), (request().bearer_auth("wrong"), json!("invalid_api_key"))] {
        let answer = Answer::read(request.send().await.unwrap()).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["code"]), (401, &code));
        assert_eq!(error["type"], "invalid_request_error");
    }
    assert_eq!(request().bearer_auth("right").send().await.unwrap().status(), 200);
    assert_eq!((simulator.stats().total.requests, simulator.stats().total.submissions), (3, 1));
}

#[tokio::test]
async fn without_a_token_any_is_let_in() {
    let simulator = simulator("happy").await;
    let request = client().post(simulator.chat_url()).bearer_auth("any").json(&body(LANDSCAPE, "a cat"));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_prompt_may_come_in_parts_with_an_image() {
    let simulator = simulator("happy").await;
    let image = format!("data:image/png;base64,{}", "A".repeat(4 << 20));
    let mut body = body(LANDSCAPE, "");
    body["messages"][0]["content"] =
        json!([{"type": "text", "text": "a cat"}, {"type": "image_url", "image_url": {"url": image}}]);
    let answer = Answer::read(post(&simulator, &body).await).await;
    assert!(answer.contents()[0].contains("\"prompt\": \"a cat\""));
    assert_eq!(simulator.stats_of("a cat").submissions, 1);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let simulator = simulator("happy").await;
    let answer = submit(&simulator, &"a".repeat(33 << 20)).await;
    assert_eq!((answer.status, &answer.json()["error"]["type"]), (413, &"invalid_request_error".into()));
}
