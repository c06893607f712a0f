//! What the program does besides serving: accounts for whoever runs the system, since no mail is ever sent.
//!
//! `gateway admin create` and `gateway user reset-password` need `DATABASE_URL` alone, `gateway healthcheck` what says
//! where the gateway listens. A password is read from the first
//! line of standard input with `--password-stdin`; otherwise one is made up and printed once.

use std::io;

use clap::{Parser, Subcommand};
use entity::database::{IfMissing, open};
use entity::schema::Mismatch;
use entity::user::{self, InitialRole, Registered};
use entity::{DatabaseConnection, DbErr};
use service::env;
use service::settings;

use crate::auth::{PasswordError, Passwords, email, new_password};
use crate::config;
use crate::openapi::document;
use crate::secret;

/// The gateway. Without a command it serves.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Arguments {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Administrators.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Ask the gateway that runs here whether it is ready; for containers without a shell.
    Healthcheck,
    /// Print the API's OpenAPI document.
    Openapi,
}

/// What to do about administrators.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Open an administrator's account.
    Create(AccountArgs),
}

/// What to do about accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Give an account another password and end all its sessions.
    ResetPassword(AccountArgs),
}

/// Which account, and what password.
#[derive(Debug, clap::Args)]
pub struct AccountArgs {
    /// The account's e-mail address.
    #[arg(long)]
    email: String,
    /// Read the password from the first line of standard input instead of making one up.
    #[arg(long)]
    password_stdin: bool,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The database does not answer.
    #[error("the database cannot be used: {0}")]
    Database(#[from] DbErr),
    /// The database's schema is not this program's.
    #[error(transparent)]
    Schema(#[from] Mismatch),
    /// Standard input ended or failed.
    #[error("no password could be read: {0}")]
    Input(#[from] io::Error),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The address or the password is not acceptable; in words.
    #[error("{0}")]
    Refused(String),
    /// The address belongs to an account.
    #[error("an account with this e-mail address exists already")]
    EmailTaken,
    /// The gateway that runs here is not ready.
    #[error(transparent)]
    Unhealthy(#[from] service::probe::Unhealthy),
    /// The address belongs to none.
    #[error("there is no account with this e-mail address")]
    Unknown,
}

impl Command {
    /// Carries the command out and answers with what to print.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Admin(AdminCommand::Create(args)) => create_admin(&database().await?, args).await,
            Self::User(UserCommand::ResetPassword(args)) => reset_password(&database().await?, args).await,
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
    let password_hash = Passwords::new()?.hash(password).await?;
    let new = user::New { email: email.clone(), name: None, password_hash };
    match user::register(db, new, InitialRole::Admin).await? {
        Registered::Created(_) => Ok(format!("opened the administrator's account {email}{note}")),
        Registered::EmailTaken | Registered::SetupClosed => Err(CommandError::EmailTaken),
    }
}

async fn reset_password(db: &DatabaseConnection, args: AccountArgs) -> Result<String, CommandError> {
    let email = args.email()?;
    let user = user::by_email(db, &email).await?.ok_or(CommandError::Unknown)?;
    let (password, note) = args.password()?;
    let password_hash = Passwords::new()?.hash(password).await?;
    let ended = user::set_password(db, user.id, password_hash, None).await?;
    Ok(format!("gave {email} another password and ended {} sessions{note}", ended.len()))
}

impl AccountArgs {
    fn email(&self) -> Result<String, CommandError> {
        email(&self.email).map_err(|(_, sentence)| CommandError::Refused(sentence))
    }

    /// The password, and what to say of it.
    fn password(&self) -> Result<(String, String), CommandError> {
        if !self.password_stdin {
            let password = secret::random().split_off(40);
            let note = format!("; its password, shown this once: {password}");
            return Ok((password, note));
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']);
        let password = new_password(password).map_err(|(_, sentence)| CommandError::Refused(sentence))?;
        Ok((password, String::new()))
    }
}
