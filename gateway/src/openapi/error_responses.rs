//! Refusals as the document tells them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::error::{ApiError, FieldError};
use crate::http::problem::Problem;

/// Every code that there is.
pub(super) fn codes() -> BTreeSet<&'static str> {
    let all = [
        ApiError::UnreadableBody(String::new()),
        ApiError::Unauthenticated,
        ApiError::InvalidCredentials,
        ApiError::InsufficientScope,
        ApiError::Forbidden,
        ApiError::InvalidSetupToken,
        ApiError::ForbiddenOrigin,
        ApiError::RegistrationClosed,
        ApiError::NotFound,
        ApiError::NoPoster,
        ApiError::MethodNotAllowed,
        ApiError::WrongState(""),
        ApiError::EmailTaken,
        ApiError::TooLarge(0),
        ApiError::HeadersTooLarge(0),
        ApiError::RateLimited(0),
        ApiError::TooManyAttempts(0),
        ApiError::TooManyWaiting(0),
        ApiError::UnsupportedMediaType(""),
        ApiError::QuotaExceeded { used: 0, quota: 0 },
        ApiError::Malformed(""),
        ApiError::RangeNotSatisfiable { size: 0 },
        ApiError::Misdirected,
        ApiError::UpgradeRequired,
        invalid_fields(),
        ApiError::Internal(String::new()),
        ApiError::unavailable(""),
    ];
    all.iter().map(|error| error.status_and_code().1).collect()
}

/// Some field is not valid.
pub(super) fn invalid_fields() -> ApiError {
    let message = "This field is not known.".to_owned();
    ApiError::InvalidFields(vec![FieldError { field: "colour".into(), code: "unknown_field", message }])
}

/// One response a status, named by its codes, with an example of each.
pub(super) fn by_status(refusals: &[ApiError]) -> Vec<(u16, String, Value)> {
    let mut statuses: BTreeMap<u16, BTreeMap<&str, (String, Value)>> = BTreeMap::new();
    for error in refusals {
        let (status, code) = error.status_and_code();
        let problem = Problem::new(error, "01930000-0000-7000-8000-00000000abcd");
        let example = json!({"summary": error.to_string(), "value": problem});
        statuses.entry(status.as_u16()).or_default().insert(code, (format!("`{code}`: {error}"), example));
    }
    let response = |(status, codes): (u16, BTreeMap<&str, (String, Value)>)| {
        let name = codes.keys().copied().collect::<Vec<_>>().join("-or-");
        let about = codes.values().map(|(sentence, _)| sentence.as_str()).collect::<Vec<_>>().join("\n\n");
        let examples: Map<_, _> = codes.into_iter().map(|(code, (_, example))| (code.to_owned(), example)).collect();
        let content = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
        (status, name, json!({"description": about, "content": {"application/problem+json": content}}))
    };
    statuses.into_iter().map(response).collect()
}
