//! The upstream's own names: for models, which often include orientation and length, and for sizes and lengths.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::Dialect;

/// A template such as `{model}-{orientation}-{seconds}s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelTemplate(String);

/// The placeholders of a template.
const PLACEHOLDERS: [&str; 4] = ["{model}", "{orientation}", "{seconds}", "{size}"];

impl ModelTemplate {
    /// The name for this combination, in the order of [`PLACEHOLDERS`].
    #[must_use]
    pub fn render(&self, model: &str, orientation: &str, seconds: &str, size: &str) -> String {
        let values = [model, orientation, seconds, size];
        PLACEHOLDERS
            .iter()
            .zip(values)
            .fold(self.0.clone(), |name, (placeholder, value)| name.replace(placeholder, value))
    }
}

impl ModelTemplate {
    /// The template of a dialect where none is set: model names of `chat` include orientation and length.
    #[must_use]
    pub fn default_of(dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Chat => "{model}-{orientation}-{seconds}s",
            Dialect::Videos => "{model}",
        }
    }
}

impl FromStr for ModelTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = PLACEHOLDERS.iter().fold(text.to_owned(), |text, placeholder| text.replace(placeholder, ""));
        if plain.contains(['{', '}']) {
            return Err(format!("may only contain the placeholders {}", PLACEHOLDERS.join(", ")));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Our names and the upstream's, where they differ: `10=8,15=12`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// The upstream's name for `ours`.
    #[must_use]
    pub fn of(&self, ours: &str) -> String {
        self.0.get(ours).map_or(ours, String::as_str).to_owned()
    }
}

impl FromIterator<(String, String)> for Names {
    /// Pairs of ours and theirs.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "must be pairs such as 10=8,15=12, each left side once";
        let mut names = BTreeMap::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (ours, theirs) = pair.split_once('=').ok_or(wrong)?;
            let (ours, theirs) = (ours.trim(), theirs.trim());
            if ours.is_empty() || theirs.is_empty() || names.insert(ours.to_owned(), theirs.to_owned()).is_some() {
                return Err(wrong.into());
            }
        }
        Ok(Self(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_its_placeholders_and_rejects_others() {
        let template: ModelTemplate = "{model}-{orientation}-{seconds}s-{size}".parse().unwrap();
        assert_eq!(template.render("sora2", "portrait", "15", "720x1280"), "sora2-portrait-15s-720x1280");
        assert!("{model}-{quality}".parse::<ModelTemplate>().is_err());
    }

    #[test]
    fn replaces_names_that_differ() {
        let names: Names = "10=8, 15=12".parse().unwrap();
        assert_eq!((names.of("10"), names.of("25")), ("8".into(), "25".into()));
        for wrong in ["10", "10=", "=8", "10=8,10=9"] {
            assert!(wrong.parse::<Names>().is_err(), "{wrong}");
        }
    }
}
