//! The state of authentication: passwords, tokens, cached sessions, and the setup token.

use crate::auth::password::{PasswordError, Passwords};
use crate::auth::session::Sessions;
use crate::auth::token::Tokens;
use crate::config::Auth;
use crate::secret::Signer;

/// The state of authentication.
pub(crate) struct AuthState {
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    /// One-time token to create the first administrator.
    pub(crate) setup_token: String,
}

impl AuthState {
    /// Creates the state.
    ///
    /// # Errors
    /// Fails if passwords cannot be hashed.
    pub(crate) fn new(config: &Auth) -> Result<Self, PasswordError> {
        let secret = config.jwt_secret.expose();
        Ok(Self {
            passwords: Passwords::new()?,
            tokens: Tokens::new(secret.as_bytes()),
            sessions: Sessions::new(config.session_cache),
            setup_token: setup_token(secret),
        })
    }
}

/// Returns the one-time token to create the first administrator. It is the same for all gateways with this `JWT_SECRET`.
#[must_use]
pub fn setup_token(secret: &str) -> String {
    Signer::new(secret.as_bytes(), "set-up").sign("first administrator")
}
