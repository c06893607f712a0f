//! The `migration` command: migrates the database at `DATABASE_URL`, reports its state, and does the database's part of
//! backup and restore.

use clap::{Parser, Subcommand};
use entity::DatabaseConnection;
use entity::database::{IfMissing, open};
use entity::restore::{self, Finalized};
use entity::schema::Version;

/// Migrates and maintains the database at `DATABASE_URL`.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Migrate the database to the newest schema (creates a missing SQLite file) and print its version.
    Up {
        /// Change nothing; print the version that the database would be migrated to.
        #[arg(long)]
        dry_run: bool,
        /// Print the version as JSON: `{"version": 4, "compatible_from": 2}`.
        #[arg(long)]
        json: bool,
    },
    /// Print the schema version of the database.
    Status {
        /// Print it as JSON: `{"version": 4, "compatible_from": 2}`.
        #[arg(long)]
        json: bool,
    },
    /// Print the numbers of accounts, jobs and connected processors as JSON.
    Contents,
    /// Write a consistent copy of a SQLite database to a file. Other processes can keep writing.
    Copy {
        /// Path of the copy; must not exist.
        file: String,
    },
    /// Finish restoring a backup: fail its unfinished jobs and end all sessions.
    Restored,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    service::private_files::create_private_files();
    let command = Arguments::parse().command;
    let url = service::env::read_or_exit(service::settings::database_url);
    let missing = if matches!(command, Command::Up { .. }) { IfMissing::Create } else { IfMissing::Fail };
    let db = open(url.expose(), missing).await?;
    println!("{}", command.run(&db).await?);
    // Closing merges SQLite's write-ahead log into the database file.
    db.close().await?;
    Ok(())
}

impl Command {
    /// Runs the command and returns the text to print.
    async fn run(self, db: &DatabaseConnection) -> anyhow::Result<String> {
        Ok(match self {
            Self::Up { dry_run: false, json } => version_text(migration::up(db).await?, json),
            Self::Up { dry_run: true, json } => version_text(migration::preview(db).await?, json),
            Self::Status { json } => version_text(entity::schema::version(db).await?, json),
            Self::Contents => serde_json::to_string(&restore::contents(db).await?)?,
            Self::Copy { file } => {
                migration::copy(db, &file).await?;
                format!("copied the database to {file}")
            }
            Self::Restored => told(restore::finalize(db).await?),
        })
    }
}

/// Formats a schema version as a sentence or, for scripts, as JSON.
fn version_text(version: Version, json: bool) -> String {
    if !json {
        return version.to_string();
    }
    let Version { version, compatible_from } = version;
    serde_json::json!({"version": version, "compatible_from": compatible_from}).to_string()
}

fn told(Finalized { failed, cancelled, sessions, webhooks }: Finalized) -> String {
    format!(
        "unfinished jobs failed as `restored`: {failed}, cancelled: {cancelled}; sessions ended: {sessions}; \
         webhooks not sent: {webhooks}"
    )
}
