//! Passwords: argon2id, computed by as many threads as there are cores, with a short queue before them.
//!
//! Each computation takes 19 MiB and some ten milliseconds, so their number is what an attacker would use. A password for
//! an unknown account is compared with a dummy's hash: it takes the same time and gets the same answer.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::cpu_pool::{CpuPool, CpuPoolError};
use crate::error::ApiError;

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The library refused.
    #[error("a password cannot be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    /// There is no core for it.
    #[error(transparent)]
    CpuPool(#[from] CpuPoolError),
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        Self::unavailable(error)
    }
}

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    cpu_pool: CpuPool,
    dummy: String,
}

impl Passwords {
    /// Ready to work; makes the dummy.
    ///
    /// # Errors
    /// The library refuses to hash.
    pub(crate) fn new() -> Result<Self, PasswordError> {
        let dummy = hash(b"the password of nobody")?;
        Ok(Self { cpu_pool: CpuPool::new(), dummy })
    }

    /// The hash to store, as a PHC string.
    ///
    /// # Errors
    /// [`PasswordError`], in practice [`CpuPoolError::Busy`].
    pub(crate) async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.cpu_pool.run(move || hash(password.as_bytes())).await?
    }

    /// Whether `password` is the one of `stored`; false, after the same time, when there is none.
    ///
    /// # Errors
    /// [`PasswordError`], in practice [`CpuPoolError::Busy`].
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        Ok(self.cpu_pool.run(move || matches(password.as_bytes(), &stored)).await? && known)
    }
}

fn hash(password: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash = Argon2::default().hash_password(password).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn matches(password: &[u8], stored: &str) -> bool {
    match PasswordHash::new(stored) {
        Ok(stored) => Argon2::default().verify_password(password, &stored).is_ok(),
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn knows_the_right_password_only() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse ".into(), Some(stored)).await.unwrap());
        assert!(!passwords.verify("the password of nobody".into(), None).await.unwrap());
        assert!(!passwords.verify("anything".into(), Some("not a hash".into())).await.unwrap());
    }
}
