//! Compares the variables that a process reads with the documentation, `.env.example` and the deployments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use service::Environment;

/// Asserts that the documentation and `.env.example` list exactly the variables that `read` reads for `process`, with
/// their defaults, and that no deployment sets another one.
///
/// # Panics
/// If they differ.
pub fn assert_documented<T>(process: &str, read: impl Fn(&mut Environment<'_>) -> T) {
    // A bucket reads more variables than a folder. Those that Amazon's platforms set are not configured by users.
    let bucket = |name: &str| (name == "STORAGE_URL").then(|| "s3://bucket".to_owned());
    let mut env = Environment::new(&bucket);
    read(&mut env);
    let own = env.variables().iter().filter(|asked| !asked.variable.starts_with("AWS_"));
    let read: BTreeMap<_, _> = own.map(|asked| (asked.variable.clone(), asked.default.clone())).collect();
    assert_eq!(documented(process), read);
    let example = exemplified(process);
    assert!(example.keys().eq(read.keys()), "{example:#?}");
    for (variable, default) in example {
        assert!(default.is_none() || default == read[&variable], "{variable} in .env.example");
    }
    for (variable, file) in deployed(process) {
        let variable = variable.strip_suffix("_FILE").unwrap_or(&variable);
        assert!(read.contains_key(variable), "{variable} in {} is not read by the process", file.display());
    }
}

/// Returns the variables of `process` in `docs/CONFIGURATION.md`, each with its default value, if any.
fn documented(process: &str) -> BTreeMap<String, Option<String>> {
    let text = read("docs/CONFIGURATION.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let own = cells.filter(|cells| cells.len() == 5 && cells[4].split(", ").any(|reader| reader == process));
    own.map(|cells| (plain(cells[0]).unwrap_or_default(), plain(cells[3]))).collect()
}

/// Returns the variables in `.env.example`, from the section of `process` and the shared one.
fn exemplified(process: &str) -> BTreeMap<String, Option<String>> {
    let text = read(".env.example");
    let sections = text.split("# ── ").skip(1);
    let own = sections.filter(|section| section.starts_with(process) || section.starts_with("Both processes"));
    let lines = own.flat_map(str::lines).filter_map(|line| line.trim_start_matches('#').split_once('='));
    let variables = lines.filter(|(name, _)| is_variable(name));
    variables.map(|(name, value)| (name.to_owned(), Some(value.to_owned()).filter(|value| !value.is_empty()))).collect()
}

/// Returns the variables that the deployments set for `process`, each with the file that sets it.
fn deployed(process: &str) -> Vec<(String, PathBuf)> {
    let mut set = Vec::new();
    for place in ["k8s/base", "k8s/overlays/dev", "k8s/overlays/production"] {
        for name in [format!("{process}.yaml"), format!("{process}.env"), "shared.env".to_owned()] {
            let path = Path::new(place).join(name);
            let text = std::fs::read_to_string(root().join(&path)).unwrap_or_default();
            let named = text.lines().filter_map(|line| {
                line.trim().strip_prefix("- name: ").or_else(|| line.split_once('=').map(|(name, _)| name))
            });
            set.extend(named.filter(|name| is_variable(name)).map(|name| (name.to_owned(), path.clone())));
        }
    }
    set.extend(in_kustomization(process));
    set.extend(in_compose(process));
    set
}

fn in_kustomization(process: &str) -> Vec<(String, PathBuf)> {
    let path = "k8s/overlays/dev/kustomization.yaml";
    let text = read(path);
    let own = text
        .split("\n\n")
        .filter(|section| section.contains("Generator:\n"))
        .flat_map(|section| section.split("- name: ").skip(1))
        .filter(|map| [process, "shared"].contains(&map.lines().next().unwrap_or_default()));
    let words = own.flat_map(|map| map.split(|c: char| c.is_whitespace() || "[],".contains(c)));
    let names = words.filter_map(|word| word.split_once('=')).map(|(name, _)| name).filter(|name| is_variable(name));
    names.map(|name| (name.to_owned(), path.into())).collect()
}

fn in_compose(process: &str) -> Vec<(String, PathBuf)> {
    let path = "docker-compose.yml";
    let text = format!("\n{}", read(path));
    let mut set = Vec::new();
    for (heading, depth) in [("\nx-shared: &shared\n".to_owned(), 0), (format!("\n  {process}:\n"), 2)] {
        let (_, after) = text.split_once(&heading).unwrap_or_else(|| panic!("no {heading:?} in {path}"));
        let block = after.lines().take_while(|line| line.len() - line.trim_start().len() > depth);
        let keys = block.filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name);
        set.extend(keys.filter(|name| is_variable(name)).map(|name| (name.to_owned(), path.into())));
    }
    set
}

/// Returns the value of a table cell; text without backquotes is not a value.
fn plain(cell: &str) -> Option<String> {
    Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned())
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
