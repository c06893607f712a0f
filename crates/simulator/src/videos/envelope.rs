//! Envelopes of relays: where an answer holds the id, the status and the result.

use serde_json::{Map, Value, json};

use crate::plan::videos::Envelope;
use crate::result_field::result_json;

/// Which request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answering {
    Create,
    Poll,
}

/// Moves an object into an envelope. `url` is that of the result, once there is one.
pub(super) fn wrap(mut object: Value, envelope: Envelope, url: Option<&str>, answering: Answering) -> Value {
    match envelope {
        Envelope::Standard => {}
        Envelope::EmptyId => {
            if answering == Answering::Create {
                object["task_id"] = object["id"].take();
                object["id"] = json!("");
            }
        }
        Envelope::NumericId => {
            if let Some(id) = object["id"].as_str().and_then(|id| id.parse::<u64>().ok()) {
                object["id"] = json!(id);
            }
        }
        Envelope::VideoId => rename_id(&mut object, "video_id"),
        Envelope::RequestId => return with_request_id(&object, url),
        Envelope::TaskIdInData => return with_task_in_data(&object, url),
        Envelope::TaskIdInOutput => return with_task_in_output(&object, url),
        Envelope::VideosInData => return with_videos_in_data(&object, url),
        Envelope::NewApiTask => return new_api_task(&object, url),
        Envelope::OuterStatus => return json!({"status": "success", "data": object}),
        Envelope::Data => return json!({"code": 0, "message": "ok", "data": object}),
        Envelope::DataList => return json!({"created": object["created_at"], "data": [object]}),
        Envelope::Task => return json!({"task": object}),
    }
    object
}

fn rename_id(object: &mut Value, key: &str) {
    if let Some(object) = object.as_object_mut()
        && let Some(id) = object.remove("id")
    {
        object.insert(key.to_owned(), id);
    }
}

fn with_request_id(object: &Value, url: Option<&str>) -> Value {
    let status = translate(object, ["IN_QUEUE", "IN_PROGRESS", "COMPLETED", "FAILED"]);
    let mut answer = json!({"request_id": object["id"], "status": status});
    extend(&mut answer, url.map(|url| ("video", json!({"url": url, "content_type": "video/mp4"}))), object);
    answer
}

fn with_task_in_data(object: &Value, url: Option<&str>) -> Value {
    let state = translate(object, ["waiting", "generating", "success", "fail"]);
    let mut data = json!({"taskId": object["id"], "state": state});
    extend(&mut data, url.map(|url| ("resultJson", result_json(url))), object);
    json!({"code": 200, "msg": "success", "data": data})
}

fn with_task_in_output(object: &Value, url: Option<&str>) -> Value {
    let status = translate(object, ["PENDING", "RUNNING", "SUCCEEDED", "FAILED"]);
    let mut output = json!({"task_id": object["id"], "task_status": status});
    extend(&mut output, url.map(|url| ("video_url", json!(url))), object);
    json!({"request_id": "7574ee8f-38a3-4b1e-9280-11c33ab46e51", "output": output})
}

fn with_videos_in_data(object: &Value, url: Option<&str>) -> Value {
    let status = translate(object, ["Queued", "Processing", "Completed", "Failed"]);
    let data = url.map(|url| json!({"videos": [{"url": url, "mimeType": "video/mp4"}]}));
    let mut answer = json!({"id": object["id"], "model": object["model"], "status": status, "message": "ok"});
    extend(&mut answer, Some(("data", data.unwrap_or_else(|| json!({})))), object);
    answer
}

fn new_api_task(object: &Value, url: Option<&str>) -> Value {
    let status = translate(object, ["NOT_START", "IN_PROGRESS", "SUCCESS", "FAILURE"]);
    let reason = url.or_else(|| object["error"]["message"].as_str()).unwrap_or_default();
    let progress = format!("{}%", object["progress"]);
    let data = json!({"task_id": object["id"], "status": status, "progress": progress, "fail_reason": reason});
    json!({"code": "success", "message": "", "data": data})
}

/// The relay's word for queued, in progress, completed or failed.
fn translate(object: &Value, words: [&'static str; 4]) -> Value {
    match object["status"].as_str() {
        Some("queued") => json!(words[0]),
        Some("in_progress") => json!(words[1]),
        Some("completed") => json!(words[2]),
        Some("failed") => json!(words[3]),
        _ => object["status"].clone(),
    }
}

/// Adds a result, if there is one, and the error, if there is one.
fn extend(answer: &mut Value, result: Option<(&str, Value)>, object: &Value) {
    let error = object.get("error").filter(|error| !error.is_null()).map(|error| ("error", error.clone()));
    let fields: Map<String, Value> =
        result.into_iter().chain(error).map(|(key, value)| (key.to_owned(), value)).collect();
    if let Some(answer) = answer.as_object_mut() {
        answer.extend(fields);
    }
}
