//! `migration up`: applies the schema to `DATABASE_URL`. `migration status`: says which version is there.

use clap::{Parser, Subcommand};

/// Applies the schema's history to the database that `DATABASE_URL` names.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the database to the newest schema (creates a missing SQLite file).
    Up,
    /// Print the version of the database's schema.
    Status,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let command = Arguments::parse().command;
    let url = service::env::or_exit(service::settings::database_url);
    let db = entity::database::open(url.expose(), entity::database::Missing::Create).await?;
    match command {
        Command::Up => migration::up(&db).await?,
        Command::Status => {}
    }
    let version = entity::schema::version(&db).await?;
    println!("{version}");
    Ok(())
}
