//! Adds to the described operations what follows from their shape: path parameters, and the errors that every operation
//! with this security, body or parameters can return. Handlers declare only errors of their own, in `x-errors`.

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

use crate::error::ErrorCode;
use crate::openai::envelope;
use crate::openapi::errors::{ErrorResponses, add_schemas};

/// Properties that a response may omit. All others are always present, though some may be null.
const OPTIONAL: [(&str, &str); 3] = [("SignedIn", "token"), ("Problem", "errors"), ("Readiness", "redisFault")];

/// Name of the extension that lists an operation's own errors.
const ERRORS: &str = "x-errors";

/// Returns the paths and components of the document.
pub(super) fn complete(described: &OpenApi) -> (Value, Value) {
    let described = json!(described);
    let (mut paths, mut components) = (described["paths"].clone(), described["components"].clone());
    let mut errors = ErrorResponses::default();
    let mut request_schemas = Vec::new();
    for (path, methods) in paths.as_object_mut().into_iter().flatten() {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            complete_operation(path, method, operation, &mut errors);
            request_schemas.extend(body_schemas(operation));
        }
    }
    add_schemas(&mut components["schemas"]);
    for (name, schema) in components["schemas"].as_object_mut().into_iter().flatten() {
        if request_schemas.contains(name) {
            schema["additionalProperties"] = json!(false);
        } else {
            require_properties(name, schema);
        }
    }
    components["responses"] = errors.into_components();
    (paths, components)
}

fn complete_operation(path: &str, method: &str, operation: &mut Value, errors: &mut ErrorResponses) {
    add_path_parameters(path, operation);
    let mut codes = own_errors(operation);
    codes.extend(implied_errors(path, method, operation));
    if let Some(responses) = operation["responses"].as_object_mut() {
        for (status, response) in errors.by_status(&codes, envelope::is_path(path)) {
            responses.entry(status).or_insert(response);
        }
    }
    // Without this member the document's default would apply.
    if operation.get("security").is_none() {
        operation["security"] = json!([]);
    }
}

fn add_path_parameters(path: &str, operation: &mut Value) {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let described = names.map(|name| {
        let schema = if matches!(name, "token" | "model") {
            json!({"type": "string"})
        } else {
            json!({"type": "string", "format": "uuid"})
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    });
    let mut parameters: Vec<Value> = described.collect();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        parameters.push(not_nullable(parameter.clone()));
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    } else if let Some(operation) = operation.as_object_mut() {
        operation.remove("parameters");
    }
}

/// An optional parameter is left out; unlike a property, it is never null.
fn not_nullable(mut parameter: Value) -> Value {
    if let Some([kind, _]) = parameter["schema"]["type"].as_array().map(Vec::as_slice) {
        parameter["schema"]["type"] = kind.clone();
    }
    parameter
}

/// Takes the errors that the handler declares.
fn own_errors(operation: &mut Value) -> Vec<ErrorCode> {
    let declared = operation.as_object_mut().and_then(|operation| operation.remove(ERRORS));
    declared.and_then(|codes| serde_json::from_value(codes).ok()).unwrap_or_default()
}

/// Returns the errors that follow from the shape of an operation.
fn implied_errors(path: &str, method: &str, operation: &Value) -> Vec<ErrorCode> {
    let mut errors = vec![ErrorCode::HeadersTooLarge, ErrorCode::Internal, ErrorCode::Unavailable];
    let parameters = || operation["parameters"].as_array().into_iter().flatten();
    if operation.get("security").is_some() {
        errors.extend([ErrorCode::Unauthenticated, ErrorCode::InsufficientScope, ErrorCode::RateLimited]);
        if method != "get" && !envelope::is_path(path) {
            errors.push(ErrorCode::ForbiddenOrigin);
        }
    }
    if path.starts_with("/api/admin/") {
        errors.push(ErrorCode::Forbidden);
    }
    if operation.get("requestBody").is_some() {
        errors.extend([
            ErrorCode::UnreadableBody,
            ErrorCode::RequestTimeout,
            ErrorCode::TooLarge,
            ErrorCode::UnsupportedMediaType,
        ]);
    }
    if operation.get("requestBody").is_some() || parameters().any(|parameter| parameter["in"] == "query") {
        errors.push(ErrorCode::InvalidFields);
    }
    if parameters().any(|parameter| parameter["in"] == "path") {
        errors.push(ErrorCode::NotFound);
    }
    // The probes answer under any host name.
    if !matches!(path, "/livez" | "/readyz") {
        errors.extend([ErrorCode::Misdirected, ErrorCode::MalformedRequest]);
    }
    errors
}

/// Returns the names of the schemas of an operation's body.
fn body_schemas(operation: &Value) -> Vec<String> {
    let kinds = operation["requestBody"]["content"].as_object().into_iter().flat_map(serde_json::Map::values);
    let names = kinds.filter_map(|kind| kind["schema"]["$ref"].as_str()?.rsplit('/').next());
    names.map(str::to_owned).collect()
}

/// Marks the properties of a response as required, in its parts too.
fn require_properties(name: &str, schema: &mut Value) {
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        require_properties(name, part);
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let always: Vec<_> = properties.keys().filter(|property| !OPTIONAL.contains(&(name, property.as_str()))).collect();
    schema["required"] = json!(always);
}
