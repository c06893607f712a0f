//! `GET /api/admin/audit`: the audit log of administrators' actions.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entity::audit::{self, View};
use entity::{AuditEntryId, user};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Admin, NO_STORE};
use crate::error::ApiError;
use crate::http::query::{Paging, Parameters, take_page};
use crate::state::Gateway;

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditPage {
    /// Newest first.
    pub(crate) data: Vec<View>,
    /// `cursor` of the next page; null on the last one.
    pub(crate) next_cursor: Option<AuditEntryId>,
}

/// List the audit log
#[utoipa::path(
    get, path = "/api/admin/audit", operation_id = "readAudit", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    params(Paging),
    responses((status = 200, description = "Entries, newest first.", body = AuditPage)),
)]
pub(crate) async fn audit(
    State(gateway): State<Gateway>,
    _: Admin,
    Parameters(Paging { limit, cursor }): Parameters<Paging>,
) -> Result<Response, ApiError> {
    let mut rows = audit::page(&gateway.db, cursor.map(Into::into), limit + 1).await?;
    let next_cursor = take_page(&mut rows, limit, |entry| entry.id);
    let data = rows.into_iter().map(View::from).collect();
    Ok(([NO_STORE], Json(AuditPage { data, next_cursor })).into_response())
}

/// Writes an administrator's action to the audit log and to the process's log.
pub(super) async fn record(
    gateway: &Gateway,
    actor: &user::Model,
    action: &'static str,
    target: Option<String>,
) -> Result<(), ApiError> {
    tracing::info!(actor.id = %actor.id, action, target, "administrator action");
    Ok(audit::record(&gateway.db, actor, action, target).await?)
}
