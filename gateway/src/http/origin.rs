//! Allowed origins and host names. Both are compared exactly: no wildcards, no suffixes.

use std::collections::HashSet;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Origin;

use crate::config::Config;
use crate::error::ApiError;

/// The allowed origins, and the host names that belong to them.
pub(crate) struct Origins {
    origins: HashSet<String>,
    hosts: HashSet<String>,
}

impl Origins {
    /// Creates the set from the configured origins.
    pub(crate) fn new(origins: &[Origin]) -> Self {
        Self {
            origins: origins.iter().map(Origin::ascii_serialization).collect(),
            hosts: origins.iter().flat_map(hosts).collect(),
        }
    }

    /// Requires exactly one `Origin` header, with an allowed origin.
    ///
    /// # Errors
    /// [`ApiError::ForbiddenOrigin`] otherwise.
    pub(crate) fn require(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut given = headers.get_all(header::ORIGIN).iter();
        let allowed = |origin: &str| self.origins.contains(origin);
        match (given.next().and_then(|origin| origin.to_str().ok()), given.next()) {
            (Some(origin), None) if allowed(origin) => Ok(()),
            _ => Err(ApiError::ForbiddenOrigin),
        }
    }

    /// Whether the value of a `Host` header belongs to an allowed origin.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        self.hosts.contains(&host.to_ascii_lowercase())
    }
}

/// Returns the values that `Host` may have for an origin. It may contain the port even if that is the scheme's default.
fn hosts(origin: &Origin) -> Vec<String> {
    let Origin::Tuple(scheme, host, port) = origin else {
        return Vec::new();
    };
    let mut names = vec![format!("{host}:{port}")];
    if matches!((scheme.as_str(), port), ("http", 80) | ("https", 443)) {
        names.push(host.to_string());
    }
    names
}

/// Whether requests with this method may change state.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a page in a browser sent the request. Browsers set these headers themselves; pages cannot remove them.
pub(crate) fn is_from_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// CORS layer that lets pages of the allowed origins call the API with the session cookie.
pub(crate) fn cors(config: &Config) -> CorsLayer {
    let origins =
        config.http.origins.iter().filter_map(|origin| HeaderValue::from_str(&origin.ascii_serialization()).ok());
    // `date`: the page corrects its clock by it.
    let exposed = [
        "date",
        "etag",
        "location",
        "preference-applied",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-request-id",
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(
            [
                "authorization",
                "content-type",
                "idempotency-key",
                "if-none-match",
                "last-event-id",
                "mcp-method",
                "mcp-name",
                "mcp-protocol-version",
                "prefer",
                "range",
                "x-request-id",
            ]
            .map(HeaderName::from_static),
        )
        .expose_headers(exposed.map(HeaderName::from_static))
        .max_age(Duration::from_secs(600))
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn origins() -> Origins {
        Origins::new(&["https://sora.example", "http://localhost:3000"].map(|url| Url::parse(url).unwrap().origin()))
    }

    #[test]
    fn requires_an_exact_origin() {
        let allowed = |origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            origins().require(&headers).is_ok()
        };
        assert!(allowed("https://sora.example") && allowed("http://localhost:3000"));
        for wrong in [
            "null",
            "",
            "http://sora.example",
            "https://evil.sora.example",
            "https://sora.example.evil",
            "https://sora.example:8443",
            "http://localhost",
            "http://localhost:3001",
        ] {
            assert!(!allowed(wrong), "{wrong}");
        }
        assert!(origins().require(&HeaderMap::new()).is_err());
    }

    #[test]
    fn accepts_only_hosts_of_allowed_origins() {
        for host in ["sora.example", "SORA.example:443", "localhost:3000"] {
            assert!(origins().is_host(host), "{host}");
        }
        for host in ["", "localhost", "127.0.0.1:3000", "sora.example:80", "evil.example"] {
            assert!(!origins().is_host(host), "{host}");
        }
    }
}
