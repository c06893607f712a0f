//! Validates database and Redis URLs and the log filter while the configuration is read. Their drivers would report an
//! invalid value later and print all of it, including a password.

use std::fs::File;

use url::Url;

/// Accepted query parameters of a PostgreSQL URL. The driver ignores unknown ones, even a misspelt `sslmode`.
const PARAMETERS: [&str; 8] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "application_name", "options", "statement-cache-capacity"];

/// Parameters whose value is a file.
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Validates a `DATABASE_URL`.
pub(super) fn database(text: &str) -> Result<(), String> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        let bare = !path.is_empty() && !path.contains(['?', '#']);
        return if bare { Ok(()) } else { Err("must be a path and nothing else after sqlite:".to_owned()) };
    }
    let url = ["postgres:", "postgresql:"].iter().any(|scheme| text.starts_with(scheme)).then(|| Url::parse(text).ok());
    let url = url.flatten().filter(|url| url.fragment().is_none() && url.has_authority()).ok_or(
        "must be sqlite:PATH or postgres://user:password@host:5432/database, with # / ? @ : and % in a password \
         written as %23 %2F %3F %40 %3A %25",
    )?;
    url.query_pairs().try_for_each(|(name, value)| parameter(&name, &value))
}

fn parameter(name: &str, value: &str) -> Result<(), String> {
    if !PARAMETERS.contains(&name) {
        return Err(format!("has an unknown parameter; known are {}", PARAMETERS.join(", ")));
    }
    if name == "sslmode" && !MODES.contains(&value) {
        return Err(format!("must have one of {} as its sslmode", MODES.join(", ")));
    }
    if FILES.contains(&name)
        && let Err(error) = File::open(value)
    {
        return Err(format!("has a {name} that cannot be read: {error}"));
    }
    Ok(())
}

/// Validates a `REDIS_URL`.
pub(super) fn redis(text: &str) -> Result<(), String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host());
    let url = url.filter(|url| {
        let database = url.path().trim_start_matches('/');
        url.fragment().is_none() && url.query().is_none() && (database.is_empty() || database.parse::<u32>().is_ok())
    });
    url.map(|_| ()).ok_or_else(|| {
        "must be an address such as redis://:password@host:6379, or rediss:// for TLS, with # / ? @ : and % in a \
         password written as %23 %2F %3F %40 %3A %25"
            .to_owned()
    })
}

/// Validates a log filter: a level, and levels per target. An invalid level would silence the log.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    let level = |word: &str| {
        ["off", "error", "warn", "info", "debug", "trace"].iter().any(|level| word.eq_ignore_ascii_case(level))
    };
    let proper = |part: &str| match part.split_once('=') {
        Some((target, word)) => {
            level(word) && !target.is_empty() && target.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b))
        }
        None => level(part),
    };
    let wrong = "must be error, warn, info, debug, trace or off, or per target as in info,processor=debug";
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.iter().all(|part| proper(part)) { Ok(parts.join(",")) } else { Err(wrong.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_drivers_accept() {
        for good in [
            "sqlite:data/sora.db",
            "sqlite:/var/lib/sora.db",
            "sqlite:///var/lib/sora.db",
            "postgres://sora:a%23b@host:5432/sora?sslmode=verify-full&sslrootcert=/dev/null",
            "postgresql://sora@[::1]/sora",
            "postgres:///sora?host=/run/postgresql",
        ] {
            assert_eq!(database(good), Ok(()), "{good}");
        }
        for good in ["redis://127.0.0.1:6379", "rediss://user:p@redis.example:6379/2", "redis://:p@host/"] {
            assert_eq!(redis(good), Ok(()), "{good}");
        }
        for good in ["info", "WARN", "info,processor=debug,access=off", "error, gateway::live=trace"] {
            let filter = log_level(good).unwrap();
            assert!(tracing_subscriber::EnvFilter::try_new(&filter).is_ok() && !filter.contains(' '), "{good}");
        }
    }

    #[test]
    fn rejects_invalid_values_without_printing_them() {
        for bad in [
            "mysql://u:hidden@host/db",
            "postgres:hidden",
            "postgres://u:p#hidden@host/db",
            "postgres://u:hidden@[bad/db",
            "postgres://u:hidden@host:99999/db",
            "postgres://u@host/db?sslmod=hidden",
            "postgres://u@host/db?sslpassword=hidden",
            "postgres://u@host/db?sslmode=hidden",
            "postgres://u@host/db?sslrootcert=/nowhere/hidden",
            "sqlite:",
            "sqlite:x.db?mode=hidden",
        ] {
            let remedy = database(bad).unwrap_err();
            assert!(!remedy.contains("hidden"), "{bad}: {remedy}");
        }
        for bad in [
            "http://hidden@host",
            "redis://",
            "redis://:hidden@host:99999",
            "redis://host/hidden",
            "redis://:p#hidden@h",
        ] {
            assert!(!redis(bad).unwrap_err().contains("hidden"), "{bad}");
        }
        for bad in ["inof", "nonsense", "info,=debug", "processor=loud", ""] {
            assert!(log_level(bad).is_err(), "{bad}");
        }
    }
}
