//! Servers that generate videos.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sora::{Dialect, ModelTemplate, Names, Timeouts};
use url::Url;

/// A server that generates videos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its name, which attempts are recorded with.
    pub name: String,
    /// Where requests are sent.
    pub url: Url,
    /// The API that it speaks.
    pub dialect: Dialect,
    /// Where its token is found.
    pub token: Option<TokenSource>,
    /// Number of jobs that it runs at a time; 0 = no limit. Administrators can change it.
    pub concurrency: u32,
    /// Its share of the jobs among upstreams of the same priority.
    pub weight: u32,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// The pause between polls where the upstream does not set one.
    pub poll_interval: Duration,
    /// Its names of models.
    pub model_template: ModelTemplate,
    /// Its names of lengths.
    pub seconds: Names,
    /// Its names of sizes.
    pub sizes: Names,
    /// Whether it gets new jobs. Those that it has accepted are finished in any case.
    pub enabled: bool,
}

impl Upstream {
    /// Returns the name of the upstream that the variables make: its address without the query, which may hold a key.
    #[must_use]
    pub fn name_by_address(url: &Url) -> String {
        let mut url = url.clone();
        url.set_query(None);
        url.to_string()
    }
}

/// Where a token is found. Only the processor reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `env:NAME`: in the variable, or in the file that `NAME_FILE` names.
    Variable(String),
    /// `file:PATH`: in the file.
    File(PathBuf),
}

impl TokenSource {
    /// Reads the token, without trailing line breaks. `lookup` returns variables.
    ///
    /// # Errors
    /// What is wrong and how to fix it, without the token.
    pub fn read(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let (text, place) = match self {
            Self::File(path) => (contents(path)?, path.display().to_string()),
            Self::Variable(name) => match (set(name), set(&format!("{name}_FILE"))) {
                (Some(value), None) => (value, name.clone()),
                (None, Some(path)) => (contents(Path::new(&path))?, path),
                (Some(_), Some(_)) => return Err(format!("{name} and {name}_FILE are set; keep one of the two")),
                (None, None) => return Err(format!("the variable {name} is not set; set it to the upstream's token")),
            },
        };
        let token = text.trim_end_matches(['\r', '\n']);
        let proper = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if proper { Ok(token.to_owned()) } else { Err(format!("{place} must be printable ASCII without spaces")) }
    }
}

impl FromStr for TokenSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let variable = |name: &str| {
            let characters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            characters && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        };
        match text.split_once(':') {
            Some(("env", name)) if variable(name) => Ok(Self::Variable(name.to_owned())),
            Some(("file", path)) if !path.trim().is_empty() => Ok(Self::File(path.into())),
            _ => Err("must say where the token is, never be the token: env:NAME (a variable) or file:PATH".into()),
        }
    }
}

fn contents(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("the token's file {} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tokens_from_variables_and_files_and_never_prints_them() {
        let folder = std::env::temp_dir().join(format!("catalogue-token-{}", std::process::id()));
        fs::write(&folder, "from-file\n").unwrap();
        let path = folder.display().to_string();
        let lookup = |name: &str| match name {
            "KEY" | "TWICE" => Some("from-variable".to_owned()),
            "OTHER_FILE" | "TWICE_FILE" => Some(path.clone()),
            "SPACED" => Some("hid den".to_owned()),
            _ => None,
        };
        let read = |text: &str| text.parse::<TokenSource>().and_then(|source| source.read(&lookup));
        assert_eq!(read("env:KEY").as_deref(), Ok("from-variable"));
        assert_eq!(read("env:OTHER").as_deref(), Ok("from-file"));
        assert_eq!(read(&format!("file:{path}")).as_deref(), Ok("from-file"));
        assert!(read("env:TWICE").unwrap_err().contains("TWICE_FILE"));
        assert!(read("env:MISSING").unwrap_err().contains("MISSING is not set"));
        assert!(read("file:/nonexistent/token").unwrap_err().contains("/nonexistent/token"));
        assert!(!read("env:SPACED").unwrap_err().contains("den "));
        for wrong in ["sk-hidden", "env:", "env:two words", "file:", "env:1ST"] {
            assert!(!read(wrong).unwrap_err().contains("hidden"), "{wrong}");
        }
        fs::remove_file(folder).unwrap();
    }
}
