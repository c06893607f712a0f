//! One call of the API, as the document describes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::body::MAX_BYTES;
use crate::error::{ApiError, FieldError, Problem};

/// Members that an answer can lack; all others are always there, though some may be null.
const OPTIONAL: [(&str, &str); 2] = [("SignedIn", "token"), ("Problem", "errors")];

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

/// What several calls of the document share.
#[derive(Default)]
pub(super) struct Components {
    schemas: BTreeMap<String, Value>,
    refusals: BTreeMap<String, Value>,
}

type Named = Vec<(String, RefOr<Schema>)>;

impl Components {
    /// What requests hold: as it is.
    fn add(&mut self, named: &Named) {
        for (name, schema) in named {
            self.schemas.entry(name.clone()).or_insert_with(|| json!(schema));
        }
    }

    /// What answers hold: their members are always there.
    fn add_answers(&mut self, named: &Named) {
        for (name, schema) in named {
            let mut schema = json!(schema);
            demand_members(name, &mut schema);
            self.schemas.insert(name.clone(), schema);
        }
    }

    /// What refusals hold; `codes` are all there are.
    pub(super) fn add_problem(&mut self, name: &str, schema: RefOr<Schema>, codes: &BTreeSet<&str>) {
        let mut named = Named::new();
        <FieldError as ToSchema>::schemas(&mut named);
        named.push((FieldError::name().into(), <FieldError as utoipa::PartialSchema>::schema()));
        named.push((name.to_owned(), schema));
        self.add_answers(&named);
        if let Some(code) = self.schemas.get_mut(name).and_then(|problem| problem.pointer_mut("/properties/code")) {
            code["enum"] = json!(codes);
        }
    }

    /// A reference to a refusal, or the refusal itself when another one goes by this name.
    fn refer(&mut self, name: String, refusal: Value) -> Value {
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        if *self.refusals.entry(name).or_insert_with(|| refusal.clone()) == refusal { reference } else { refusal }
    }

    pub(super) fn written(self) -> Value {
        json!({"schemas": self.schemas, "responses": self.refusals})
    }
}

fn demand_members(name: &str, schema: &mut Value) {
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        parts.iter_mut().for_each(|part| demand_members(name, part));
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let always: Vec<_> = properties.keys().filter(|member| !OPTIONAL.contains(&(name, member.as_str()))).collect();
    schema["required"] = json!(always);
}

/// A call, put together by the methods below.
pub(super) struct Call {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    access: Access,
    body: Option<Value>,
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
        self.body = Some(json!({"schema": named::<T>(&mut self.body_schemas), "example": example}));
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
        if let Some(body) = self.body {
            operation["requestBody"] = json!({"required": true, "content": {"application/json": body}});
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
        if self.body.is_some() {
            let unreadable = "it is not valid JSON, at line 1, column 9".to_owned();
            all.extend([ApiError::UnreadableBody(unreadable), ApiError::TooLarge(MAX_BYTES)]);
            all.push(ApiError::UnsupportedMediaType);
        }
        if self.body.is_some() || self.parameters.iter().any(|parameter| parameter["in"] == "query") {
            all.push(invalid_fields());
        }
        if names(self.path).next().is_some() {
            all.push(ApiError::NotFound);
        }
        if !self.path.ends_with('z') {
            all.push(ApiError::Misdirected);
        }
        let unavailable = ApiError::unavailable("the database is away");
        all.extend([ApiError::HeadersTooLarge(32_768), ApiError::Internal(String::new()), unavailable]);
        all
    }
}

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
        ApiError::MethodNotAllowed,
        ApiError::WrongState(""),
        ApiError::EmailTaken,
        ApiError::TooLarge(0),
        ApiError::HeadersTooLarge(0),
        ApiError::RateLimited(0),
        ApiError::TooManyAttempts(0),
        ApiError::TooManyWaiting(0),
        ApiError::UnsupportedMediaType,
        ApiError::RangeNotSatisfiable { size: 0 },
        ApiError::Misdirected,
        ApiError::UpgradeRequired,
        invalid_fields(),
        ApiError::Internal(String::new()),
        ApiError::unavailable(""),
    ];
    all.iter().map(|error| error.kind().1).collect()
}

fn invalid_fields() -> ApiError {
    let message = "This field is not known.".to_owned();
    ApiError::InvalidFields(vec![FieldError { field: "colour".into(), code: "unknown_field", message }])
}

/// One response a status, named by its codes, with an example of each.
fn by_status(refusals: &[ApiError]) -> Vec<(u16, String, Value)> {
    let mut statuses: BTreeMap<u16, BTreeMap<&str, (String, Value)>> = BTreeMap::new();
    for error in refusals {
        let (status, code) = error.kind();
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

/// A reference to the schema of `T`, which is added to `schemas` with all that it names.
fn named<T: ToSchema>(schemas: &mut Named) -> Value {
    T::schemas(schemas);
    schemas.push((T::name().into(), T::schema()));
    json!({"$ref": format!("#/components/schemas/{}", T::name())})
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
