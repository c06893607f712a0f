//! `input_reference`: the image that a video starts from. A file, an image of the user, a data URL, or an address that is
//! fetched under the same rules as every address from outside.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use entity::{ImageId, UserId};
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use crate::error::ApiError;
use crate::http::body::Rule;
use crate::images::{self, upload};
use crate::openai::body::FILE;
use crate::secret;
use crate::state::Gateway;

/// Maximum time to fetch an image from an address.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the image comes from.
pub(super) enum Reference {
    /// It came with the request.
    File(Bytes),
    /// It is stored.
    Image(ImageId),
    /// It is at this address.
    Address(Url),
}

impl Reference {
    /// Reads an object with `file_id` or `image_url`.
    pub(super) fn parse(value: &Value) -> Rule<Self> {
        let members = value.as_object().ok_or_else(|| ("wrong_type", OBJECT.to_owned()))?;
        let mut members = members.iter().filter(|(_, value)| !value.is_null());
        let (member, None) = (members.next(), members.next()) else { return Err(("invalid_value", OBJECT.into())) };
        match member.and_then(|(name, value)| Some((name.as_str(), value.as_str()?))) {
            Some(("file_id", id)) => images::named(id).map(Self::Image),
            Some(("image_url", url)) if url.starts_with("data:") => decode(url).map(Self::File),
            Some(("image_url", url)) => {
                let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
                url.map(Self::Address).ok_or_else(|| ("invalid_value", ADDRESS.into()))
            }
            _ => Err(("invalid_value", OBJECT.into())),
        }
    }

    /// Returns what identifies the image among requests that are otherwise equal.
    pub(super) fn fingerprint(&self) -> Value {
        match self {
            Self::File(bytes) => json!({"sha256": secret::sha256(bytes)}),
            Self::Image(id) => json!({"image": id}),
            Self::Address(url) => json!({"url": url.as_str()}),
        }
    }

    /// Returns the stored image, after storing it if necessary.
    ///
    /// # Errors
    /// It is no image, or cannot be fetched, or belongs to another user.
    pub(super) async fn store(self, gateway: &Gateway, user: UserId) -> Result<ImageId, ApiError> {
        let bytes = match self {
            Self::Image(id) => return images::require(gateway, id, user).await.map(|()| id).map_err(renamed),
            Self::File(bytes) => bytes,
            Self::Address(url) => fetch(gateway, &url).await?,
        };
        upload::keep(gateway, user, bytes).await.map(|image| image.id).map_err(renamed)
    }
}

async fn fetch(gateway: &Gateway, url: &Url) -> Result<Bytes, ApiError> {
    match timeout(FETCH_TIMEOUT, gateway.images.fetcher.file(url)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            tracing::debug!(error = %service::error_chain(&error), "could not fetch a reference image");
            Err(unreachable())
        }
        Err(_) => Err(unreachable()),
    }
}

/// Says nothing about what is at the address, which may be inside the server's network.
fn unreachable() -> ApiError {
    let message = "The image could not be fetched. The address must be public and return an image of at most 20 MiB.";
    ApiError::invalid_field(FILE, "unreachable_image", message)
}

/// Names the field as OpenAI does.
pub(super) fn renamed(error: ApiError) -> ApiError {
    let ApiError::InvalidFields(mut errors) = error else { return error };
    for error in &mut errors {
        if matches!(error.field.as_str(), "image" | "referenceImageId") {
            FILE.clone_into(&mut error.field);
        }
    }
    ApiError::InvalidFields(errors)
}

fn decode(url: &str) -> Rule<Bytes> {
    let content = url.split_once(',').filter(|(head, _)| head.ends_with(";base64")).map(|(_, content)| content);
    let bytes = content.and_then(|content| STANDARD.decode(content).ok());
    bytes.map(Bytes::from).ok_or_else(|| ("invalid_value", "A data URL must contain base64.".into()))
}

const OBJECT: &str = "Must be a file, or an object with either file_id or image_url.";
const ADDRESS: &str = "image_url must be an http, https or data URL.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ids_addresses_and_data_urls() {
        let id = "0198c5d2-6c1e-7b0a-9d51-3f0a6f1d2c11";
        let parsed = |value: Value| Reference::parse(&value).map(|reference| reference.fingerprint());
        assert_eq!(parsed(json!({"file_id": id, "image_url": null})), Ok(json!({"image": id})));
        assert_eq!(parsed(json!({"image_url": "https://a.example/b"})), Ok(json!({"url": "https://a.example/b"})));
        let data = parsed(json!({"image_url": "data:image/png;base64,aGk="}));
        assert_eq!(data, Ok(json!({"sha256": secret::sha256("hi")})));
        for wrong in [
            json!("text"),
            json!({}),
            json!({"file_id": 1}),
            json!({"file_id": "x"}),
            json!({"file_id": id, "image_url": "https://a.example"}),
            json!({"image_url": "file:///etc/passwd"}),
            json!({"image_url": "data:image/png,raw"}),
            json!({"image_url": "data:image/png;base64,%%%"}),
            json!({"video": "x"}),
        ] {
            assert!(Reference::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
