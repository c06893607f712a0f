//! A user's own account: change name and password, delete the account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bus::{Control, Event};
use entity::account::{self, AdminChange};
use entity::user;
use entity::{UserId, job};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::auth::handlers::{NO_STORE, SignedIn};
use crate::auth::sign_in::require_password;
use crate::auth::{Caller, cookie, notify, rules};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody};
use crate::http::client_address::ClientAddress;
use crate::metrics;
use crate::state::Gateway;

/// A new display name.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Ada"}))]
pub(crate) struct RenameRequest {
    /// Name to display. Null or blank removes it.
    #[schema(max_length = 100)]
    name: Option<String>,
}

impl RequestBody for RenameRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        Some(Self { name: fields.optional_text("name", rules::name)?.flatten() })
    }
}

/// Change the display name
#[utoipa::path(
    patch, path = "/api/auth/me", operation_id = "rename", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    request_body = RenameRequest,
    responses((status = 200, description = "The updated account.", body = SignedIn)),
)]
pub(crate) async fn rename(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { content: RenameRequest { name }, .. }: JsonBody<RenameRequest>,
) -> Result<Response, ApiError> {
    let user = user::rename(&gateway.db, caller.user(), name).await?.ok_or(ApiError::Unauthenticated)?;
    notify::user_changed(&gateway, user.id).await;
    Ok(([NO_STORE], Json(SignedIn::without_token(user, caller.session.expires_at))).into_response())
}

/// A new password.
#[derive(ToSchema)]
#[schema(
    rename_all = "camelCase",
    example = json!({"currentPassword": "correct horse battery", "newPassword": "staple of batteries"}),
)]
pub(crate) struct ChangePasswordRequest {
    /// The password so far.
    #[schema(format = "password")]
    current_password: String,
    /// The password from now on.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    new_password: String,
}

impl RequestBody for ChangePasswordRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        let current = fields.text("currentPassword", rules::any);
        let new = fields.text("newPassword", rules::new_password);
        Some(Self { current_password: current?, new_password: new? })
    }
}

/// Change the password
///
/// Ends all other sessions and closes their websockets.
#[utoipa::path(
    post, path = "/api/auth/password", operation_id = "changePassword", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    request_body = ChangePasswordRequest,
    responses((status = 204, description = "The password has been changed.")),
    extensions(("x-errors" = json!([ErrorCode::InvalidCredentials, ErrorCode::TooManyAttempts]))),
)]
pub(crate) async fn change_password(
    State(gateway): State<Gateway>,
    caller: Caller,
    client: ClientAddress,
    JsonBody { content, .. }: JsonBody<ChangePasswordRequest>,
) -> Result<StatusCode, ApiError> {
    let ChangePasswordRequest { current_password: current, new_password: new } = content;
    let user = confirm_password(&gateway, &caller, client, current).await?;
    let password_hash = gateway.auth.passwords.hash(client.share(), new).await?;
    let ended = account::set_password(&gateway.db, user.id, password_hash, Some(caller.session.id)).await?;
    notify::sessions_ended(&gateway, ended).await;
    tracing::info!(user.id = %user.id, "password changed");
    Ok(StatusCode::NO_CONTENT)
}

/// Confirmation of a deletion.
#[derive(ToSchema)]
#[schema(example = json!({"password": "correct horse battery"}))]
pub(crate) struct DeleteAccountRequest {
    /// Password of the account.
    #[schema(format = "password")]
    password: String,
}

impl RequestBody for DeleteAccountRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        Some(Self { password: fields.text("password", rules::any)? })
    }
}

/// Delete the account
///
/// Cancels unfinished jobs and permanently deletes jobs, videos and files. The only administrator cannot delete their
/// account (`wrong_state`).
#[utoipa::path(
    delete, path = "/api/auth/me", operation_id = "deleteAccount", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    request_body = DeleteAccountRequest,
    responses((status = 204, description = "The account has been deleted.")),
    extensions(("x-errors" = json!([
        ErrorCode::InvalidCredentials,
        ErrorCode::TooManyAttempts,
        ErrorCode::WrongState,
    ]))),
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    client: ClientAddress,
    JsonBody { content: DeleteAccountRequest { password }, .. }: JsonBody<DeleteAccountRequest>,
) -> Result<Response, ApiError> {
    let user = confirm_password(&gateway, &caller, client, password).await?.id;
    let removing = gateway.shutdown.tasks.spawn(delete_account(gateway.clone(), user));
    removing.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    let cookie = cookie::clear(&gateway.config).map(|cookie| (axum::http::header::SET_COOKIE, cookie));
    Ok((StatusCode::NO_CONTENT, [NO_STORE], axum::response::AppendHeaders(cookie)).into_response())
}

/// Checks the caller's password. Returns the account.
async fn confirm_password(
    gateway: &Gateway,
    caller: &Caller,
    client: ClientAddress,
    password: String,
) -> Result<user::Model, ApiError> {
    let known = user::by_id(&gateway.db, caller.user()).await?.ok_or(ApiError::Unauthenticated)?;
    let email = known.email.clone();
    require_password(gateway, client, &email, Some(known), password).await
}

/// Disables the account first, so that nothing new starts, and deletes the files last, when no row refers to them.
async fn delete_account(gateway: Gateway, user: UserId) -> Result<(), ApiError> {
    let ended = match account::disable(&gateway.db, user).await? {
        AdminChange::Done((_, ended)) => ended,
        AdminChange::NotFound => return Err(ApiError::Unauthenticated),
        AdminChange::LastAdmin => {
            return Err(ApiError::WrongState("You are the only administrator. Promote another user first."));
        }
    };
    let cancelled = job::cancel_all(&gateway.db, user, true).await?;
    metrics::jobs_ended(&cancelled.cancelled);
    let Some(left) = account::delete(&gateway.db, user).await? else {
        return Ok(());
    };
    notify::sessions_ended(&gateway, ended).await;
    let bound = gateway.config.http.timeouts.enqueue;
    let notified = timeout(bound, async {
        for job in &cancelled.requested {
            gateway.bus.send_control(&Control::CancelRequested { job: job.id }).await?;
        }
        for job in cancelled.cancelled.iter().map(|job| job.id).chain(left.unfinished) {
            gateway.queues.remove(job).await?;
            // For administrators who watch the job.
            gateway.bus.publish(&Event::gone(user, job)).await?;
        }
        Ok::<_, bus::Error>(())
    });
    if !matches!(notified.await, Ok(Ok(()))) {
        tracing::warn!(user.id = %user, "could not notify Redis of a deleted account; the reconciler will remove its jobs");
    }
    for path in left.paths {
        if let Err(error) = gateway.storage.delete(&path).await {
            tracing::error!(user.id = %user, %error, "could not delete a file of a deleted account");
        }
    }
    tracing::info!(user.id = %user, "account deleted");
    Ok(())
}
