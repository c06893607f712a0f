//! Lock files: crates come from crates.io, and no npm lock file records a download address, so that any registry mirror
//! can be used.

use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::read;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks Cargo.lock and every package-lock.json under version control.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let mut violations = cargo(&read("Cargo.lock")?)?;
    let output = Command::new("git").args(["ls-files", "*package-lock.json"]).output().context("git ls-files")?;
    for file in String::from_utf8_lossy(&output.stdout).lines() {
        let lock = serde_json::from_str(&read(file)?).with_context(|| file.to_owned())?;
        violations.extend(npm(file, &lock));
    }
    Ok(violations)
}

fn cargo(lock: &str) -> anyhow::Result<Vec<String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let foreign = packages.filter_map(|package| {
        let text = |key| package.get(key).and_then(toml::Value::as_str);
        let source = text("source").filter(|source| *source != CRATES_IO)?;
        Some(format!("Cargo.lock: {} comes from {source} (use crates.io)", text("name").unwrap_or_default()))
    });
    Ok(foreign.collect())
}

fn npm(file: &str, lock: &Value) -> Vec<String> {
    let packages = lock["packages"].as_object().into_iter().flatten();
    let resolved =
        packages.filter(|(_, package)| package["resolved"].as_str().is_some_and(|address| address.contains("://")));
    let rule = "set omit-lockfile-registry-resolved in .npmrc";
    resolved.map(|(name, _)| format!("{file}: {name} has a download address ({rule})")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_crates_from_other_registries() {
        let lock = format!(
            "[[package]]\nname = \"local\"\n[[package]]\nname = \"good\"\nsource = \"{CRATES_IO}\"\n\
             [[package]]\nname = \"bad\"\nsource = \"sparse+https://mirror.example/\"\n"
        );
        let violations = cargo(&lock).expect("valid TOML");
        assert_eq!(violations, ["Cargo.lock: bad comes from sparse+https://mirror.example/ (use crates.io)"]);
    }

    #[test]
    fn reports_npm_packages_with_a_download_address() {
        let lock = json!({"packages": {
            "": {"name": "root"},
            "node_modules/linked": {"resolved": "../linked", "link": true},
            "node_modules/bad": {"resolved": "https://mirror.example/bad.tgz"},
        }});
        let violations = npm("package-lock.json", &lock);
        assert_eq!(violations.len(), 1);
        assert!(violations[0].contains("node_modules/bad"), "{violations:?}");
    }
}
