//! Attempts to sign in: counted by account and address, and by address, never by account alone, so that nobody can lock
//! somebody else out. Each attempt is counted before its password is checked, or many at once would all be let through.

use std::time::Duration;

use entity::user;

use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::http::throttle::{RateLimit, Usage};
use crate::state::Gateway;

const WINDOW: Duration = Duration::from_secs(600);

/// Counts an account to be opened among its address's attempts.
///
/// # Errors
/// [`ApiError::TooManyAttempts`].
pub(crate) async fn require_registration_allowed(gateway: &Gateway, client: ClientAddress) -> Result<(), ApiError> {
    let limit =
        RateLimit { name: "registrations", max: gateway.config.http.rates.sign_ins_per_address, window: WINDOW };
    match gateway.limits.throttle.count(&gateway.bus, limit, &client.to_string()).await.filter(Usage::is_exceeded) {
        Some(usage) => Err(ApiError::TooManyAttempts(usage.resets_in())),
        None => Ok(()),
    }
}

/// Checks the password of an account; `None` stands for an account that does not exist, which takes as long.
///
/// # Errors
/// [`ApiError::InvalidCredentials`]: there is no such account, or the password is another one.
/// [`ApiError::TooManyAttempts`] or, with too many at once, 503.
pub(crate) async fn require_password(
    gateway: &Gateway,
    client: ClientAddress,
    email: &str,
    known: Option<user::Model>,
    password: String,
) -> Result<user::Model, ApiError> {
    let rates = gateway.config.http.rates;
    let by_address = RateLimit { name: "sign-ins", max: rates.sign_ins_per_address, window: WINDOW };
    let by_account = RateLimit { name: "sign-ins-at", max: rates.sign_ins_per_account, window: WINDOW };
    let pair = format!("{client}:{email}");
    for (limit, who) in [(by_address, &client.to_string()), (by_account, &pair)] {
        let usage = gateway.limits.throttle.count(&gateway.bus, limit, who).await;
        if let Some(usage) = usage.filter(Usage::is_exceeded) {
            return Err(ApiError::TooManyAttempts(usage.resets_in()));
        }
    }
    let stored = known.as_ref().map(|user| user.password_hash.clone());
    let right = gateway.auth.passwords.verify(password, stored).await?;
    let user = known.filter(|_| right).ok_or(ApiError::InvalidCredentials)?;
    gateway.limits.throttle.reset(&gateway.bus, by_account, &pair).await;
    Ok(user)
}
