//! Accounts and sessions.

use std::time::Duration;

use service::env::{self, Environment, Secret};
use service::settings::AppEnv;

/// Accounts and sessions.
#[derive(Clone, Debug)]
pub struct Auth {
    /// `JWT_SECRET` (or `JWT_SECRET_FILE`): key that signs session tokens, at least 32 bytes. Required.
    pub jwt_secret: Secret,
    /// `JWT_EXPIRES_IN`: lifetime of a session (default `7d`).
    pub session_lifetime: Duration,
    /// `REGISTRATION`: `open` or `closed` (default `closed` in production, else `open`).
    pub registration: Registration,
    /// How long an active session is cached. A constant that tests change.
    pub session_cache: Duration,
}

/// Who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone.
    Open,
    /// No one but the first administrator, who has the setup token.
    Closed,
}

impl Auth {
    /// Reads the variables above. Returns `None` if `env` has collected errors.
    pub(super) fn read(env: &mut Environment<'_>, app_env: AppEnv) -> Option<Self> {
        let jwt_secret = jwt_secret(env);
        let session_lifetime = env.or("JWT_EXPIRES_IN", "7d", env::duration);
        let registration = if app_env == AppEnv::Production { "closed" } else { "open" };
        let registration = env.or("REGISTRATION", registration, parse_registration);
        Some(Self {
            jwt_secret: jwt_secret?,
            session_lifetime: session_lifetime?,
            registration: registration?,
            session_cache: Duration::from_secs(5),
        })
    }
}

fn jwt_secret(env: &mut Environment<'_>) -> Option<Secret> {
    let Some(secret) = env.secret("JWT_SECRET") else {
        env.reject("JWT_SECRET", "is not set; set it to 32 or more random bytes, as from `openssl rand -hex 32`");
        return None;
    };
    match weakness(secret.expose()) {
        None => Some(secret),
        Some(weakness) => {
            env.reject("JWT_SECRET", format!("{weakness}; generate one with `openssl rand -hex 32`"));
            None
        }
    }
}

/// Minimum number of distinct bytes in a secret. 32 random hexadecimal digits practically never have fewer.
const MIN_DISTINCT_BYTES: usize = 8;

fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    let well_known = ["change", "secret", "your", "jwt", "password", "example", "default", "test"];
    let variety = secret.bytes().collect::<std::collections::HashSet<_>>().len();
    if secret.len() < 32 {
        Some("is shorter than 32 bytes")
    } else if well_known.iter().any(|word| lower.starts_with(word)) {
        Some("looks like a placeholder value")
    } else if variety < MIN_DISTINCT_BYTES {
        Some("repeats too few characters")
    } else {
        None
    }
}

fn parse_registration(text: &str) -> Result<Registration, String> {
    match text {
        "open" => Ok(Registration::Open),
        "closed" => Ok(Registration::Closed),
        _ => Err("must be open or closed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_short_well_known_and_repetitive_secrets() {
        for weak in ["short", "change_me_please_change_me_please_now", "secretsecretsecretsecretsecretsecret12"] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
        assert!(weakness(&"a".repeat(64)).is_some());
        assert!(weakness(&"abcd".repeat(16)).is_some());
        assert_eq!(weakness("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"), None);
    }
}
