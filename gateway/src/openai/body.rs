//! Request bodies: forms, which the newer SDKs send, and JSON, which the older ones send if there is no file.

use axum::body::Body as HttpBody;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use entity::UserId;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::fair_slots::Slot;
use crate::http::body::{Fields, MAX_BYTES, is_json, read_limited};
use crate::http::client_address::ClientAddress;
use crate::images::{MAX_BODY, upload};
use crate::state::Gateway;

/// The field that may be a file.
pub(super) const FILE: &str = "input_reference";

/// The content types, for the error.
const KINDS: &str = "multipart/form-data or application/json";

/// Maximum number of parts of a form.
const MAX_PARTS: usize = 32;

/// The fields of a request and its file.
pub(super) struct Body {
    pub(super) fields: Fields,
    pub(super) file: Option<Bytes>,
    /// Counts a large request against the limit on concurrent uploads.
    pub(super) slot: Option<Slot>,
}

/// Reads the body of a request.
///
/// # Errors
/// It cannot be read, is too large, or the user has too many uploads in progress.
pub(super) async fn read(gateway: &Gateway, user: UserId, request: Request) -> Result<Body, ApiError> {
    if is_small(request.headers()) {
        let (fields, file) = content(gateway, request).await?;
        return Ok(Body { fields, file, slot: None });
    }
    let client = ClientAddress::of_request(request.extensions(), request.headers(), gateway.as_ref());
    let slot = upload::slot(gateway, user, client)?;
    let (fields, file) = slot.read(content(gateway, request)).await?;
    Ok(Body { fields, file, slot: Some(slot) })
}

async fn content(gateway: &Gateway, request: Request) -> Result<(Fields, Option<Bytes>), ApiError> {
    if is_json(request.headers()) {
        return Ok((json(request.into_body()).await?, None));
    }
    let form = Multipart::from_request(request, gateway).await;
    form_fields(form.map_err(|_| ApiError::UnsupportedMediaType(KINDS))?).await
}

fn is_small(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length <= MAX_BYTES)
}

async fn json(body: HttpBody) -> Result<Fields, ApiError> {
    Fields::parse(&read_limited(body, MAX_BODY).await?)
}

async fn form_fields(mut form: Multipart) -> Result<(Fields, Option<Bytes>), ApiError> {
    let (mut values, mut file) = (Map::new(), None);
    let mut parts = 0;
    while let Some(field) = form.next_field().await.map_err(|error| upload::unreadable(&error))? {
        parts += 1;
        if parts > MAX_PARTS {
            return Err(ApiError::UnreadableBody(format!("a form has at most {MAX_PARTS} fields")));
        }
        let name = field.name().unwrap_or_default().chars().take(100).collect::<String>();
        if name == FILE && is_file(&field) && file.is_none() {
            file = Some(upload::read_field(field).await?);
        } else if is_file(&field) {
            return Err(ApiError::invalid_field(&name, "unexpected_file", "This field must not be a file."));
        } else {
            let text = field.text().await.map_err(|error| upload::unreadable(&error))?;
            insert(&mut values, &name, text)?;
        }
    }
    if file.is_some() && values.contains_key(FILE) {
        return Err(repeated(FILE));
    }
    Ok((Fields::of_form(values), file))
}

fn is_file(field: &Field<'_>) -> bool {
    field.file_name().is_some()
}

/// Inserts a text under its name, or under `member` of an object if the name is `object[member]`.
fn insert(values: &mut Map<String, Value>, name: &str, text: String) -> Result<(), ApiError> {
    let earlier = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((object, member)) => match values.entry(object).or_insert_with(|| json!({})) {
            Value::Object(members) => members.insert(member.to_owned(), text.into()),
            text => Some(text.clone()),
        },
        None => values.insert(name.to_owned(), text.into()),
    };
    if earlier.is_some() { Err(repeated(name)) } else { Ok(()) }
}

fn repeated(name: &str) -> ApiError {
    ApiError::invalid_field(name, "repeated", "This field must be sent once.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_objects_in_brackets() {
        let mut values = Map::new();
        insert(&mut values, "prompt", "a cat".into()).unwrap();
        insert(&mut values, "input_reference[file_id]", "1".into()).unwrap();
        insert(&mut values, "input_reference[image_url]", "2".into()).unwrap();
        let expected = json!({"prompt": "a cat", "input_reference": {"file_id": "1", "image_url": "2"}});
        assert_eq!(Value::Object(values.clone()), expected);
        for repeated in ["prompt", "input_reference[file_id]", "input_reference", "prompt[x]"] {
            assert!(insert(&mut values.clone(), repeated, "again".into()).is_err(), "{repeated}");
        }
    }
}
