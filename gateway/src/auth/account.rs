//! What people do with their own account: another name, another password, a copy of everything, the end.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bus::{Control, Event};
use entity::user::{self, AdminChange};
use entity::{UserId, account, job};
use tokio::time::timeout;

use crate::auth::handlers::{NO_STORE, SignedIn};
use crate::auth::sign_in::require_password;
use crate::auth::{Caller, cookie, notify, rules};
use crate::error::ApiError;
use crate::http::body::Fields;
use crate::http::client_address::ClientAddress;
use crate::metrics;
use crate::state::Gateway;

/// `PATCH /api/auth/me`: another name.
pub(crate) async fn rename(
    State(gateway): State<Gateway>,
    caller: Caller,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let name = fields.optional_text("name", rules::name);
    fields.finish()?;
    let name = name.flatten().flatten();
    let user = user::rename(&gateway.db, caller.user(), name).await?.ok_or(ApiError::Unauthenticated)?;
    notify::user_changed(&gateway, user.id).await;
    Ok(([NO_STORE], Json(SignedIn::without_token(user, caller.session.expires_at))).into_response())
}

/// `POST /api/auth/password`: another password; all other sessions end.
pub(crate) async fn change_password(
    State(gateway): State<Gateway>,
    caller: Caller,
    client: ClientAddress,
    mut fields: Fields,
) -> Result<StatusCode, ApiError> {
    let (current, new) = (fields.text("currentPassword", rules::any), fields.text("newPassword", rules::new_password));
    fields.finish()?;
    let (Some(current), Some(new)) = (current, new) else {
        return Err(ApiError::InvalidCredentials);
    };
    let user = confirm_password(&gateway, &caller, client, current).await?;
    let password_hash = gateway.auth.passwords.hash(new).await?;
    let ended = user::set_password(&gateway.db, user.id, password_hash, Some(caller.session.id)).await?;
    notify::sessions_ended(&gateway, ended).await;
    tracing::info!(user.id = %user.id, "a password was changed");
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/auth/me`: the account and everything that is its own is gone.
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    client: ClientAddress,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let password = fields.text("password", rules::any);
    fields.finish()?;
    let user = confirm_password(&gateway, &caller, client, password.ok_or(ApiError::InvalidCredentials)?).await?.id;
    let removing = gateway.shutdown.tasks.spawn(delete_account(gateway.clone(), user));
    removing.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    let cookie = cookie::clear(&gateway.config).map(|cookie| (axum::http::header::SET_COOKIE, cookie));
    Ok((StatusCode::NO_CONTENT, [NO_STORE], axum::response::AppendHeaders(cookie)).into_response())
}

/// The caller's account, once more confirmed by its password.
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

/// Shuts the account first, so that nothing new begins; files go last, when nothing names them any more.
async fn delete_account(gateway: Gateway, user: UserId) -> Result<(), ApiError> {
    let ended = match user::disable(&gateway.db, user).await? {
        AdminChange::Done((_, ended)) => ended,
        AdminChange::NotFound => return Err(ApiError::Unauthenticated),
        AdminChange::LastAdmin => return Err(ApiError::WrongState("Make somebody else administrator first.")),
    };
    let cancelled = job::cancel_all(&gateway.db, user, true).await?;
    metrics::jobs_ended(&cancelled.done);
    let Some(left) = account::delete(&gateway.db, user).await? else {
        return Ok(());
    };
    notify::sessions_ended(&gateway, ended).await;
    let bound = gateway.config.http.timeouts.enqueue;
    let told = timeout(bound, async {
        for job in &cancelled.requested {
            gateway.bus.send_control(&Control::CancelRequested { job: job.id.into() }).await?;
        }
        for job in cancelled.done.iter().map(|job| job.id).chain(left.unfinished) {
            gateway.bus.remove(job).await?;
            // For administrators who follow it.
            gateway.bus.publish(&Event::gone(user, job)).await?;
        }
        Ok::<_, bus::Error>(())
    });
    if !matches!(told.await, Ok(Ok(()))) {
        tracing::warn!(user.id = %user, "Redis was not told of a deleted account; the processors will find out");
    }
    for path in left.paths {
        if let Err(error) = gateway.storage.delete(&path).await {
            tracing::error!(user.id = %user, %error, "a file of a deleted account stays behind");
        }
    }
    tracing::info!(user.id = %user, "an account was deleted");
    Ok(())
}
