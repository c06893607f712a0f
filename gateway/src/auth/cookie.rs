//! The session cookie: unreadable by scripts, and not sent along by other sites' forms.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::config::Config;

/// The `__Host-` prefix makes browsers require `Secure`, `Path=/` and that this very host set the cookie.
const SECURE_NAME: &str = "__Host-session";
const PLAIN_NAME: &str = "session";

fn name(config: &Config) -> &'static str {
    if config.http.is_https() { SECURE_NAME } else { PLAIN_NAME }
}

/// Returns the token in the request's cookie; of several cookies with the name, in the first one.
pub(crate) fn token(config: &Config, headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name(config)).map(|cookie| cookie.value().to_owned())
}

/// Returns the `Set-Cookie` header of a new session.
pub(crate) fn set(config: &Config, token: &str) -> Option<HeaderValue> {
    set_cookie(config, token, config.auth.session_lifetime)
}

/// Returns the `Set-Cookie` header that removes the cookie.
pub(crate) fn clear(config: &Config) -> Option<HeaderValue> {
    set_cookie(config, "", Duration::ZERO)
}

fn set_cookie(config: &Config, token: &str, max_age: Duration) -> Option<HeaderValue> {
    let cookie = Cookie::build((name(config), token))
        .path("/")
        .max_age(max_age.try_into().ok()?)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.http.is_https());
    HeaderValue::from_str(&cookie.to_string()).ok()
}
