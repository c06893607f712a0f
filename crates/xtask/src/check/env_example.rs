//! `.env.example`: the list of variables, by the process that reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use anyhow::ensure;
use regex::Regex;

use super::markdown::regex;
use super::read;

/// The section of the variables that both processes read.
const SHARED: &str = "Both processes";

static SECTION: LazyLock<Regex> = LazyLock::new(|| regex(r"^# ── ([\w ]+?)(?: \(.*\))? ─"));
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r"^#?([A-Z][A-Z0-9_]*)="));

/// Variables by section.
#[derive(Debug, Default)]
pub(super) struct EnvExample(BTreeMap<String, BTreeSet<String>>);

impl EnvExample {
    /// Reads the file.
    pub(super) fn read() -> anyhow::Result<Self> {
        let example = Self::parse(&read(".env.example")?);
        for section in [SHARED, "gateway", "processor"] {
            ensure!(example.0.contains_key(section), ".env.example has no section \"{section}\"");
        }
        Ok(example)
    }

    /// Parses sections and variables; a variable that is commented out counts.
    pub(super) fn parse(text: &str) -> Self {
        let mut example = Self::default();
        let mut section = String::new();
        for line in text.lines() {
            if let Some(found) = SECTION.captures(line) {
                found[1].clone_into(&mut section);
                example.0.entry(section.clone()).or_default();
            } else if let Some(found) = VARIABLE.captures(line) {
                example.0.entry(section.clone()).or_default().insert(found[1].to_owned());
            }
        }
        example
    }

    /// The variables that both processes read.
    pub(super) fn shared(&self) -> BTreeSet<String> {
        self.section(SHARED)
    }

    /// The variables that only `process` reads.
    pub(super) fn only(&self, process: &str) -> BTreeSet<String> {
        self.section(process)
    }

    /// Whether the file describes a variable.
    pub(super) fn contains(&self, variable: &str) -> bool {
        self.0.values().any(|section| section.contains(variable))
    }

    fn section(&self, name: &str) -> BTreeSet<String> {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigns_variables_to_their_section() {
        let text =
            "# ── Both processes ───\nA=1\n# About B\n#B=\n# ── gateway (HTTP) ───\n#C=\n# ── processor ───\nD=\n";
        let example = EnvExample::parse(text);
        assert_eq!(example.shared(), BTreeSet::from(["A".into(), "B".into()]));
        assert_eq!(example.only("gateway"), BTreeSet::from(["C".into()]));
        assert!(example.contains("D") && !example.contains("E"));
    }
}
