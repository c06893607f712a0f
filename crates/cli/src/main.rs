//! The command `sora`: generates and downloads videos from a terminal or a script. It calls the API of a server; see
//! `docs/cli.md`.
//!
//! | module | role |
//! |---|---|
//! | `arguments` | commands and options |
//! | `commands` | what each command does |
//! | `server` | which server to call, and with which key |
//! | `api` | calls of the API, repeated where that is safe |
//! | `follow` | follows jobs as their states change |
//! | `output` | what is written to the terminal |
//! | `error` | errors and exit codes |

mod api;
mod arguments;
mod commands;
mod error;
mod follow;
mod output;
mod server;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Fails only if it was called before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let json = arguments.json;
    match commands::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error, json);
            error.exit_code().into()
        }
    }
}
