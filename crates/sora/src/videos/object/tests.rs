//! Objects as servers write them.

use super::*;
use serde_json::json;

fn object(body: &str) -> VideoObject {
    VideoObject::parse(body).unwrap()
}

fn base() -> Url {
    Url::parse("https://up.example/v1/videos").unwrap()
}

fn state(body: &Value) -> Option<State> {
    let object = object(&body.to_string());
    object.state(!object.found(None, &base()).is_empty())
}

#[test]
fn reads_the_answers_of_many_servers() {
    let openai = r#"{"id":"video_123","object":"video","model":"sora-2","status":"in_progress","progress":36,"created_at":1,"seconds":"8","size":"1280x720","error":null}"#;
    let vllm_omni = r#"{"id":"video_gen_1","object":"video","status":"failed","progress":0,"error":{"code":"OutOfMemoryError","message":"CUDA out of memory"}}"#;
    let sglang = r#"{"id":"x","object":"video","status":"failed","progress":0,"seconds":4,"error":{"message":"boom"}}"#;
    let tensorrt = r#"{"id":"video_9","status":"failed","error":"RuntimeError: boom","seconds":4.0}"#;
    let new_api = r#"{"id":"task_1","task_id":"task_1","object":"video","status":"failed","progress":100,"error":"upstream said no"}"#;
    let litellm = r#"{"id":"video_bGl0ZWxsbTo=+/x","status":"queued"}"#;
    assert_eq!((object(openai).state(false), object(openai).progress()), (Some(State::InProgress), Some(36.0)));
    assert_eq!(object(openai).error(), None);
    for failed in [vllm_omni, sglang, tensorrt, new_api] {
        assert_eq!(object(failed).state(false), Some(State::Failed), "{failed}");
        assert!(object(failed).error().is_some(), "{failed}");
    }
    assert_eq!(object(litellm).id().as_deref(), Some("video_bGl0ZWxsbTo=+/x"));
    let wrapped = r#"{"code":"success","data":{"task_id":"t","status":"SUCCESS","progress":"100%"}}"#;
    assert_eq!((object(wrapped).state(false), object(wrapped).progress()), (Some(State::Finished), Some(100.0)));
}

#[test]
fn finds_the_id_in_any_envelope_and_skips_empty_ones() {
    for body in [
        json!({"id": "ID"}),
        json!({"id": "", "task_id": "ID"}),
        json!({"id": null, "video_id": " ID "}),
        json!({"code": 200, "msg": "success", "data": {"taskId": "ID"}}),
        json!({"data": [{"id": "ID"}]}),
        json!({"output": {"task_id": "ID", "task_status": "PENDING"}, "request_id": "r"}),
        json!({"task": {"id": "ID"}}),
        json!({"request_id": "ID", "status": "queued"}),
        json!([{"id": "ID"}]),
    ] {
        assert_eq!(object(&body.to_string()).id().as_deref(), Some("ID"), "{body}");
    }
    assert_eq!(object(r#"{"task_id": 17}"#).id().as_deref(), Some("17"));
    for body in [json!({"id": ""}), json!({"id": {}}), json!({"data": []}), json!({"id": "x".repeat(2_000)})] {
        assert_eq!(object(&body.to_string()).id(), None, "{body}");
    }
}

#[test]
fn believes_the_status_of_the_generation_and_not_of_the_envelope() {
    for (body, expected) in [
        (json!({"id": "x", "status": "Processing", "message": "ok", "data": {}}), State::InProgress),
        (json!({"id": "x", "status": "Completed", "data": {"videos": [{"url": "https://h/v.mp4"}]}}), State::Finished),
        (json!({"status": "success", "data": {"task_id": "x", "status": "processing"}}), State::InProgress),
        (json!({"id": "r", "status": "ok", "data": {"task_id": "x", "status": "failed"}}), State::Failed),
        (json!({"id": "x", "status": "in_progress", "output": {"status": "succeeded"}}), State::InProgress),
        (json!({"request_id": "r", "output": {"task_id": "x", "task_status": "SUCCEEDED"}}), State::Finished),
        (json!({"data": {"taskId": "x", "state": "success"}}), State::Finished),
        (json!({"name": "operations/x", "done": true, "response": {"video": {"uri": "https://h/v"}}}), State::Finished),
        (json!({"name": "operations/x", "done": false}), State::InProgress),
        (json!({"id": "x", "status": {"state": "queued"}}), State::Queued),
        (json!({"status": 200, "id": "r", "data": {"task_id": "x", "status": "processing"}}), State::InProgress),
        (json!({"id": "x", "status": "completed", "output": {"status": "uploaded"}}), State::Finished),
        (json!({"TaskId": "x", "TaskStatus": "SUCCESS"}), State::Finished),
    ] {
        assert_eq!(state(&body), Some(expected), "{body}");
    }
}

#[test]
fn an_unknown_word_is_judged_by_what_is_beside_it() {
    for (body, expected) in [
        (json!({"id": "x", "status": "upscaling"}), Some(State::InProgress)),
        (json!({"id": "x", "status": "upscaled", "url": "https://h/v"}), Some(State::Finished)),
        (json!({"id": "x", "status": "broken", "error": {"message": "boom"}}), Some(State::Failed)),
        (json!({"id": "x", "status": 3, "video_url": "https://h/v"}), Some(State::Finished)),
        (json!({"id": "x", "status": 2}), Some(State::InProgress)),
        (json!({"status": " Queued "}), Some(State::Queued)),
        (json!({"video_url": "https://h/v"}), Some(State::Finished)),
        (json!({"id": "x", "error": "boom"}), Some(State::Failed)),
        (json!({"id": "x", "status": "nsfw"}), Some(State::Refused)),
        (json!({"id": "x", "status": "in_progress", "error": {"message": "moderation"}}), Some(State::InProgress)),
        (json!({"id": "x"}), None),
        (json!({"error": {"message": "boom"}}), None),
        (json!({"code": 404, "message": "task_not_exist", "data": null}), None),
        (json!({"status": "  "}), None),
    ] {
        assert_eq!(state(&body), expected, "{body}");
    }
}

#[test]
fn finds_the_reason_of_a_failure() {
    for body in [
        json!({"error": "boom"}),
        json!({"data": {"fail_reason": "boom"}, "message": "success"}),
        json!({"error": null, "failMsg": "boom"}),
        json!({"error": {}, "message": "boom"}),
        json!({"base": 1, "output": {"message": "boom"}}),
    ] {
        assert_eq!(object(&body.to_string()).failure().and_then(Value::as_str), Some("boom"), "{body}");
    }
    assert!(!object(r#"{"message": "ok", "error": {"code": null, "message": ""}}"#).is_error());
}

#[test]
fn the_generations_own_address_is_not_a_result() {
    let own = Url::parse("https://up.example/v1/videos/x").unwrap();
    let object = object(r#"{"id": "x", "url": "/v1/videos/x", "video_url": "https://h/v"}"#);
    let found = object.found(Some(&own), &base());
    assert_eq!(found.iter().map(|found| found.candidate.url.as_str()).collect::<Vec<_>>(), ["https://h/v"]);
}

#[test]
fn rejects_bodies_that_are_not_objects() {
    for body in ["", "[]", "\"video_1\"", "<html>"] {
        assert_eq!(VideoObject::parse(body), None, "{body}");
    }
    assert_eq!(object(r#"{"progress": 200, "id": ""}"#).progress(), None);
    assert!(VideoObject::parse("\u{feff}{}").is_some());
}
