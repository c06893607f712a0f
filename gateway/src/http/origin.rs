//! Where a request comes from and under which name it reached us. Both are compared exactly: no wildcard, no suffix.

use std::collections::HashSet;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Origin;

use crate::config::Config;
use crate::error::ApiError;

/// The origins of our pages, and the host names that go with them.
pub(crate) struct Origins {
    origins: HashSet<String>,
    hosts: HashSet<String>,
}

impl Origins {
    /// Out of the configuration.
    pub(crate) fn new(origins: &[Origin]) -> Self {
        Self {
            origins: origins.iter().map(Origin::ascii_serialization).collect(),
            hosts: origins.iter().flat_map(hosts).collect(),
        }
    }

    /// Demands that the request comes from one of our pages.
    ///
    /// # Errors
    /// [`ApiError::ForbiddenOrigin`]: no `Origin`, `null`, or any other one.
    pub(crate) fn require(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut given = headers.get_all(header::ORIGIN).iter();
        let ours = |origin: &str| self.origins.contains(origin);
        match (given.next().and_then(|origin| origin.to_str().ok()), given.next()) {
            (Some(origin), None) if ours(origin) => Ok(()),
            _ => Err(ApiError::ForbiddenOrigin),
        }
    }

    /// Whether `host`, a value of the `Host` header, is one of the server's.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        self.hosts.contains(&host.to_ascii_lowercase())
    }
}

/// The values of `Host` under which an origin is reached: the port may stand there even where it is the scheme's own.
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

/// Whether the request changes something.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser's page makes the request, which browsers say themselves.
pub(crate) fn is_from_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// A layer: lets pages from `ALLOWED_ORIGINS` call the API, with the cookie and with what they need to read.
pub(crate) fn cross_origin(config: &Config) -> CorsLayer {
    let origins =
        config.http.origins.iter().filter_map(|origin| HeaderValue::from_str(&origin.ascii_serialization()).ok());
    let told = ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(
            ["authorization", "content-type", "idempotency-key", "if-none-match", "range", "x-request-id"]
                .map(HeaderName::from_static),
        )
        .expose_headers(told.map(HeaderName::from_static))
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
    fn demands_an_exact_origin() {
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
    fn knows_its_own_names() {
        for host in ["sora.example", "SORA.example:443", "localhost:3000"] {
            assert!(origins().is_host(host), "{host}");
        }
        for host in ["", "localhost", "127.0.0.1:3000", "sora.example:80", "evil.example"] {
            assert!(!origins().is_host(host), "{host}");
        }
    }
}
