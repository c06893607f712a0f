//! Signatures with keys derived from `JWT_SECRET`, and random secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Size of a derived key, a random secret or a signature, in bytes.
const BYTES: usize = 32;

/// Signs for one purpose. A signature is invalid for any other purpose, and as a session token.
pub(crate) struct Signer([u8; BYTES]);

impl Signer {
    /// Derives the key for `purpose` from `secret`.
    pub(crate) fn new(secret: &[u8], purpose: &str) -> Self {
        Self(mac(secret, purpose.as_bytes()))
    }

    /// Returns the signature of `text`, in hexadecimal.
    pub(crate) fn sign(&self, text: &str) -> String {
        hex::encode(mac(&self.0, text.as_bytes()))
    }

    /// Whether `signature` is the signature of `text`, compared in constant time.
    pub(crate) fn is_signature(&self, text: &str, signature: &str) -> bool {
        constant_time_eq(&self.sign(text), signature)
    }
}

/// Compares two secrets in a time that depends on their lengths only.
pub(crate) fn constant_time_eq(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Returns 256 random bits, in hexadecimal.
pub(crate) fn random() -> String {
    hex::encode(rand::random::<[u8; BYTES]>())
}

/// Returns a secret that signs webhooks: `whsec_` and 256 random bits in base64, as Standard Webhooks says.
pub(crate) fn webhook_secret() -> String {
    format!("whsec_{}", STANDARD.encode(rand::random::<[u8; BYTES]>()))
}

/// Returns the SHA-256, in hexadecimal.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Returns the HMAC-SHA256 with the SHA-256 of `key` as its key.
fn mac(key: &[u8], text: &[u8]) -> [u8; BYTES] {
    let mut block = [0; 64];
    block[..BYTES].copy_from_slice(&Sha256::digest(key));
    Hmac::<Sha256>::new(&block.into()).chain_update(text).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_only_the_same_text_purpose_and_secret() {
        let signature = Signer::new(b"secret", "shares").sign("text");
        assert_eq!(signature.len(), 64);
        assert!(Signer::new(b"secret", "shares").is_signature("text", &signature));
        assert!(!Signer::new(b"secret", "shares").is_signature("texts", &signature));
        assert!(!Signer::new(b"secret", "set-up").is_signature("text", &signature));
        assert!(!Signer::new(b"other", "shares").is_signature("text", &signature));
        assert!(!Signer::new(b"secret", "shares").is_signature("text", ""));
    }

    #[test]
    fn random_secrets_are_unique() {
        assert_ne!(random(), random());
        assert_eq!(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
