//! Subcommands: account management for operators (the platform sends no mail), a health check, a check of the catalogue, the
//! API document.
//!
//! `gateway admin create` and `gateway user reset-password` need only `DATABASE_URL`; `gateway healthcheck` needs
//! `BACKEND_HOST` and `BACKEND_PORT`; `gateway catalogue check` needs nothing. With `--password-stdin` the password is the first line of standard input; otherwise
//! one is generated and printed once.

mod catalogue;

use std::io;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use entity::database::{IfMissing, open};
use entity::schema::Mismatch;
use entity::user::{self, InitialRole, Registered};
use entity::{DatabaseConnection, DbErr, account};
use service::env;
use service::settings;

use crate::auth::{PasswordError, email, hash_password, new_password};
use crate::config;
use crate::router::document;
use crate::secret;

/// The gateway. Serves HTTP unless a command is given.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Arguments {
    /// Command to run instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Command to run instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Manage administrators.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Manage accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Check a catalogue file.
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Check that the gateway on this machine is ready; for containers without a shell.
    Healthcheck,
    /// Print the API's OpenAPI document.
    Openapi,
}

/// Commands for administrators.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create an administrator account.
    Create(AccountArgs),
}

/// Commands for accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Set a new password and end all sessions of the account.
    ResetPassword(AccountArgs),
}

/// Commands for catalogue files.
#[derive(Debug, Subcommand)]
pub enum CatalogueCommand {
    /// Check a file. Prints every mistake with its line, or a summary.
    Check {
        /// The file, as in SORA_CATALOGUE.
        file: PathBuf,
    },
}

/// Arguments of commands about one account.
#[derive(Debug, clap::Args)]
pub struct AccountArgs {
    /// Email address of the account.
    #[arg(long)]
    email: String,
    /// Read the password from the first line of standard input instead of generating one.
    #[arg(long)]
    password_stdin: bool,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The database does not answer.
    #[error("database error: {0}")]
    Database(#[from] DbErr),
    /// The database has another schema version.
    #[error(transparent)]
    Schema(#[from] Mismatch),
    /// Standard input could not be read.
    #[error("could not read the password: {0}")]
    Input(#[from] io::Error),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The email address or the password is invalid.
    #[error("{0}")]
    Invalid(String),
    /// The catalogue file has mistakes.
    #[error("{0}")]
    Catalogue(String),
    /// The email address belongs to an account.
    #[error("an account with this email address already exists")]
    EmailTaken,
    /// The gateway on this machine is not ready.
    #[error(transparent)]
    Unhealthy(#[from] service::probe::Unhealthy),
    /// The email address belongs to no account.
    #[error("no account has this email address")]
    Unknown,
}

impl Command {
    /// Runs the command. Returns the text to print.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Admin(AdminCommand::Create(args)) => create_admin(&database().await?, args).await,
            Self::User(UserCommand::ResetPassword(args)) => reset_password(&database().await?, args).await,
            Self::Catalogue(CatalogueCommand::Check { file }) => {
                catalogue::check(&file).map_err(CommandError::Catalogue)
            }
            Self::Healthcheck => {
                service::probe::healthcheck(env::read_or_exit(|env| config::listen(env, config::EVERYWHERE))).await?;
                Ok("ready".to_owned())
            }
            Self::Openapi => Ok(document().trim_end().to_owned()),
        }
    }
}

async fn database() -> Result<DatabaseConnection, CommandError> {
    let url = env::read_or_exit(settings::database_url);
    let db = open(url.expose(), IfMissing::Fail).await?;
    entity::schema::check(&db).await?;
    Ok(db)
}

async fn create_admin(db: &DatabaseConnection, args: AccountArgs) -> Result<String, CommandError> {
    let email = args.email()?;
    let (password, note) = args.password()?;
    let password_hash = hash_password(password.as_bytes())?;
    let new = user::New { email: email.clone(), name: None, password_hash };
    match user::register(db, new, InitialRole::Admin).await? {
        Registered::Created(_) => Ok(format!("created the administrator account {email}{note}")),
        Registered::EmailTaken | Registered::SetupClosed => Err(CommandError::EmailTaken),
    }
}

async fn reset_password(db: &DatabaseConnection, args: AccountArgs) -> Result<String, CommandError> {
    let email = args.email()?;
    let user = user::by_email(db, &email).await?.ok_or(CommandError::Unknown)?;
    let (password, note) = args.password()?;
    let password_hash = hash_password(password.as_bytes())?;
    let ended = account::set_password(db, user.id, password_hash, None).await?;
    Ok(format!("set a new password for {email} and ended {} sessions{note}", ended.len()))
}

impl AccountArgs {
    fn email(&self) -> Result<String, CommandError> {
        email(&self.email).map_err(|(_, message)| CommandError::Invalid(message))
    }

    /// Returns the password, and a note about it to print.
    fn password(&self) -> Result<(String, String), CommandError> {
        if !self.password_stdin {
            let password = secret::random().split_off(40);
            let note = format!("; password (shown only once): {password}");
            return Ok((password, note));
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']);
        let password = new_password(password).map_err(|(_, message)| CommandError::Invalid(message))?;
        Ok((password, String::new()))
    }
}
