//! `/api/auth/sessions`: lists and ends a user's sessions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entity::SessionId;
use entity::session::{self, View};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::handlers::NO_STORE;
use crate::auth::{Caller, notify};
use crate::error::ApiError;
use crate::http::path::Id;
use crate::state::Gateway;

/// A user's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenSessions {
    /// Newest first.
    pub(crate) data: Vec<View>,
}

/// List active sessions
#[utoipa::path(
    get, path = "/api/auth/sessions", operation_id = "listSessions", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The active sessions, newest first.", body = OpenSessions)),
)]
pub(crate) async fn sessions(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, ApiError> {
    let rows = session::of_user(&gateway.db, caller.user()).await?;
    let data = rows.into_iter().map(|row| View::new(row, caller.session.id)).collect();
    Ok(([NO_STORE], Json(OpenSessions { data })).into_response())
}

/// End a session
#[utoipa::path(
    delete, path = "/api/auth/sessions/{session}", operation_id = "endSession", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    responses((status = 204, description = "The session has ended; its websockets close.")),
)]
pub(crate) async fn end_session(
    State(gateway): State<Gateway>,
    caller: Caller,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, ApiError> {
    if !session::revoke_of_user(&gateway.db, id, caller.user()).await? {
        return Err(ApiError::NotFound);
    }
    notify::sessions_ended(&gateway, vec![id]).await;
    Ok(StatusCode::NO_CONTENT)
}

/// End all sessions except the current one
#[utoipa::path(
    delete, path = "/api/auth/sessions", operation_id = "endOtherSessions", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    responses((status = 204, description = "The sessions have ended; their websockets close.")),
)]
pub(crate) async fn end_other_sessions(State(gateway): State<Gateway>, caller: Caller) -> Result<StatusCode, ApiError> {
    let ended = session::revoke_all(&gateway.db, caller.user(), Some(caller.session.id)).await?;
    notify::sessions_ended(&gateway, ended).await;
    Ok(StatusCode::NO_CONTENT)
}
