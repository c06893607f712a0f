//! Error responses of the document: one per status, named by its codes, with an example of each code.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::costs::budgets::OverBudget;
use crate::error::{ApiError, ErrorCode, FieldError};
use crate::http::body::JSON;
use crate::http::problem::{PROBLEM_JSON, Problem};
use crate::openai::envelope::Envelope;

/// The error responses that operations refer to, by name.
#[derive(Default)]
pub(super) struct ErrorResponses(Map<String, Value>);

impl ErrorResponses {
    /// Returns a reference to a response for each status of `codes`; `is_compatible` is for OpenAI's API.
    pub(super) fn by_status(&mut self, codes: &[ErrorCode], is_compatible: bool) -> Vec<(String, Value)> {
        let mut statuses: BTreeMap<String, BTreeMap<String, ApiError>> = BTreeMap::new();
        for &code in codes {
            let status = if is_compatible { code.compatible_status() } else { code.status() };
            let name = json!(code).as_str().unwrap_or_default().to_owned();
            statuses.entry(status.as_str().to_owned()).or_default().insert(name, sample(code));
        }
        let reference = |(status, errors): (String, BTreeMap<String, ApiError>)| {
            let prefix = if is_compatible { "openai-" } else { "" };
            let name = prefix.to_owned() + &errors.keys().map(String::as_str).collect::<Vec<_>>().join("-or-");
            let reference = json!({"$ref": format!("#/components/responses/{name}")});
            self.0.entry(name).or_insert_with(|| response(&errors, is_compatible));
            (status, reference)
        };
        statuses.into_iter().map(reference).collect()
    }

    /// Returns the responses as the document's components.
    pub(super) fn into_components(self) -> Value {
        Value::Object(self.0)
    }
}

/// Adds the schemas of error responses.
pub(super) fn add_schemas(schemas: &mut Value) {
    schemas[FieldError::name().as_ref()] = json!(FieldError::schema());
    schemas[Problem::name().as_ref()] = json!(Problem::schema());
    schemas[Envelope::name().as_ref()] = json!(Envelope::schema());
}

fn response(errors: &BTreeMap<String, ApiError>, is_compatible: bool) -> Value {
    let (mut examples, mut sentences) = (Map::new(), Vec::new());
    for (code, error) in errors {
        let body = if is_compatible { json!(Envelope::new(error)) } else { json!(Problem::new(error, REQUEST_ID)) };
        examples.insert(code.clone(), json!({"summary": error.to_string(), "value": body}));
        sentences.push(format!("`{code}`: {error}"));
    }
    let (media_type, schema) = if is_compatible { (JSON, Envelope::name()) } else { (PROBLEM_JSON, Problem::name()) };
    let content = json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}, "examples": examples});
    json!({"description": sentences.join("\n\n"), "content": {media_type: content}})
}

/// Id of the request in examples.
const REQUEST_ID: &str = "01930000-0000-7000-8000-00000000abcd";

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
        ErrorCode::UnsupportedOperation => ApiError::UnsupportedOperation,
        ErrorCode::RequestTimeout => ApiError::RequestTimeout,
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
        ErrorCode::OverBudget => ApiError::OverBudget(OverBudget::sample()),
        ErrorCode::RateLimited => ApiError::RateLimited(17),
        ErrorCode::TooManyAttempts => ApiError::TooManyAttempts(480),
        ErrorCode::TooManyWaiting => ApiError::TooManyWaiting(1_000),
        ErrorCode::HeadersTooLarge => ApiError::HeadersTooLarge(32_768),
        ErrorCode::NoSpritesheet => ApiError::NoSpritesheet,
        ErrorCode::Internal => ApiError::Internal(String::new()),
        ErrorCode::Unavailable => ApiError::unavailable("the database is down"),
    }
}
