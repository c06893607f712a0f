//! What several calls of the document share: schemas and refusals, each under a name.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::FieldError;

/// Members that an answer can lack; all others are always there, though some may be null.
const OPTIONAL: [(&str, &str); 2] = [("SignedIn", "token"), ("Problem", "errors")];

/// What several calls of the document share.
#[derive(Default)]
pub(super) struct Components {
    schemas: BTreeMap<String, Value>,
    refusals: BTreeMap<String, Value>,
}

/// Schemas by their names.
pub(super) type Named = Vec<(String, RefOr<Schema>)>;

impl Components {
    /// What requests hold: as it is.
    pub(super) fn add(&mut self, named: &Named) {
        for (name, schema) in named {
            self.schemas.entry(name.clone()).or_insert_with(|| json!(schema));
        }
    }

    /// What answers hold: their members are always there.
    pub(super) fn add_answers(&mut self, named: &Named) {
        for (name, schema) in named {
            let mut schema = json!(schema);
            require_members(name, &mut schema);
            self.schemas.insert(name.clone(), schema);
        }
    }

    /// What refusals hold.
    pub(super) fn add_problem(&mut self, name: &str, schema: RefOr<Schema>) {
        let mut named = Named::new();
        FieldError::schemas(&mut named);
        named.push((FieldError::name().into(), FieldError::schema()));
        named.push((name.to_owned(), schema));
        self.add_answers(&named);
    }

    /// A reference to a refusal, or the refusal itself when another one goes by this name.
    pub(super) fn refer(&mut self, name: String, refusal: Value) -> Value {
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        if *self.refusals.entry(name).or_insert_with(|| refusal.clone()) == refusal { reference } else { refusal }
    }

    pub(super) fn written(self) -> Value {
        json!({"schemas": self.schemas, "responses": self.refusals})
    }
}

fn require_members(name: &str, schema: &mut Value) {
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        parts.iter_mut().for_each(|part| require_members(name, part));
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let always: Vec<_> = properties.keys().filter(|member| !OPTIONAL.contains(&(name, member.as_str()))).collect();
    schema["required"] = json!(always);
}

/// A reference to the schema of `T`, which is added to `schemas` with all that it names.
pub(super) fn named<T: ToSchema>(schemas: &mut Named) -> Value {
    T::schemas(schemas);
    schemas.push((T::name().into(), T::schema()));
    json!({"$ref": format!("#/components/schemas/{}", T::name())})
}
