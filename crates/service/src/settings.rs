//! Settings shared by several processes.

mod addresses;

use std::net::SocketAddr;

use crate::env::{Environment, Secret};

/// Kind of installation (`APP_ENV`, default `production`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    /// Strict: no usable defaults for secrets, registration closed.
    Production,
    /// For a developer's machine.
    Development,
    /// For `make demo`: listens on loopback, and the first account becomes administrator.
    Demo,
}

/// Log format (`LOG_FORMAT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Human-readable (default outside production).
    Pretty,
    /// One JSON object per line (default in production).
    Json,
}

/// Settings of every server process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `APP_ENV`: `production` (default), `development` or `demo`.
    pub app_env: AppEnv,
    /// `DATABASE_URL`: `sqlite:PATH` (default `sqlite:data/sora.db`) or `postgres://…`.
    pub database_url: Secret,
    /// `REDIS_URL`: default `redis://127.0.0.1:6379`; `rediss://` for TLS.
    pub redis_url: Secret,
    /// `REDIS_NAMESPACE`: prefix of all keys, holding one hash tag (default `{sora}:v1`).
    pub redis_namespace: String,
    /// `LOG_FORMAT`: `pretty` or `json`.
    pub log_format: LogFormat,
    /// `LOG_LEVEL`: `error`, `warn`, `info` (default), `debug`, `trace`, or per target as in `info,processor=debug`.
    pub log_level: String,
    /// `METRICS_LISTEN`: where `/metrics`, `/livez` and `/readyz` are served, such as
    /// `127.0.0.1:9464`; unset = not served.
    pub metrics_listen: Option<SocketAddr>,
}

/// Reads [`Settings`].
pub fn read(env: &mut Environment<'_>) -> Option<Settings> {
    let app_env = env.or("APP_ENV", "production", app_env);
    let format = if app_env == Some(AppEnv::Production) { "json" } else { "pretty" };
    let database_url = database_url(env);
    let redis_url = env.secret_or("REDIS_URL", "redis://127.0.0.1:6379");
    if let Err(remedy) = addresses::redis(redis_url.expose()) {
        env.reject("REDIS_URL", remedy);
    }
    let redis_namespace = env.or("REDIS_NAMESPACE", "{sora}:v1", namespace);
    let log_format = env.or("LOG_FORMAT", format, log_format);
    let log_level = env.or("LOG_LEVEL", "info", addresses::log_level);
    let metrics_listen = env.optional("METRICS_LISTEN", socket);
    Some(Settings {
        app_env: app_env?,
        database_url: database_url?,
        redis_url,
        redis_namespace: redis_namespace?,
        log_format: log_format?,
        log_level: log_level?,
        metrics_listen,
    })
}

/// Returns `APP_ENV`, or production if it is invalid, without recording errors. Defaults of other variables
/// depend on it.
#[must_use]
pub fn peek_app_env(env: &Environment<'_>) -> AppEnv {
    let text = env.peek("APP_ENV").unwrap_or_default();
    app_env(text.trim()).unwrap_or(AppEnv::Production)
}

/// Reads `DATABASE_URL` alone.
pub fn database_url(env: &mut Environment<'_>) -> Option<Secret> {
    let url = env.secret_or("DATABASE_URL", "sqlite:data/sora.db");
    match addresses::database(url.expose()) {
        Ok(()) => Some(url),
        Err(remedy) => {
            env.reject("DATABASE_URL", remedy);
            None
        }
    }
}

/// Reads `METRICS_LISTEN` for commands that require it.
pub fn metrics_listen_required(env: &mut Environment<'_>) -> Option<SocketAddr> {
    env.required("METRICS_LISTEN", "where the process answers probes, such as 127.0.0.1:9464", socket)
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port such as 127.0.0.1:9464".to_owned())
}

fn app_env(text: &str) -> Result<AppEnv, String> {
    match text {
        "production" => Ok(AppEnv::Production),
        "development" => Ok(AppEnv::Development),
        "demo" => Ok(AppEnv::Demo),
        _ => Err("must be production, development or demo".into()),
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be pretty or json".into()),
    }
}

fn namespace(text: &str) -> Result<String, String> {
    let tag = text.split_once('{').and_then(|(_, rest)| rest.split_once('}')).is_some_and(|(tag, _)| !tag.is_empty());
    if tag { Ok(text.to_owned()) } else { Err("must hold a hash tag, as in {sora}:v1".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_invalid_setting() {
        let lookup = |name: &str| match name {
            "APP_ENV" => Some("prod".to_owned()),
            "DATABASE_URL" => Some("mysql://secret@host/db".to_owned()),
            "REDIS_URL" => Some("http://secret@host".to_owned()),
            "REDIS_NAMESPACE" => Some("sora".to_owned()),
            "LOG_FORMAT" => Some("xml".to_owned()),
            "LOG_LEVEL" => Some("inof".to_owned()),
            _ => None,
        };
        let mut env = Environment::new(&lookup);
        let settings = read(&mut env);
        let mistakes = env.finish(settings).unwrap_err();
        let names: Vec<_> = mistakes.0.iter().map(|mistake| mistake.variable.as_str()).collect();
        assert_eq!(names, ["APP_ENV", "DATABASE_URL", "REDIS_URL", "REDIS_NAMESPACE", "LOG_FORMAT", "LOG_LEVEL"]);
        assert!(!mistakes.to_string().contains("secret"));
    }

    #[test]
    fn every_setting_has_a_default() {
        let mut env = Environment::new(&|_| None);
        let settings = read(&mut env);
        let settings = env.finish(settings).unwrap();
        assert_eq!((settings.app_env, settings.log_format), (AppEnv::Production, LogFormat::Json));
    }
}
