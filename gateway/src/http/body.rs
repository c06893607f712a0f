//! JSON request bodies: checks content type and size, and reports *all* invalid fields at once.
//!
//! A handler reads each field it knows from [`Fields`] and then calls [`Fields::finish`], which reports fields that were
//! not read as unknown. Text is never trimmed or normalised: prompts stay exactly as sent.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::{ApiError, FieldError};
use crate::secret;
use crate::state::Gateway;

/// Maximum size of a JSON body, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// Content type of bodies, unless an endpoint says otherwise.
pub(crate) const JSON: &str = "application/json";

/// Maximum number of unknown fields that are reported.
const MAX_UNKNOWN_REPORTED: usize = 20;

/// The result of checking a field's value: `Err` holds a code for programs and a sentence for people.
pub(crate) type Rule<T> = Result<T, (&'static str, String)>;

/// The fields of a JSON object, and the errors found so far.
pub(crate) struct Fields {
    values: Map<String, Value>,
    errors: Vec<FieldError>,
    fingerprint: String,
}

/// A request body. Its type describes it in the OpenAPI document; `read` applies the rules.
pub(crate) trait RequestBody: ToSchema + Sized {
    /// Reads the fields in order. Returns `None` if any is missing or invalid; `fields` then holds every reason.
    fn read(fields: &mut Fields, gateway: &Gateway) -> Option<Self>;
}

/// A JSON body that has been read and is valid. Fields that its type does not have are rejected.
pub(crate) struct JsonBody<T> {
    pub(crate) content: T,
    /// Hash of the body, byte for byte.
    pub(crate) fingerprint: String,
}

impl<T: RequestBody> FromRequest<Gateway> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType(JSON));
        }
        let mut fields = Fields::parse(&read_limited(request.into_body(), MAX_BYTES).await?)?;
        let fingerprint = std::mem::take(&mut fields.fingerprint);
        let content = T::read(&mut fields, gateway);
        fields.finish()?;
        let content = content.ok_or_else(|| ApiError::Internal("an invalid field was not reported".into()))?;
        Ok(Self { content, fingerprint })
    }
}

impl Fields {
    /// Takes the fields of a form.
    pub(crate) fn of_form(values: Map<String, Value>) -> Self {
        Self { values, errors: Vec::new(), fingerprint: String::new() }
    }

    /// Parses a JSON object.
    ///
    /// # Errors
    /// [`ApiError::UnreadableBody`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(values)) => {
                let fingerprint = secret::sha256(bytes);
                Ok(Self { values, errors: Vec::new(), fingerprint })
            }
            Ok(_) => Err(ApiError::UnreadableBody("expected a JSON object".into())),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(ApiError::UnreadableBody(format!("invalid JSON at line {line}, column {column}")))
            }
        }
    }

    /// Reads a required string.
    pub(crate) fn text<T>(&mut self, name: &str, rule: impl FnOnce(&str) -> Rule<T>) -> Option<T> {
        match self.values.remove(name) {
            Some(value) => self.check(name, text(value), "a string", |text: String| rule(&text)),
            None => self.reject(name, "required", "This field is required.".into()),
        }
    }

    /// Reads an optional string: `Some(None)` if it is missing or `null`.
    pub(crate) fn optional_text<T>(&mut self, name: &str, rule: impl FnOnce(&str) -> Rule<T>) -> Option<Option<T>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.check(name, text(value), "a string", |text: String| rule(&text)).map(Some),
        }
    }

    /// Reads an optional integer: `Some(None)` if it is missing or `null`.
    pub(crate) fn optional_number<T>(&mut self, name: &str, rule: impl FnOnce(i64) -> Rule<T>) -> Option<Option<T>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.check(name, value.as_i64(), "an integer", rule).map(Some),
        }
    }

    /// Reads an optional value whose type `rule` checks too: `Some(None)` if it is missing or `null`.
    pub(crate) fn optional_value<T>(&mut self, name: &str, rule: impl FnOnce(Value) -> Rule<T>) -> Option<Option<T>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.check(name, Some(value), "a value", rule).map(Some),
        }
    }

    /// Reads a required array that is not empty; `rule` checks each item.
    pub(crate) fn list<T>(&mut self, name: &str, rule: impl Fn(&Value) -> Rule<T>) -> Option<Vec<T>> {
        let items = |values: Vec<Value>| match values.is_empty() {
            true => Err(("blank", "This field must not be empty.".to_owned())),
            false => values.iter().map(&rule).collect(),
        };
        match self.values.remove(name) {
            Some(Value::Array(values)) => self.check(name, Some(values), "an array", items),
            Some(_) => self.reject(name, "wrong_type", "This field must be an array.".into()),
            None => self.reject(name, "required", "This field is required.".into()),
        }
    }

    /// Reads an optional array that is not empty: `Some(None)` if it is missing or `null`; `rule` checks each item.
    pub(crate) fn optional_list<T>(&mut self, name: &str, rule: impl Fn(&Value) -> Rule<T>) -> Option<Option<Vec<T>>> {
        match self.values.get(name) {
            None => Some(None),
            Some(Value::Null) => {
                self.values.remove(name);
                Some(None)
            }
            Some(_) => self.list(name, rule).map(Some),
        }
    }

    /// Reads an optional boolean: `Some(None)` if it is missing or `null`.
    pub(crate) fn optional_flag(&mut self, name: &str) -> Option<Option<bool>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.check(name, value.as_bool(), "a boolean", |flag| Ok(Some(flag))),
        }
    }

    /// Reads an optional integer for which `null` has a meaning: `Some(None)` if it is missing, `Some(Some(None))` if it is
    /// `null`.
    pub(crate) fn nullable_number<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(i64) -> Rule<T>,
    ) -> Option<Option<Option<T>>> {
        match self.values.remove(name) {
            None => Some(None),
            Some(Value::Null) => Some(Some(None)),
            Some(value) => self.check(name, value.as_i64(), "an integer", rule).map(|value| Some(Some(value))),
        }
    }

    /// Reads an optional string for which `null` has a meaning: `Some(None)` if it is missing, `Some(Some(None))` if it is
    /// `null`.
    pub(crate) fn nullable_text<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&str) -> Rule<T>,
    ) -> Option<Option<Option<T>>> {
        match self.values.remove(name) {
            None => Some(None),
            Some(Value::Null) => Some(Some(None)),
            Some(value) => self.check(name, text(value), "a string", |text| rule(&text)).map(|value| Some(Some(value))),
        }
    }

    /// Checks that no field was invalid or unknown.
    ///
    /// # Errors
    /// [`ApiError::InvalidFields`] with all errors.
    pub(crate) fn finish(mut self) -> Result<(), ApiError> {
        for name in std::mem::take(&mut self.values).keys().take(MAX_UNKNOWN_REPORTED) {
            self.reject::<()>(name, "unknown_field", "Unknown field.".into());
        }
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::InvalidFields(self.errors)) }
    }

    fn check<A, T>(&mut self, name: &str, value: Option<A>, kind: &str, rule: impl FnOnce(A) -> Rule<T>) -> Option<T> {
        match value.map(rule) {
            Some(Ok(value)) => Some(value),
            Some(Err((code, message))) => self.reject(name, code, message),
            None => self.reject(name, "wrong_type", format!("This field must be {kind}.")),
        }
    }

    /// Reports an invalid field.
    pub(crate) fn reject<T>(&mut self, field: &str, code: &'static str, message: String) -> Option<T> {
        self.errors.push(FieldError { field: field.to_owned(), code, message });
        None
    }
}

fn text(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

/// Whether a request announces a JSON body.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads a body of at most `max` bytes.
///
/// # Errors
/// The body is larger, or the connection broke.
pub(crate) async fn read_limited(body: Body, max: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ApiError::UnreadableBody("the connection was interrupted".into()))?;
        if bytes.len() + chunk.len() > max {
            return Err(ApiError::TooLarge(max));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(text: &str) -> Rule<String> {
        Ok(text.to_owned())
    }

    fn errors(result: Result<(), ApiError>) -> Vec<(String, &'static str)> {
        match result {
            Err(ApiError::InvalidFields(errors)) => errors.into_iter().map(|error| (error.field, error.code)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reports_all_invalid_fields_at_once() {
        let mut fields = Fields::parse(br#"{"a": 1, "n": "2", "x": 0, "y": null, "z": "kept"}"#).unwrap();
        assert_eq!(fields.text("a", any), None);
        assert_eq!(fields.text("b", any), None);
        assert_eq!(fields.optional_number("n", Ok), None);
        assert_eq!(fields.optional_text("y", any), Some(None));
        assert_eq!(fields.optional_text::<()>("z", |_| Err(("short", "Too short.".into()))), None);
        let expected =
            [("a", "wrong_type"), ("b", "required"), ("n", "wrong_type"), ("z", "short"), ("x", "unknown_field")];
        assert_eq!(errors(fields.finish()), expected.map(|(field, code)| (field.to_owned(), code)));
    }

    #[test]
    fn rejects_bodies_that_are_not_a_json_object() {
        let deep = "[".repeat(100_000);
        for wrong in ["", "{", "[]", "\"a\"", "{\"a\": 1e999}", "{\"a\": \"\\ud800\"}", "{} {}", &deep] {
            assert!(matches!(Fields::parse(wrong.as_bytes()), Err(ApiError::UnreadableBody(_))), "{wrong:.20}");
        }
        assert!(matches!(Fields::parse(b"{\"a\": \"\xff\"}"), Err(ApiError::UnreadableBody(_))));
    }
}
