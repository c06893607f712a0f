//! Rules that no compiler and no linter checks. Each check returns one line per violation.

mod compose;
mod dependencies;
mod documents;
mod env_example;
mod lock_files;
mod manifests;
mod markdown;
mod readme;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

/// What to check
#[derive(Debug, Subcommand)]
pub(crate) enum Check {
    /// Dependencies between the crates, and where versions and download addresses are recorded
    Dependencies,
    /// Links, headings and `make` targets in the documents; the two READMEs against each other
    Documents,
    /// docker-compose.yml: each process gets its own variables only, and runs confined
    Compose,
    /// Rendered Kubernetes manifests: variables, Secrets, and time to drain
    Manifests {
        /// Rendered overlays, each named after its overlay
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

impl Check {
    /// Runs the check; fails if there is any violation.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let violations = match self {
            Self::Dependencies => [dependencies::check()?, lock_files::check()?].concat(),
            Self::Documents => [documents::check()?, readme::check()?].concat(),
            Self::Compose => compose::check()?,
            Self::Manifests { files } => manifests::check(files)?,
        };
        violations.iter().for_each(|violation| eprintln!("{violation}"));
        Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Reads a text file; the error names it.
fn read(path: impl AsRef<std::path::Path>) -> anyhow::Result<String> {
    let path = path.as_ref();
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
