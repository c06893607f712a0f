//! The headers of a webhook, by the Standard Webhooks specification 1.0.0.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

/// What secrets begin with.
const SECRET_PREFIX: &str = "whsec_";

/// The headers of an attempt at `timestamp` (seconds since 1970), with a signature by each secret. Returns `None` if a
/// secret is not `whsec_` and base64.
pub(super) fn headers<'a>(
    secrets: impl Iterator<Item = &'a str>,
    event: &str,
    timestamp: i64,
    body: &str,
) -> Option<HeaderMap> {
    let content = format!("{event}.{timestamp}.{body}");
    let signatures: Option<Vec<_>> = secrets.map(|secret| sign(secret, &content)).collect();
    let text = |text: &str| HeaderValue::from_str(text).ok();
    let headers = [
        (CONTENT_TYPE, text("application/json")?),
        (USER_AGENT, text(concat!("sora-webhooks/", env!("CARGO_PKG_VERSION")))?),
        (HeaderName::from_static("webhook-id"), text(event)?),
        (HeaderName::from_static("webhook-timestamp"), text(&timestamp.to_string())?),
        (HeaderName::from_static("webhook-signature"), text(&signatures?.join(" "))?),
    ];
    Some(headers.into_iter().collect())
}

fn sign(secret: &str, content: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(content.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_the_example_of_the_specification() {
        let headers = headers(
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].into_iter(),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(headers.unwrap()["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn signs_with_each_secret() {
        let secrets = ["whsec_AAAA", "whsec_BBBB"];
        let headers = headers(secrets.into_iter(), "evt_1", 1, "{}").unwrap();
        assert_eq!(headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
        assert!(super::headers(["plain"].into_iter(), "evt_1", 1, "{}").is_none());
    }
}
