//! What requests hold. Handlers read their bodies field by field (`body`), which reports all mistakes at once; a test has
//! them agree with these types.

#![allow(dead_code, reason = "these types are never made: they describe")]

use entity::job::Orientation;
use entity::user::Role;
use entity::{ImageId, JobId};
use serde::Deserialize;
use utoipa::ToSchema;

/// What opens an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registration {
    /// The address to sign in with. No mail is ever sent.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// 8–128 characters.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    password: String,
    /// What the person wants to be called.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// The one-time token out of the server's log, which makes the first administrator.
    setup_token: Option<String>,
}

/// What signs in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Login {
    /// The account's address.
    email: String,
    /// Its password.
    #[schema(format = "password")]
    password: String,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rename {
    /// What the person wants to be called; null or blank: nothing.
    #[schema(max_length = 100)]
    name: Option<String>,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The one so far.
    #[schema(format = "password")]
    current_password: String,
    /// The one from now on.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    new_password: String,
}

/// Deletes an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Farewell {
    /// The account's password.
    #[schema(format = "password")]
    password: String,
}

/// What asks for a video. What is left out is as `GET /api/models` says.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VideoRequest {
    /// 1–4,000 characters, kept exactly as they are.
    #[schema(min_length = 1, max_length = 4000)]
    prompt: String,
    /// The video's shape.
    orientation: Option<Orientation>,
    /// The video's length.
    #[schema(minimum = 1)]
    seconds: Option<i32>,
    /// The model.
    model: Option<String>,
    /// Width and height, out of those listed for the shape.
    size: Option<String>,
    /// The job that this is a variation of.
    remix_of: Option<JobId>,
    /// The image that it starts from, sent before with `POST /api/images`.
    reference_image_id: Option<ImageId>,
    /// How many jobs to make of it, all or none.
    #[schema(minimum = 1, maximum = 4)]
    count: Option<i32>,
}

/// What makes a link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShareRequest {
    /// Seconds until the link ends; a week, unless this is said.
    #[schema(minimum = 60, maximum = 31_536_000)]
    expires_in: Option<i64>,
}

/// How the queue is to be set; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QueueChange {
    /// Whether no job is to start.
    paused: Option<bool>,
    /// Jobs in flight at most, over all processors; null: without a limit.
    #[schema(minimum = 1, maximum = 100_000)]
    concurrency: Option<i32>,
}

/// What an account is to be; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserChange {
    /// Rights.
    role: Option<Role>,
    /// Whether the account is to be shut.
    disabled: Option<bool>,
}
