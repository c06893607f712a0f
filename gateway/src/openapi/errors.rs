//! Error responses of the document: one per status, named by its codes, with an example of each code.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{ApiError, ErrorCode, FieldError};
use crate::http::problem::{PROBLEM_JSON, Problem};

/// The error responses that operations refer to, by name.
#[derive(Default)]
pub(super) struct ErrorResponses(Map<String, Value>);

impl ErrorResponses {
    /// Returns a reference to a response for each status of `codes`.
    pub(super) fn by_status(&mut self, codes: &[ErrorCode]) -> Vec<(String, Value)> {
        let mut statuses: BTreeMap<String, BTreeMap<String, ApiError>> = BTreeMap::new();
        for &code in codes {
            let (status, name) =
                (code.status().as_str().to_owned(), json!(code).as_str().unwrap_or_default().to_owned());
            statuses.entry(status).or_default().insert(name, sample(code));
        }
        let reference = |(status, errors): (String, BTreeMap<String, ApiError>)| {
            let name = errors.keys().map(String::as_str).collect::<Vec<_>>().join("-or-");
            let reference = json!({"$ref": format!("#/components/responses/{name}")});
            self.0.entry(name).or_insert_with(|| response(&errors));
            (status, reference)
        };
        statuses.into_iter().map(reference).collect()
    }

    /// Returns the responses as the document's components.
    pub(super) fn into_components(self) -> Value {
        Value::Object(self.0)
    }
}

/// Adds the schemas of problem documents.
pub(super) fn add_schemas(schemas: &mut Value) {
    schemas[FieldError::name().as_ref()] = json!(FieldError::schema());
    schemas[Problem::name().as_ref()] = json!(Problem::schema());
}

fn response(errors: &BTreeMap<String, ApiError>) -> Value {
    let (mut examples, mut sentences) = (Map::new(), Vec::new());
    for (code, error) in errors {
        let problem = Problem::new(error, "01930000-0000-7000-8000-00000000abcd");
        examples.insert(code.clone(), json!({"summary": error.to_string(), "value": problem}));
        sentences.push(format!("`{code}`: {error}"));
    }
    let content = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
    json!({"description": sentences.join("\n\n"), "content": {PROBLEM_JSON: content}})
}

/// Returns an error with this code, for examples.
fn sample(code: ErrorCode) -> ApiError {
    match code {
        ErrorCode::MalformedRequest => ApiError::MalformedRequest("several host names"),
        ErrorCode::UnreadableBody => ApiError::UnreadableBody("invalid JSON at line 1, column 9".into()),
        ErrorCode::InvalidCredentials => ApiError::InvalidCredentials,
        ErrorCode::Unauthenticated => ApiError::Unauthenticated,
        ErrorCode::Forbidden => ApiError::Forbidden,
        ErrorCode::ForbiddenOrigin => ApiError::ForbiddenOrigin,
        ErrorCode::InsufficientScope => ApiError::InsufficientScope,
        ErrorCode::InvalidSetupToken => ApiError::InvalidSetupToken,
        ErrorCode::QuotaExceeded => ApiError::QuotaExceeded { used: 10_737_500_000, quota: 10_737_418_240 },
        ErrorCode::RegistrationClosed => ApiError::RegistrationClosed,
        ErrorCode::NoPoster => ApiError::NoPoster,
        ErrorCode::NotFound => ApiError::NotFound,
        ErrorCode::MethodNotAllowed => ApiError::MethodNotAllowed,
        ErrorCode::EmailTaken => ApiError::EmailTaken,
        ErrorCode::WrongState => ApiError::WrongState("The current state does not allow this; the message says why."),
        ErrorCode::Gone => ApiError::Gone,
        ErrorCode::TooLarge => ApiError::TooLarge(65_536),
        ErrorCode::UnsupportedMediaType => ApiError::UnsupportedMediaType("application/json"),
        ErrorCode::RangeNotSatisfiable => ApiError::RangeNotSatisfiable { size: 1_048_576 },
        ErrorCode::Misdirected => ApiError::Misdirected,
        ErrorCode::IdempotencyKeyReused => ApiError::IdempotencyKeyReused,
        ErrorCode::InvalidFields => ApiError::invalid_field("colour", "unknown_field", "This field is not known."),
        ErrorCode::UpgradeRequired => ApiError::UpgradeRequired,
        ErrorCode::DailySubmissions => ApiError::DailySubmissions(3_600),
        ErrorCode::RateLimited => ApiError::RateLimited(17),
        ErrorCode::TooManyAttempts => ApiError::TooManyAttempts(480),
        ErrorCode::TooManyWaiting => ApiError::TooManyWaiting(1_000),
        ErrorCode::HeadersTooLarge => ApiError::HeadersTooLarge(32_768),
        ErrorCode::Internal => ApiError::Internal(String::new()),
        ErrorCode::Unavailable => ApiError::unavailable("the database is down"),
    }
}
