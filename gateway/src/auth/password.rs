//! Password hashing with argon2id, on a CPU pool.
//!
//! Each hash takes 19 MiB and some ten milliseconds, so their number must be limited. For an unknown account the password is
//! checked against a dummy hash, so that the response takes the same time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::cpu_pool::{CpuPool, CpuPoolError};
use crate::error::ApiError;
use crate::fair_queue::Share;

/// Why a password could not be hashed or verified.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The argon2 library failed.
    #[error("could not hash a password: {0}")]
    Hash(argon2::password_hash::Error),
    /// The CPU pool did not run it.
    #[error(transparent)]
    CpuPool(#[from] CpuPoolError),
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::CpuPool(error) => error.into(),
            PasswordError::Hash(_) => Self::unavailable(error),
        }
    }
}

/// Hashes and verifies passwords.
pub(crate) struct Passwords {
    cpu_pool: CpuPool,
    dummy: String,
}

impl Passwords {
    /// Creates the pool and the dummy hash.
    ///
    /// # Errors
    /// [`PasswordError::Hash`].
    pub(crate) fn new() -> Result<Self, PasswordError> {
        let dummy = hash(b"the password of nobody")?;
        Ok(Self { cpu_pool: CpuPool::new(), dummy })
    }

    /// Returns the hash of a password, as a PHC string.
    ///
    /// # Errors
    /// [`CpuPoolError::Busy`] if too many are queued.
    pub(crate) async fn hash(&self, share: Share, password: String) -> Result<String, PasswordError> {
        self.cpu_pool.run(share, move || hash(password.as_bytes())).await?
    }

    /// Whether `password` matches the hash `stored`. Without a hash it returns false after the same time.
    ///
    /// # Errors
    /// [`CpuPoolError::Busy`] if too many are queued.
    pub(crate) async fn verify(
        &self,
        share: Share,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        Ok(self.cpu_pool.run(share, move || matches(password.as_bytes(), &stored)).await? && known)
    }
}

/// Returns the hash of a password, on this thread.
///
/// # Errors
/// [`PasswordError::Hash`].
pub(crate) fn hash(password: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash = Argon2::default().hash_password(password).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn matches(password: &[u8], stored: &str) -> bool {
    match PasswordHash::new(stored) {
        Ok(stored) => Argon2::default().verify_password(password, &stored).is_ok(),
        Err(error) => {
            tracing::error!(%error, "a stored password hash is invalid");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn accepts_only_the_right_password() {
        let (passwords, share) = (Passwords::new().unwrap(), Share::of_account(entity::id::new_id()));
        let stored = passwords.hash(share, "correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify(share, "correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify(share, "correct horse ".into(), Some(stored)).await.unwrap());
        assert!(!passwords.verify(share, "the password of nobody".into(), None).await.unwrap());
        assert!(!passwords.verify(share, "anything".into(), Some("not a hash".into())).await.unwrap());
    }

    #[test]
    fn a_full_queue_is_no_error_of_the_server() {
        let full = PasswordError::CpuPool(CpuPoolError::Busy(crate::fair_queue::Busy));
        assert!(matches!(ApiError::from(full), ApiError::Busy(_)));
        let failed = PasswordError::Hash(argon2::password_hash::Error::Crypto);
        assert!(matches!(ApiError::from(failed), ApiError::Unavailable(_)));
    }
}
