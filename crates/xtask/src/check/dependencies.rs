//! The dependency graph: which crate may use which, as the map in ARCHITECTURE.md says, and which libraries are confined to
//! a few crates. Development dependencies are exempt: tests may use anything.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context as _, ensure};
use regex::Regex;
use serde::Deserialize;

use super::markdown::regex;
use super::read;

/// A row of the map: folder, role, and the crates it may use.
static ROW: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^\| `(?:crates/)?(\w+)/` \|[^|]*\| ([^|]*) \|$"));

/// The only crates that may depend directly on these libraries.
const CONFINED: &[(&str, &[&str])] = &[
    ("axum", &["gateway", "service", "simulator"]),
    ("deadpool", &["bus"]),
    ("deadpool-redis", &["bus"]),
    ("redis", &["bus"]),
    ("reqwest", &["bench", "cli", "fetch", "nemesis", "sora", "storage"]),
    ("sea-orm", &["bench", "entity", "gateway", "migration", "nemesis", "processor", "testkit"]),
    ("sea-orm-migration", &["migration"]),
];

/// The part of `cargo metadata` that matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Checks the workspace.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let output = Command::new("cargo").args(["metadata", "--format-version", "1", "--no-deps"]).output();
    let output = output.context("cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let mut violations = graph(&metadata, &map(&read("ARCHITECTURE.md")?));
    for package in &metadata.packages {
        violations.extend(own_versions(&package.name, &read(&package.manifest_path)?)?);
    }
    Ok(violations)
}

/// The crates that each folder may use, by the map in ARCHITECTURE.md.
fn map(architecture: &str) -> BTreeMap<&str, Vec<&str>> {
    let rows = ROW.captures_iter(architecture).map(|row| row.extract::<2>().1);
    rows.map(|[folder, uses]| (folder, uses.split(", ").filter(|name| *name != "–").collect())).collect()
}

fn graph(metadata: &Metadata, map: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let mut violations = Vec::new();
    for Package { name, dependencies, .. } in &metadata.packages {
        let Some(allowed) = map.get(name.as_str()) else {
            violations.push(format!("{name}: is missing from the map in ARCHITECTURE.md"));
            continue;
        };
        let used = || dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        for Dependency { name: used, .. } in used() {
            if metadata.packages.iter().any(|package| package.name == *used) && !allowed.contains(&used.as_str()) {
                let allowed = if allowed.is_empty() { "none of our crates".into() } else { allowed.join(", ") };
                violations.push(format!("{name}: depends on {used} (by ARCHITECTURE.md it may use {allowed})"));
            }
            if let Some((_, users)) = CONFINED.iter().find(|(library, _)| library == used)
                && !users.contains(&name.as_str())
            {
                violations.push(format!("{name}: depends on {used} (only {} may)", users.join(", ")));
            }
        }
        for unused in allowed.iter().filter(|allowed| !used().any(|dependency| dependency.name == **allowed)) {
            violations.push(format!("{name}: ARCHITECTURE.md lists {unused}, which it does not use"));
        }
    }
    violations
}

/// Dependencies whose version a crate's manifest states itself.
fn own_versions(name: &str, manifest: &str) -> anyhow::Result<Vec<String>> {
    let manifest: toml::Table = manifest.parse().with_context(|| format!("the manifest of {name}"))?;
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let sections = tables.flat_map(|table| table.iter().filter(|(key, _)| key.ends_with("dependencies")));
    let entries = sections.filter_map(|(_, section)| section.as_table()).flatten();
    let own = entries.filter(|(_, entry)| entry.get("workspace").and_then(toml::Value::as_bool) != Some(true));
    let rule = "versions are stated in the root manifest: write `.workspace = true`";
    Ok(own.map(|(dependency, _)| format!("{name}: {dependency} ({rule})")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependency = |(name, kind): &(&str, Option<&str>)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(ToOwned::to_owned),
        };
        let dependencies = dependencies.iter().map(dependency).collect();
        Package { name: name.to_owned(), manifest_path: String::new(), dependencies }
    }

    #[test]
    fn reports_what_differs_from_the_map() {
        let map = map("| folder | role | may use |\n|---|---|---|\n| `gateway/` | edge | bus, entity |\n\
                       | `crates/sora/` | drivers | – |\n| `crates/bus/` | queue | – |\n| `entity/` | tables | – |\n");
        let packages = vec![
            package("gateway", &[("bus", None), ("sora", None), ("redis", None), ("newcomer", Some("dev"))]),
            package("sora", &[("bus", Some("build"))]),
            package("bus", &[("redis", None)]),
            package("newcomer", &[]),
        ];
        let expected = [
            "gateway: depends on sora (by ARCHITECTURE.md it may use bus, entity)",
            "gateway: depends on redis (only bus may)",
            "gateway: ARCHITECTURE.md lists entity, which it does not use",
            "sora: depends on bus (by ARCHITECTURE.md it may use none of our crates)",
            "newcomer: is missing from the map in ARCHITECTURE.md",
        ];
        assert_eq!(graph(&Metadata { packages }, &map), expected);
    }

    #[test]
    fn reports_versions_outside_the_root_manifest() {
        let manifest = r#"
            [dependencies]
            good.workspace = true
            also-good = { workspace = true, features = ["x"] }
            bad = "1"
            [dev-dependencies.worse]
            path = "../worse"
            [target.'cfg(unix)'.build-dependencies]
            worst = { git = "x" }
        "#;
        let found = own_versions("crate", manifest).expect("valid TOML");
        for name in ["bad", "worse", "worst"] {
            assert!(found.iter().any(|line| line.starts_with(&format!("crate: {name} ("))), "{name}: {found:?}");
        }
        assert_eq!(found.len(), 3);
    }
}
