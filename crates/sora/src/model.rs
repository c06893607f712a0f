//! The upstream's name for a model, which carries shape and length in many dialects.

use std::str::FromStr;

/// A template such as `{model}-{orientation}-{seconds}s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelTemplate(String);

impl ModelTemplate {
    /// The name for this combination.
    #[must_use]
    pub fn render(&self, model: &str, orientation: &str, seconds: u32) -> String {
        let seconds = seconds.to_string();
        self.0.replace("{model}", model).replace("{orientation}", orientation).replace("{seconds}", &seconds)
    }
}

impl FromStr for ModelTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.replace("{model}", "").replace("{orientation}", "").replace("{seconds}", "");
        if plain.contains(['{', '}']) {
            return Err("may only hold the places {model}, {orientation} and {seconds}".into());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_its_places_and_refuses_others() {
        let template: ModelTemplate = "{model}-{orientation}-{seconds}s".parse().unwrap();
        assert_eq!(template.render("sora2", "portrait", 15), "sora2-portrait-15s");
        assert!("{model}-{size}".parse::<ModelTemplate>().is_err());
    }
}
