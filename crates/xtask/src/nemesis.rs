//! Builds the programs under test, then becomes the fault injection (`crates/nemesis`).

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

/// The programs that a run needs.
const PROGRAMS: [&str; 5] = ["gateway", "processor", "simulator", "migration", "nemesis"];

/// Builds and runs. The variables `SEEDS` and `COUNT` choose the seeds, as `--seeds` and `--count` do.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet"]).args(PROGRAMS.map(|program| format!("--package={program}")));
    ensure!(build.status().context("cargo build")?.success(), "the build failed; the compiler's message is above");
    let program = std::env::current_exe()?.with_file_name("nemesis");
    let seeds = variable("SEEDS").map(|seeds| ["--seeds".to_owned(), seeds]);
    let count = variable("COUNT").map(|count| ["--count".to_owned(), count]);
    let mut nemesis = Command::new(&program);
    nemesis.args(seeds.into_iter().chain(count).flatten()).args(arguments);
    Err(nemesis.exec()).with_context(|| program.display().to_string())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
