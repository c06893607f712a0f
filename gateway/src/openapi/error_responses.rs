//! Refusals as the document tells them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::http::problem::Problem;

/// Some field is not valid.
pub(super) fn invalid_fields() -> ApiError {
    ApiError::invalid_field("colour", "unknown_field", "This field is not known.")
}

/// One response a status, named by its codes, with an example of each.
pub(super) fn by_status(refusals: &[ApiError]) -> Vec<(u16, String, Value)> {
    let mut statuses: BTreeMap<u16, BTreeMap<String, (String, Value)>> = BTreeMap::new();
    for error in refusals {
        let (status, code) = (error.code().status(), json!(error.code()).as_str().unwrap_or_default().to_owned());
        let problem = Problem::new(error, "01930000-0000-7000-8000-00000000abcd");
        let example = json!({"summary": error.to_string(), "value": problem});
        let about = format!("`{code}`: {error}");
        statuses.entry(status.as_u16()).or_default().insert(code, (about, example));
    }
    let response = |(status, codes): (u16, BTreeMap<String, (String, Value)>)| {
        let name = codes.keys().map(String::as_str).collect::<Vec<_>>().join("-or-");
        let about = codes.values().map(|(sentence, _)| sentence.as_str()).collect::<Vec<_>>().join("\n\n");
        let examples: Map<_, _> = codes.into_iter().map(|(code, (_, example))| (code, example)).collect();
        let content = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
        (status, name, json!({"description": about, "content": {"application/problem+json": content}}))
    };
    statuses.into_iter().map(response).collect()
}
