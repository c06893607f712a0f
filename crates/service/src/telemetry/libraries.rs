//! Keeps what libraries log about the content they handle out of the log.
//!
//! At `info` and below, libraries log messages, frames and headers with the credentials and prompts in them. `LOG_LEVEL`
//! therefore sets the detail of the platform's own crates; of all others, only warnings and errors are logged.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterFn, filter_fn};

use super::ACCESS_TARGET;

/// The platform's crates, which log no credentials and prompts.
const OWN: [&str; 17] = [
    "bench",
    "bus",
    "catalogue",
    "cli",
    "entity",
    "fetch",
    "gateway",
    "migration",
    "nemesis",
    "processor",
    "service",
    "simulator",
    "sora",
    "storage",
    "testkit",
    "xtask",
    ACCESS_TARGET,
];

/// A filter that limits libraries to warnings and errors, whatever the other filters say.
pub(super) fn quiet_libraries() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    filter_fn(|metadata| *metadata.level() <= Level::WARN || is_own(metadata.target()))
}

fn is_own(target: &str) -> bool {
    target.split("::").next().is_some_and(|name| OWN.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_crate_of_the_platform_is_known() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifests = [workspace.clone(), workspace.join("crates")].into_iter().flat_map(|folder| {
            let crates = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("Cargo.toml"));
            crates.filter(|manifest| manifest.exists()).collect::<Vec<_>>()
        });
        let name = |text: &str| {
            text.lines().find_map(|line| line.strip_prefix("name = ")).map(|name| name.trim_matches('"').to_owned())
        };
        let crates: BTreeSet<String> =
            manifests.filter_map(|manifest| name(&fs::read_to_string(manifest).unwrap())).collect();
        let known: BTreeSet<String> =
            OWN.into_iter().filter(|name| *name != ACCESS_TARGET).map(str::to_owned).collect();
        assert_eq!(known, crates);
    }
}
