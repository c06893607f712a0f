//! The session's cookie: out of reach for script, and never sent along from other sites' forms.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Config;

/// On https the browser itself then guarantees `Secure`, `Path=/` and that no other host has set it.
const SECURE_NAME: &str = "__Host-session";
const PLAIN_NAME: &str = "session";

fn is_secure(config: &Config) -> bool {
    config.http.is_https()
}

fn name(config: &Config) -> &'static str {
    if is_secure(config) { SECURE_NAME } else { PLAIN_NAME }
}

/// The token in the request's cookie.
pub(crate) fn token<'a>(config: &Config, headers: &'a HeaderMap) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name(config)).map(|(_, token)| token)
}

/// Sets the cookie for as long as the session lasts.
pub(crate) fn set(config: &Config, token: &str) -> Option<HeaderValue> {
    build(config, token, config.auth.session_lifetime.as_secs())
}

/// Takes the cookie away.
pub(crate) fn clear(config: &Config) -> Option<HeaderValue> {
    build(config, "", 0)
}

fn build(config: &Config, token: &str, seconds: u64) -> Option<HeaderValue> {
    let secure = if is_secure(config) { "; Secure" } else { "" };
    let cookie = format!("{}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", name(config));
    HeaderValue::from_str(&cookie).ok()
}
