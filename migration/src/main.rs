//! The `migration` command: applies the schema to `DATABASE_URL`, says what is there, and does the database's part of
//! backing up and restoring.

use clap::{Parser, Subcommand};
use entity::DatabaseConnection;
use entity::database::{IfMissing, open};
use entity::restore::{self, Finalized};

/// Applies the schema's history to the database that `DATABASE_URL` names, and looks after it.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the database to the newest schema (creates a missing SQLite file), and print its version.
    Up {
        /// Change nothing: print the version that this would lead to.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the version of the database's schema.
    Status,
    /// Print how many accounts and jobs the database holds, and how many processors work with it, as JSON.
    Contents,
    /// Write a consistent copy of an SQLite database to a file, while others go on writing.
    Copy {
        /// Must not exist.
        file: String,
    },
    /// Settle a database that has just come out of a backup: fail its unfinished jobs, end all sessions.
    Restored,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let command = Arguments::parse().command;
    let url = service::env::read_or_exit(service::settings::database_url);
    let missing = if matches!(command, Command::Up { .. }) { IfMissing::Create } else { IfMissing::Fail };
    let db = open(url.expose(), missing).await?;
    println!("{}", command.run(&db).await?);
    // So that nothing of an SQLite file is left in its log.
    db.close().await?;
    Ok(())
}

impl Command {
    /// Carries the command out and answers with what to print.
    async fn run(self, db: &DatabaseConnection) -> anyhow::Result<String> {
        Ok(match self {
            Self::Up { dry_run: false } => migration::up(db).await?.to_string(),
            Self::Up { dry_run: true } => migration::preview(db).await?.to_string(),
            Self::Status => entity::schema::version(db).await?.to_string(),
            Self::Contents => serde_json::to_string(&restore::contents(db).await?)?,
            Self::Copy { file } => {
                migration::copy(db, &file).await?;
                format!("copied the database to {file}")
            }
            Self::Restored => told(restore::finalize(db).await?),
        })
    }
}

fn told(Finalized { failed, cancelled, sessions }: Finalized) -> String {
    format!("unfinished jobs failed as `restored`: {failed}, cancelled: {cancelled}; sessions ended: {sessions}")
}
