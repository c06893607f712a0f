//! Passwords: argon2id, computed by as many threads as there are cores, with a short queue before them.
//!
//! Each computation takes 19 MiB and some ten milliseconds, so their number is what an attacker would use. A password for
//! an unknown account is compared with a dummy's hash: it takes the same time and gets the same answer.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::{AcquireError, Semaphore, TryAcquireError};
use tokio::task::JoinError;

use crate::error::ApiError;

/// Computations under way or waiting, for each core; with more, callers are turned away.
const QUEUE_PER_CORE: usize = 8;

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The library refused.
    #[error("a password cannot be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    /// Too many at a time.
    #[error("too many passwords wait to be hashed")]
    Busy(#[from] TryAcquireError),
    /// The gateway is going down.
    #[error("passwords are no longer hashed")]
    Closed(#[from] AcquireError),
    /// The computation panicked.
    #[error("hashing a password failed")]
    Failed(#[from] JoinError),
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        Self::unavailable(error)
    }
}

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    cores: Arc<Semaphore>,
    queue: Semaphore,
    dummy: String,
}

impl Passwords {
    /// Ready to work; makes the dummy.
    ///
    /// # Errors
    /// The library refuses to hash.
    pub(crate) fn new() -> Result<Self, PasswordError> {
        let cores = available_parallelism().map_or(1, usize::from);
        let dummy = hash(b"the password of nobody")?;
        Ok(Self { cores: Arc::new(Semaphore::new(cores)), queue: Semaphore::new(cores * QUEUE_PER_CORE), dummy })
    }

    /// The hash to store, as a PHC string.
    ///
    /// # Errors
    /// [`PasswordError`], in practice [`PasswordError::Busy`].
    pub(crate) async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.compute(move || hash(password.as_bytes())).await?
    }

    /// Whether `password` is the one of `stored`; false, after the same time, when there is none.
    ///
    /// # Errors
    /// [`PasswordError`], in practice [`PasswordError::Busy`].
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        Ok(self.compute(move || matches(password.as_bytes(), &stored)).await? && known)
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let _place = self.queue.try_acquire()?;
        let permit = self.cores.clone().acquire_owned().await?;
        // The permit goes along: the work goes on when its caller is gone.
        let work = move || {
            let _permit = permit;
            work()
        };
        Ok(tokio::task::spawn_blocking(work).await?)
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

    #[tokio::test]
    async fn turns_callers_away_when_the_queue_is_full() {
        let passwords = Passwords { queue: Semaphore::new(1), ..Passwords::new().unwrap() };
        let _place = passwords.queue.try_acquire().unwrap();
        assert!(matches!(passwords.hash("anything".into()).await, Err(PasswordError::Busy(_))));
    }
}
