//! Limits sign-in attempts, and checks passwords.
//!
//! Attempts are counted per address, and per account and address; never per account alone, which would let anyone lock a
//! user out. Each attempt is counted before its password is checked, so that simultaneous attempts cannot pass the limit.

use std::time::Duration;

use entity::user;

use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::http::throttle::{RateLimit, Usage};
use crate::state::Gateway;

const WINDOW: Duration = Duration::from_secs(600);

/// Counts a registration against the limit of its address.
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

/// Checks the password of an account. For an unknown account (`None`) it fails after the same time.
///
/// # Errors
/// [`ApiError::InvalidCredentials`], [`ApiError::TooManyAttempts`], or 503 if too many passwords are being checked.
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
    for (limit, client) in [(by_address, &client.to_string()), (by_account, &pair)] {
        let usage = gateway.limits.throttle.count(&gateway.bus, limit, client).await;
        if let Some(usage) = usage.filter(Usage::is_exceeded) {
            return Err(ApiError::TooManyAttempts(usage.resets_in()));
        }
    }
    let stored = known.as_ref().map(|user| user.password_hash.clone());
    let matches = gateway.auth.passwords.verify(client.share(), password, stored).await?;
    let user = known.filter(|_| matches).ok_or(ApiError::InvalidCredentials)?;
    gateway.limits.throttle.reset(&gateway.bus, by_account, &pair).await;
    Ok(user)
}
