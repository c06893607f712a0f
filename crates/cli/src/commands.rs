//! What each command does.

mod download;
mod generate;
mod listen;
mod login;
mod videos;

use clap::CommandFactory;
use tokio::signal::ctrl_c;

use crate::api::Api;
use crate::arguments::{Arguments, Command, Webhook};
use crate::error::Error;
use crate::server;

/// Runs a command.
///
/// # Errors
/// What the command says; [`Error::exit_code`] is the exit code.
pub(crate) async fn run(Arguments { server: named, json, command }: Arguments) -> Result<(), Error> {
    let api = || Api::new(server::find(named.clone())?);
    match command {
        Command::Login => login::login(named, json).await,
        Command::Logout => login::logout(json),
        Command::Models => videos::models(&api()?, json).await,
        Command::Generate(options) => generate::generate(&api()?, options, json).await,
        Command::List(options) => videos::list(&api()?, options, json).await,
        Command::Show(options) => videos::show(&api()?, &options.video, json).await,
        Command::Wait(options) => videos::wait(&api()?, options.videos, json).await,
        Command::Download(options) => download::download(&api()?, options, json).await,
        Command::Cancel(options) => videos::cancel(&api()?, &options.videos, json).await,
        Command::Webhook(Webhook::Listen(options)) => listen::listen(&api()?, options, json).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "sora", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// Runs `work` until it ends or is interrupted; `advice` says then what to do next.
async fn interruptible<T>(work: impl Future<Output = Result<T, Error>>, advice: String) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        _ = ctrl_c() => Err(Error::Interrupted(advice)),
    }
}
