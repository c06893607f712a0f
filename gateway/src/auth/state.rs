//! What authentication needs: passwords, tokens, and the sessions known to be active.

use crate::auth::password::{PasswordError, Passwords};
use crate::auth::session::Sessions;
use crate::auth::token::Tokens;
use crate::config::Auth;
use crate::secret::Signer;

/// What authentication needs.
pub(crate) struct AuthState {
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    /// Makes the first administrator, once.
    pub(crate) setup_token: String,
}

impl AuthState {
    /// Ready for the first request.
    ///
    /// # Errors
    /// Passwords cannot be hashed.
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

/// The one-time token that makes the first administrator: the same for all gateways with this `JWT_SECRET`.
#[must_use]
pub fn setup_token(secret: &str) -> String {
    Signer::new(secret.as_bytes(), "set-up").sign("first administrator")
}
