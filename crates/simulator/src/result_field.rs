//! Structured fields in which upstreams return the URL of a result.

use serde_json::{Map, Value, json};

/// The fields that `result-field` accepts. A dot separates an object from its key, `0` is the first element of an array.
pub(crate) const RESULT_FIELDS: &[&str] = &[
    "url",
    "video_url",
    "result_url",
    "output",
    "output.url",
    "output.video_url",
    "output.0",
    "metadata.url",
    "data.videos",
    "video.url",
    "videos.0",
    "resultJson",
];

/// Adds a result to an object, in one of [`RESULT_FIELDS`].
pub(crate) fn insert(object: &mut Map<String, Value>, field: &str, url: &str) {
    let (key, value) = match field {
        "data.videos" => ("data", json!({"videos": [{"url": url, "mimeType": "video/mp4"}]})),
        "videos.0" => ("videos", json!([{"url": url}])),
        "resultJson" => ("resultJson", result_json(url)),
        _ => match field.split_once('.') {
            Some((key, "0")) => (key, json!([url])),
            Some((outer, key)) => (outer, json!({key: url})),
            None => (field, json!(url)),
        },
    };
    object.insert(key.to_owned(), value);
}

/// A string that holds the JSON of the result.
pub(crate) fn result_json(url: &str) -> Value {
    json!(json!({"resultUrls": [url]}).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_nested_fields_and_arrays() {
        for (field, expected) in [
            ("video_url", json!({"video_url": "u"})),
            ("metadata.url", json!({"metadata": {"url": "u"}})),
            ("output.0", json!({"output": ["u"]})),
            ("videos.0", json!({"videos": [{"url": "u"}]})),
            ("resultJson", json!({"resultJson": "{\"resultUrls\":[\"u\"]}"})),
        ] {
            let mut object = Map::new();
            insert(&mut object, field, "u");
            assert_eq!(Value::Object(object), expected);
        }
    }
}
