//! Session tokens: JWTs that hold the session's id. HS256 only, all claims required, no leeway.

use entity::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

const ISSUER: &str = "sora-gateway";
const AUDIENCE: &str = "sora-api";

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    jti: SessionId,
    iat: i64,
    exp: i64,
}

/// Signs and verifies tokens.
pub(crate) struct Tokens {
    signing: EncodingKey,
    reading: DecodingKey,
    rules: Validation,
}

impl Tokens {
    /// Creates the keys from `secret`.
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[ISSUER]);
        Self { signing: EncodingKey::from_secret(secret), reading: DecodingKey::from_secret(secret), rules }
    }

    /// Returns the token of a session.
    pub(crate) fn issue(&self, session: &entity::session::Model) -> Result<String, ApiError> {
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: session.user_id,
            jti: session.id,
            iat: session.created_at / 1_000,
            exp: session.expires_at / 1_000,
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(|error| ApiError::Internal(error.to_string()))
    }

    /// Returns the session and user of a valid token. Whether the session is active is not checked here.
    pub(crate) fn read(&self, token: &str) -> Option<(SessionId, UserId)> {
        let claims = decode::<Claims>(token, &self.reading, &self.rules).ok()?.claims;
        Some((claims.jti, claims.sub))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::clock;
    use entity::id::new_id;
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn session(expires_in: i64) -> entity::session::Model {
        let (created_at, expires_at) = (clock::system_ms(), clock::system_ms() + expires_in);
        entity::session::Model {
            id: new_id(),
            user_id: new_id(),
            user_agent: None,
            created_at,
            expires_at,
            revoked_at: None,
            last_seen_at: None,
        }
    }

    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(SECRET)).unwrap()
    }

    #[test]
    fn reads_what_it_issued() {
        let (tokens, session) = (Tokens::new(SECRET), session(60_000));
        assert_eq!(tokens.read(&tokens.issue(&session).unwrap()), Some((session.id, session.user_id)));
    }

    #[test]
    fn rejects_other_keys_expired_tokens_and_other_algorithms() {
        let tokens = Tokens::new(SECRET);
        let foreign = Tokens::new(b"another-key-another-key-another-").issue(&session(60_000)).unwrap();
        assert_eq!(tokens.read(&foreign), None);
        assert_eq!(tokens.read(&tokens.issue(&session(-2_000)).unwrap()), None);
        let claims = serde_json::to_value(claims()).unwrap();
        assert!(tokens.read(&signed(Algorithm::HS256, &claims)).is_some());
        assert_eq!(tokens.read(&signed(Algorithm::HS512, &claims)), None);
        let unsigned = signed(Algorithm::HS256, &claims);
        let (_, rest) = unsigned.split_once('.').unwrap();
        let (payload, _) = rest.split_once('.').unwrap();
        assert_eq!(tokens.read(&format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{payload}.")), None);
    }

    #[test]
    fn requires_every_claim() {
        let tokens = Tokens::new(SECRET);
        for missing in ["exp", "aud", "iss", "sub", "jti"] {
            let mut claims = serde_json::to_value(claims()).unwrap();
            claims.as_object_mut().unwrap().remove(missing);
            assert_eq!(tokens.read(&signed(Algorithm::HS256, &claims)), None, "{missing}");
        }
        for (name, wrong) in [("aud", json!("other")), ("iss", json!("other")), ("jti", json!("no id"))] {
            let mut claims = serde_json::to_value(claims()).unwrap();
            claims[name] = wrong;
            assert_eq!(tokens.read(&signed(Algorithm::HS256, &claims)), None, "{name}");
        }
    }

    fn claims() -> Claims {
        let (iat, exp) = (clock::system_ms() / 1_000, clock::system_ms() / 1_000 + 60);
        Claims { iss: ISSUER.into(), aud: AUDIENCE.into(), sub: new_id(), jti: new_id(), iat, exp }
    }
}
