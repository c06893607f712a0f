//! File links: URLs that return a video's file without further credentials, for programs that cannot send any.
//!
//! A link is signed, with a key used for nothing else, over the video, what gave access to whoever requested it, and the
//! expiry. It works as long as that session or API key does; nothing is stored.

use std::time::Duration;

use axum::extract::State;
use axum::http::request::Parts;
use axum::response::Response;
use entity::clock::{millis, system_ms};
use entity::{VideoId, video};

use crate::auth::{Grant, Principal, active_roles};
use crate::error::{ApiError, ErrorCode};
use crate::http::path::{Name, id};
use crate::state::Gateway;
use crate::videos::content::send_file;

/// Lifetime of a link.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A link to a file.
pub(crate) struct FileLink {
    /// Where the file is.
    pub(crate) url: String,
    /// When the link expires, epoch ms.
    pub(crate) expires_at: i64,
}

/// What a link's token says.
#[derive(Clone, Copy)]
struct Claims {
    video: VideoId,
    grant: Grant,
    expires_at: i64,
}

/// Makes a link to a video of `principal`.
///
/// # Errors
/// `PUBLIC_URL` cannot be a base of URLs.
pub(crate) fn file_link(gateway: &Gateway, principal: Principal, video: VideoId) -> Result<FileLink, ApiError> {
    let until = system_ms() + millis(LIFETIME);
    let expires_at = principal.expires_at.map_or(until, |session_ends| session_ends.min(until));
    let text = Claims { video, grant: principal.grant, expires_at }.text();
    let token = format!("{text}_{}", gateway.videos.file_links.sign(&text));
    let url = gateway.config.http.public_url.join(&format!("api/files/{token}"));
    Ok(FileLink { url: url.map_err(|error| ApiError::Internal(error.to_string()))?.into(), expires_at })
}

/// Get a video's file by a file link
///
/// MCP's tools return such links. A link works for a day, as long as the API key or session that it was made for.
#[utoipa::path(
    get, path = "/api/files/{token}", operation_id = "readLinkedFile", tag = "Videos",
    params(
        ("download" = Option<String>, Query, description = "`1`: browsers save the file."),
        ("Range" = Option<String>, Header, description = "One range of bytes."),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response."),
    ),
    responses(
        (status = 200, description = "The whole file.", body = inline(Value), content_type = "video/mp4"),
        (status = 206, description = "The requested part.", body = inline(Value), content_type = "video/mp4"),
        (status = 304, description = "Nothing has changed."),
    ),
    extensions(("x-errors" = json!([ErrorCode::RangeNotSatisfiable]))),
)]
pub(crate) async fn linked_file(
    State(gateway): State<Gateway>,
    Name(token): Name,
    request: Parts,
) -> Result<Response, ApiError> {
    let (text, signature) = token.rsplit_once('_').ok_or(ApiError::NotFound)?;
    if !gateway.videos.file_links.is_signature(text, signature) {
        return Err(ApiError::NotFound);
    }
    let claims = Claims::parse(text).filter(|claims| claims.expires_at > system_ms()).ok_or(ApiError::NotFound)?;
    if active_roles(&gateway, &[claims.grant]).await?.is_empty() {
        return Err(ApiError::NotFound);
    }
    let video = video::by_id(&gateway.db, claims.video).await?.ok_or(ApiError::NotFound)?;
    send_file(&gateway, &video, &request).await
}

impl Claims {
    fn text(self) -> String {
        let (kind, grant) = match self.grant {
            Grant::Session(session) => ("s", session.to_string()),
            Grant::Key(key) => ("k", key.to_string()),
        };
        format!("{}_{kind}_{grant}_{}", self.video, self.expires_at)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let (video, kind, grant) = (id(parts.next()?)?, parts.next()?, parts.next()?);
        let grant = match kind {
            "s" => Grant::Session(id(grant)?),
            "k" => Grant::Key(id(grant)?),
            _ => return None,
        };
        Some(Self { video, grant, expires_at: parts.next()?.parse().ok()? })
    }
}
