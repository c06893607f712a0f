//! One call of the API, as the document describes it.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::http::body::{JSON, MAX_BYTES};
use crate::images::{FORM, MAX_BODY};
use crate::openapi::components::{Components, Named, named};
use crate::openapi::error_responses::{by_status, invalid_fields};

/// Who may make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody.
    Open,
    /// Whoever has a session.
    Session,
    /// The same, or a key that reads.
    Read,
    /// The same, or a key that creates.
    Create,
    /// Administrators with a session.
    Admin,
}

/// A call, put together by the methods below.
pub(super) struct Call {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    access: Access,
    /// What is sent, and its type.
    body: Option<(&'static str, Value)>,
    body_schemas: Named,
    parameters: Vec<Value>,
    answers: Map<String, Value>,
    answer_schemas: Named,
    refusals: Vec<ApiError>,
}

impl Call {
    fn new(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            about: "",
            access: Access::Open,
            body: None,
            body_schemas: Named::new(),
            parameters: names(path).map(path_parameter).collect(),
            answers: Map::new(),
            answer_schemas: Named::new(),
            refusals: Vec::new(),
        }
    }

    pub(super) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("get", path, id, summary)
    }

    pub(super) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("post", path, id, summary)
    }

    pub(super) fn patch(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("patch", path, id, summary)
    }

    pub(super) fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("delete", path, id, summary)
    }

    /// What else there is to say.
    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// Who may make it; everybody, unless this is said.
    pub(super) fn by(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// A JSON body.
    pub(super) fn takes<T: ToSchema>(mut self, example: &Value) -> Self {
        self.body = Some((JSON, json!({"schema": named::<T>(&mut self.body_schemas), "example": example})));
        self
    }

    /// A form that holds one file.
    pub(super) fn takes_file(mut self, field: &str, about: &str) -> Self {
        let file = json!({"type": "string", "contentMediaType": "application/octet-stream", "description": about});
        let schema = json!({"type": "object", "properties": {field: file}, "required": [field]});
        self.body = Some((FORM, json!({"schema": schema})));
        self
    }

    /// A parameter behind the question mark.
    pub(super) fn query(mut self, name: &str, about: &str, schema: &Value) -> Self {
        self.parameters.push(json!({"name": name, "in": "query", "description": about, "schema": schema}));
        self
    }

    /// The parameters of a list.
    pub(super) fn pages(self) -> Self {
        self.query("limit", "How many rows.", &json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20}))
            .query("cursor", "The `nextCursor` of the page before.", &json!({"type": "string", "format": "uuid"}))
    }

    /// A search by words.
    pub(super) fn search(self, about: &str) -> Self {
        self.query("q", about, &json!({"type": "string", "maxLength": 200}))
    }

    /// A header of the request.
    pub(super) fn header(mut self, name: &str, about: &str) -> Self {
        self.parameters.push(json!({"name": name, "in": "header", "description": about, "schema": {"type": "string"}}));
        self
    }

    /// An answer in JSON.
    pub(super) fn answers<T: Serialize + ToSchema>(mut self, status: u16, about: &str, example: &T) -> Self {
        let content = json!({"schema": named::<T>(&mut self.answer_schemas), "example": example});
        self.answers
            .insert(status.to_string(), json!({"description": about, "content": {"application/json": content}}));
        self
    }

    /// An answer of another kind.
    pub(super) fn answers_text(mut self, status: u16, about: &str, kind: &str) -> Self {
        self.answers.insert(status.to_string(), json!({"description": about, "content": {kind: {"schema": {}}}}));
        self
    }

    /// An answer without a body.
    pub(super) fn answers_nothing(mut self, status: u16, about: &str) -> Self {
        self.answers.insert(status.to_string(), json!({"description": about}));
        self
    }

    /// Refusals beside those that follow from what the call is like.
    pub(super) fn refuses(mut self, refusals: impl IntoIterator<Item = ApiError>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// Path, method and operation.
    pub(super) fn written(mut self, components: &mut Components) -> (String, &'static str, Value) {
        components.add(&self.body_schemas);
        components.add_answers(&self.answer_schemas);
        let refusals = self.all_refusals();
        for (status, name, refusal) in by_status(&refusals) {
            self.answers.entry(status.to_string()).or_insert_with(|| components.refer(name, refusal));
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [tag(self.path)],
            "security": security(self.access),
            "responses": self.answers,
        });
        if !self.about.is_empty() {
            operation["description"] = json!(self.about);
        }
        if !self.parameters.is_empty() {
            operation["parameters"] = json!(self.parameters);
        }
        if let Some((kind, body)) = self.body {
            operation["requestBody"] = json!({"required": true, "content": {kind: body}});
        }
        (self.path.to_owned(), self.method, operation)
    }

    fn all_refusals(&mut self) -> Vec<ApiError> {
        let mut all = std::mem::take(&mut self.refusals);
        if self.access != Access::Open {
            all.extend([ApiError::Unauthenticated, ApiError::InsufficientScope, ApiError::RateLimited(17)]);
            if self.method != "get" {
                all.push(ApiError::ForbiddenOrigin);
            }
        }
        if self.access == Access::Admin {
            all.push(ApiError::Forbidden);
        }
        if let Some((kind, _)) = &self.body {
            let (unreadable, most) = match *kind {
                FORM => ("it is not a proper form", MAX_BODY),
                _ => ("it is not valid JSON, at line 1, column 9", MAX_BYTES),
            };
            all.extend([ApiError::UnreadableBody(unreadable.to_owned()), ApiError::TooLarge(most)]);
            all.push(ApiError::UnsupportedMediaType(kind));
        }
        if self.body.is_some() || self.parameters.iter().any(|parameter| parameter["in"] == "query") {
            all.push(invalid_fields());
        }
        if names(self.path).next().is_some() {
            all.push(ApiError::NotFound);
        }
        if !self.path.ends_with('z') {
            all.extend([ApiError::Misdirected, ApiError::MalformedRequest("it names several hosts")]);
        }
        let unavailable = ApiError::unavailable("the database is away");
        all.extend([ApiError::HeadersTooLarge(32_768), ApiError::Internal(String::new()), unavailable]);
        all
    }
}

/// The names of a path's parameters.
fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(name: &'static str) -> Value {
    let schema = if name == "token" { json!({"type": "string"}) } else { json!({"type": "string", "format": "uuid"}) };
    json!({"name": name, "in": "path", "required": true, "schema": schema})
}

fn tag(path: &str) -> &'static str {
    match path.split('/').nth(2) {
        Some("auth") => "Account",
        Some("keys") => "Keys",
        Some("videos") if path.ends_with("/shares") => "Shares",
        Some("videos" | "models" | "ws") => "Videos",
        Some("shares") => "Shares",
        Some("images") => "Images",
        Some("admin") => "Administration",
        _ => "Server",
    }
}

fn security(access: Access) -> Value {
    match access {
        Access::Open => json!([]),
        Access::Session | Access::Admin => json!([{"session": []}, {"cookie": []}]),
        Access::Read => json!([{"session": []}, {"cookie": []}, {"key": ["read"]}]),
        Access::Create => json!([{"session": []}, {"cookie": []}, {"key": ["create"]}]),
    }
}
