//! Removes secrets from the upstream's messages before any of them is stored: an upstream may repeat what it was sent.
//! Pure.

use sora::Failure;

/// Removes `tokens` from a failure's texts, and the queries of addresses, which may be as good as a key.
pub(crate) fn redact(failure: Failure, tokens: &[&str]) -> Failure {
    let redact = |text: String| {
        let tokens = tokens.iter().filter(|token| !token.is_empty());
        strip_queries(&tokens.fold(text, |text, token| text.replace(token, "[token]")))
    };
    let Failure { outcome, detail, reason, evidence, retry_after } = failure;
    let (reason, evidence) = (reason.map(redact), evidence.map(redact));
    Failure { outcome, detail: redact(detail), reason, evidence, retry_after }
}

fn strip_queries(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        // The host can be an IPv6 address in brackets.
        let host = if after.starts_with('[') { after.find(']').map_or(0, |end| end + 1) } else { 0 };
        let ends = |c: char| c.is_whitespace() || "\"'`<>()[]{}|,".contains(c);
        let end = after[host..].find(ends).map_or(after.len(), |end| host + end);
        let (address, remainder) = after.split_at(end);
        let (shown, query) = address.split_once('?').map_or((address, ""), |(shown, _)| (shown, "?…"));
        redacted.extend([before, "://", shown, query]);
        rest = remainder;
    }
    redacted.push_str(rest);
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;
    use sora::Outcome;

    #[test]
    fn removes_the_token_and_the_queries_of_addresses() {
        let detail = "HTTP 401: no such key: hunter2 (see https://a.example/x?sig=1, \"http://b/c?d=2\" and a://b)";
        let failure = Failure { reason: Some("hunter2?".into()), ..Failure::new(Outcome::Unauthorised, detail) };
        let redacted = redact(failure, &["hunter2"]);
        assert_eq!(
            redacted.detail,
            "HTTP 401: no such key: [token] (see https://a.example/x?…, \"http://b/c?…\" and a://b)"
        );
        assert_eq!(redacted.reason.as_deref(), Some("[token]?"));
        let literal = redact(Failure::new(Outcome::Busy, "at http://[2001:db8::1]:8080/v.mp4?sig=1, [::1]"), &[]);
        assert_eq!(literal.detail, "at http://[2001:db8::1]:8080/v.mp4?…, [::1]");
        let plain = Failure::new(Outcome::Busy, "what? 1://2");
        assert_eq!(redact(plain.clone(), &[""]), plain);
    }
}
