//! The dependency graph: which crate may use which, and which libraries are confined to a few crates. Development
//! dependencies are exempt: tests may use anything.

use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::read;

/// The crates of ours that each crate may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("gateway", &["bus", "entity", "service", "storage"]),
    ("processor", &["bus", "entity", "fetch", "service", "sora", "storage"]),
    ("bench", &["bus"]),
    ("bus", &[]),
    ("entity", &[]),
    ("fetch", &[]),
    ("migration", &["entity", "service"]),
    ("nemesis", &["bus", "entity"]),
    ("service", &[]),
    ("simulator", &[]),
    ("sora", &[]),
    ("storage", &["service"]),
    ("testkit", &["bus", "entity", "migration", "service"]),
    ("xtask", &[]),
];

/// The only crates that may depend directly on these libraries.
const CONFINED: &[(&str, &[&str])] = &[
    ("axum", &["gateway", "service", "simulator"]),
    ("deadpool-redis", &["bus"]),
    ("redis", &["bus"]),
    ("reqwest", &["bench", "fetch", "nemesis", "sora", "storage"]),
    ("sea-orm", &["entity", "gateway", "migration", "nemesis", "processor", "testkit"]),
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
    let mut violations = graph(&metadata);
    for package in &metadata.packages {
        violations.extend(own_versions(&package.name, &read(&package.manifest_path)?)?);
    }
    Ok(violations)
}

fn graph(metadata: &Metadata) -> Vec<String> {
    let mut violations = Vec::new();
    let find = |table: &'static [(&str, &[&str])], key: &str| table.iter().find(|row| row.0 == key).map(|row| row.1);
    for Package { name, dependencies, .. } in &metadata.packages {
        let Some(allowed) = find(ALLOWED, name) else {
            violations.push(format!("{name}: is missing from ALLOWED in crates/xtask/src/check/dependencies.rs"));
            continue;
        };
        for dependency in dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev")) {
            let used = dependency.name.as_str();
            if metadata.packages.iter().any(|package| package.name == used) && !allowed.contains(&used) {
                let allowed = if allowed.is_empty() { "none of our crates".into() } else { allowed.join(", ") };
                violations.push(format!("{name}: depends on {used} (it may use {allowed})"));
            }
            if let Some(users) = find(CONFINED, used).filter(|users| !users.contains(&name.as_str())) {
                violations.push(format!("{name}: depends on {used} (only {} may)", users.join(", ")));
            }
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
    fn reports_forbidden_dependencies_between_crates() {
        let packages = vec![
            package("gateway", &[("bus", None), ("processor", None), ("redis", None), ("testkit", Some("dev"))]),
            package("processor", &[("sora", None)]),
            package("sora", &[("bus", Some("build"))]),
            package("bus", &[("redis", None)]),
            package("newcomer", &[]),
            package("testkit", &[]),
        ];
        let violations = graph(&Metadata { packages });
        assert_eq!(
            violations,
            [
                "gateway: depends on processor (it may use bus, entity, service, storage)",
                "gateway: depends on redis (only bus may)",
                "sora: depends on bus (it may use none of our crates)",
                "newcomer: is missing from ALLOWED in crates/xtask/src/check/dependencies.rs",
            ]
        );
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
