//! Reads the configuration from environment variables, through a lookup function that tests can replace.
//!
//! Every variable is parsed into its final type. *All* errors are collected and reported at once; each names the
//! variable and the remedy, and never prints the value. Parsers return the remedy as their error.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use url::Url;

/// Exit status for an invalid configuration (`EX_CONFIG` of sysexits.h).
pub const EXIT_CONFIGURATION: i32 = 78;

/// A value whose `Debug` output is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Returns the value.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An invalid variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Name of the variable.
    pub variable: String,
    /// What is wrong and how to fix it; never contains the value.
    pub remedy: String,
}

/// All errors in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is wrong:")?;
        self.0.iter().try_for_each(|ConfigError { variable, remedy }| write!(f, "\n  {variable}: {remedy}"))
    }
}

/// A variable that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Name of the variable.
    pub variable: String,
    /// Default value, if there is one.
    pub default: Option<String>,
}

/// Reads variables, and records their errors and which variables were read.
pub struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<ConfigError>,
    asked: Vec<Variable>,
}

impl<'a> Environment<'a> {
    /// Creates a reader that looks variables up with `lookup`.
    #[must_use]
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, mistakes: Vec::new(), asked: Vec::new() }
    }

    /// Reads a variable that may be unset. A blank value counts as unset.
    pub fn optional<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.ask(name, None).filter(|text| !text.trim().is_empty())?;
        self.parsed(name, text.trim(), parse)
    }

    /// Reads a variable with a default.
    pub fn or<T>(&mut self, name: &str, default: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.ask(name, Some(default)).filter(|text| !text.trim().is_empty());
        self.parsed(name, text.as_deref().unwrap_or(default).trim(), parse)
    }

    /// Reads a variable that must be set; `hint` describes the value in the error.
    pub fn required<T>(&mut self, name: &str, hint: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.ask(name, None).is_none_or(|text| text.trim().is_empty()) {
            self.reject(name, format!("is not set; set it to {hint}"));
            return None;
        }
        self.optional(name, parse)
    }

    /// Reads a secret from the variable itself or from the file that `NAME_FILE` names, without trailing line breaks.
    pub fn secret(&mut self, name: &str) -> Option<Secret> {
        let variable = format!("{name}_FILE");
        let path = (self.lookup)(&variable).filter(|path| !path.is_empty());
        let bare = |value: &str| Secret::new(value.trim_end_matches(['\r', '\n']));
        if let Some(value) = self.ask(name, None).filter(|value| !value.is_empty()) {
            if path.is_some() {
                self.reject(&variable, format!("{name} is set too; keep one of the two"));
            }
            return Some(bare(&value));
        }
        match std::fs::read_to_string(path?) {
            Ok(value) => Some(bare(&value)),
            Err(error) => {
                self.reject(&variable, format!("cannot be read: {error}"));
                None
            }
        }
    }

    /// Like [`Environment::secret`], with a default.
    pub fn secret_or(&mut self, name: &str, default: &str) -> Secret {
        self.ask(name, Some(default));
        self.secret(name).unwrap_or_else(|| Secret::new(default))
    }

    /// Returns every variable that was read, in order, without the `NAME_FILE` variants of secrets.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.asked
    }

    /// Returns a variable unvalidated and unrecorded, to derive the defaults of others.
    #[must_use]
    pub fn peek(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// Records an error, such as one that only a combination of variables causes.
    pub fn reject(&mut self, variable: &str, remedy: impl Into<String>) {
        self.mistakes.push(ConfigError { variable: variable.to_owned(), remedy: remedy.into() });
    }

    /// Returns the configuration, or all recorded errors.
    pub fn finish<T>(self, configuration: Option<T>) -> Result<T, ConfigErrors> {
        match configuration {
            Some(configuration) if self.mistakes.is_empty() => Ok(configuration),
            _ => Err(ConfigErrors(self.mistakes)),
        }
    }

    fn ask(&mut self, name: &str, default: Option<&str>) -> Option<String> {
        if self.asked.iter().all(|asked| asked.variable != name) {
            let default = default.filter(|default| !default.is_empty()).map(ToOwned::to_owned);
            self.asked.push(Variable { variable: name.to_owned(), default });
        }
        (self.lookup)(name)
    }

    fn parsed<T>(&mut self, name: &str, text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        parse(text).map_err(|remedy| self.reject(name, remedy)).ok()
    }
}

/// Reads a configuration from the process's environment. Prints all errors and exits with status 78 if there are any.
pub fn read_or_exit<T>(read: impl Fn(&mut Environment<'_>) -> Option<T>) -> T {
    let unreadable = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        let text = std::env::var_os(name)?.into_string();
        text.map_err(|_| unreadable.borrow_mut().insert(name.to_owned())).ok()
    };
    let mut environment = Environment::new(&lookup);
    let configuration = read(&mut environment);
    for name in unreadable.take() {
        environment.mistakes.retain(|mistake| mistake.variable != name);
        environment.reject(&name, "must be valid UTF-8");
    }
    environment.finish(configuration).unwrap_or_else(|mistakes| {
        eprintln!("{mistakes}");
        std::process::exit(EXIT_CONFIGURATION)
    })
}

/// Accepts any text.
pub fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// Parses a whole number within `T`'s range.
pub fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "must be a whole number in range".to_owned())
}

/// Parses `true` or `false`.
pub fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false".to_owned())
}

/// Maximum duration in milliseconds: ten years.
const LONGEST: u64 = 3_650 * 86_400_000;

/// Parses a duration of at most ten years: `500ms`, `30s`, `5m`, `12h`, `7d`; a bare number is seconds.
/// Rejects 0.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "ms" => Some(1),
        "" | "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let millis = factor.and_then(|factor: u64| number.parse::<u64>().ok()?.checked_mul(factor));
    millis
        .filter(|millis| (1..=LONGEST).contains(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| "must be a duration such as 500ms, 30s, 10m, 7d, at most 3650d".into())
}

/// Parses an `http` or `https` URL with a host.
pub fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| "must be an address such as https://host/path".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "PORT" => "eighty",
            "TTL" => "2m",
            "BLANK" => "  ",
            "KEY" => "hunter2hunter2",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn reports_all_errors_at_once_without_values() {
        let mut env = Environment::new(&lookup);
        let port = env.or("PORT", "80", number::<u16>);
        let missing = env.required("NAME", "a name", text);
        let key = env.secret("KEY");
        assert_eq!((port, missing.clone()), (None, None));
        assert_eq!(format!("{key:?}"), "Some([secret])");
        let mistakes = env.finish(missing).unwrap_err();
        assert_eq!(
            mistakes.to_string(),
            "the configuration is wrong:\n  PORT: must be a whole number in range\n  NAME: is not set; set it to a name"
        );
    }

    #[test]
    fn secret_has_one_source_and_no_trailing_newline() {
        let lookup = |name: &str| match name {
            "KEY" | "TWICE" => Some("hunter2\n".to_owned()),
            "TWICE_FILE" => Some("/nowhere".to_owned()),
            _ => None,
        };
        let mut env = Environment::new(&lookup);
        assert_eq!(env.secret("KEY").unwrap().expose(), "hunter2");
        env.secret("TWICE");
        let mistakes = env.finish(Some(())).unwrap_err();
        assert_eq!(
            mistakes.0[0],
            ConfigError { variable: "TWICE_FILE".into(), remedy: "TWICE is set too; keep one of the two".into() }
        );
    }

    #[test]
    fn records_variables_and_their_defaults() {
        let mut env = Environment::new(&|_| None);
        env.or("PORT", "80", number::<u16>);
        env.required("NAME", "a name", text);
        env.secret_or("URL", "sqlite:x");
        env.required("NAME", "a name", text);
        let asked: Vec<_> =
            env.variables().iter().map(|asked| (asked.variable.as_str(), asked.default.as_deref())).collect();
        assert_eq!(asked, [("PORT", Some("80")), ("NAME", None), ("URL", Some("sqlite:x"))]);
    }

    #[test]
    fn treats_blank_as_unset() {
        let mut env = Environment::new(&lookup);
        assert_eq!(env.or("BLANK", "5", number::<u8>), Some(5));
        assert_eq!(env.optional("BLANK", text), None);
        assert_eq!(env.or("TTL", "30s", duration), Some(Duration::from_secs(120)));
    }

    #[test]
    fn parses_durations() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "0", "-1s", "1y", "1.5s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
