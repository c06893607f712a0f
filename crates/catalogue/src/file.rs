//! The file that `SORA_CATALOGUE` names, and the variables that it replaces.

use std::fs;

use service::env::Environment;

use crate::{Catalogue, TokenSource};

const VARIABLE: &str = "SORA_CATALOGUE";

/// Variables that are ignored when there is a file.
const REPLACED: [&str; 17] = [
    "SORA_MODELS",
    "SORA_SECONDS",
    "SORA_SIZES",
    "SORA_FREE",
    "SORA_API_URL",
    "SORA_API_TOKEN",
    "SORA_API_TOKEN_FILE",
    "SORA_API_DIALECT",
    "SORA_MODEL_TEMPLATE",
    "SORA_SECONDS_MAP",
    "SORA_SIZE_MAP",
    "SORA_MAX_CONCURRENCY",
    "SORA_IDLE_TIMEOUT",
    "SORA_STALL_TIMEOUT",
    "SORA_TOTAL_TIMEOUT",
    "SORA_LOST_AFTER",
    "SORA_POLL_INTERVAL",
];

impl Catalogue {
    /// Reads the file that `SORA_CATALOGUE` names. Returns `Some(None)` if the variable is not set, and `None` if `env`
    /// has collected the file's mistakes.
    pub fn read_file(env: &mut Environment<'_>) -> Option<Option<Self>> {
        let set = env.peek(VARIABLE).is_some_and(|path| !path.trim().is_empty());
        let catalogue = env.optional(VARIABLE, Self::load);
        if set { catalogue.map(Some) } else { Some(None) }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// All mistakes, a line each.
    pub fn load(path: &str) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("the file cannot be read: {error}; name a TOML file in UTF-8"))?;
        Self::parse(&text).map_err(|mistakes| {
            let lines = mistakes.iter().map(|mistake| format!("\n    {mistake}"));
            format!("the file has mistakes:{}", lines.collect::<String>())
        })
    }

    /// Returns the variables that are set although the file replaces them, unless a token is read from them.
    pub fn ignored_variables(&self, is_set: impl Fn(&str) -> bool) -> Vec<&'static str> {
        if !self.from_file {
            return Vec::new();
        }
        let tokens = || self.upstreams.iter().filter_map(|upstream| upstream.token.as_ref());
        let used = |name: &str| {
            let name = name.strip_suffix("_FILE").unwrap_or(name);
            tokens().any(|token| matches!(token, TokenSource::Variable(variable) if variable == name))
        };
        REPLACED.into_iter().filter(|name| is_set(name) && !used(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = r#"
        [[upstream]]
        name = "relay"
        url = "https://relay.example/v1/videos"
        token = "env:SORA_API_TOKEN"

        [[model]]
        name = "sora-2"
        seconds = [4, 8]
        sizes = ["1280x720"]
    "#;

    fn read(contents: Option<&str>) -> Result<Option<Catalogue>, String> {
        let path = std::env::temp_dir().join(format!("catalogue-file-{}.toml", std::process::id()));
        if let Some(contents) = contents {
            fs::write(&path, contents).unwrap();
        }
        let lookup = |name: &str| (name == VARIABLE).then(|| path.display().to_string());
        let mut env = Environment::new(&lookup);
        let catalogue = Catalogue::read_file(&mut env);
        let _ = fs::remove_file(&path);
        env.finish(catalogue).map_err(|errors| errors.to_string())
    }

    #[test]
    fn reads_the_file_or_reports_each_mistake_against_the_variable() {
        assert!(read(Some(MINIMAL)).unwrap().is_some_and(|catalogue| catalogue.from_file));
        let errors = read(Some("[[upstream]]\nname = 1\n")).unwrap_err();
        assert!(errors.contains("SORA_CATALOGUE: the file has mistakes:\n    line 1: "), "{errors}");
        assert!(errors.contains("\n    line 2: "), "{errors}");
        assert!(read(None).unwrap_err().contains("cannot be read"));
        let mut env = Environment::new(&|_| None);
        assert_eq!(Catalogue::read_file(&mut env), Some(None));
    }

    #[test]
    fn names_the_variables_that_the_file_replaces() {
        let catalogue = Catalogue::parse(MINIMAL).unwrap();
        let set = |name: &str| ["SORA_MODELS", "SORA_API_TOKEN", "SORA_API_TOKEN_FILE", "PUBLIC_URL"].contains(&name);
        assert_eq!(catalogue.ignored_variables(set), ["SORA_MODELS"]);
        let without_file = Catalogue::from_models(vec!["sora2".into()], &[10], &[], false);
        assert!(without_file.ignored_variables(|_| true).is_empty());
    }
}
