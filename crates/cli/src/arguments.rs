//! Commands and options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use url::Url;

use crate::api::Status;
use crate::error::EXIT_CODES;

/// Generates videos on a server of the Sora video generation platform.
#[derive(Parser)]
#[command(name = "sora", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Server to call; else SORA_SERVER, or the one signed in to
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<Url>,
    /// Write JSON for scripts: one document, or one line per state while waiting
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check an API key and remember it with the server
    ///
    /// Create the key on the account page, with the scopes read and create. It is read from the terminal, from a pipe, or from
    /// SORA_API_KEY.
    Login,
    /// Forget the server and the key; revoke the key on the account page
    Logout,
    /// List the models with their lengths and sizes
    Models,
    /// Generate a video
    Generate(Generate),
    /// List videos, newest first
    List(List),
    /// Show a video
    Show(Video),
    /// Wait until videos have ended
    Wait(Videos),
    /// Download a finished video
    Download(Download),
    /// Cancel videos that have not ended
    Cancel(Videos),
    /// Receive webhooks on this machine
    #[command(subcommand)]
    Webhook(Webhook),
    /// Print a script that completes commands in a shell
    Completions {
        /// Shell
        shell: Shell,
    },
}

#[derive(Args)]
pub(crate) struct Generate {
    /// What the video shows, 1 to 4,000 characters; `-` reads it from standard input
    pub(crate) prompt: String,
    /// Model; see `sora models`
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Length in seconds
    #[arg(long)]
    pub(crate) seconds: Option<u32>,
    /// landscape or portrait
    #[arg(long)]
    pub(crate) orientation: Option<String>,
    /// Width and height, such as 1280x720
    #[arg(long)]
    pub(crate) size: Option<String>,
    /// Image to start from: a PNG, JPEG or WebP file
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
    /// Image to start from that was uploaded before
    #[arg(long, value_name = "IMAGE", conflicts_with = "image")]
    pub(crate) image_id: Option<String>,
    /// Video that this one is a variation of
    #[arg(long, value_name = "VIDEO")]
    pub(crate) remix_of: Option<String>,
    /// How many videos, 1 to 4
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4))]
    pub(crate) count: u32,
    /// Repeat an earlier command with the same key: it starts nothing new
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Wait until the videos have ended
    #[arg(long)]
    pub(crate) wait: bool,
    /// Wait, and write the video to a file; `-` writes to standard output
    #[arg(long, short, value_name = "FILE", conflicts_with = "count")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct List {
    /// Only videos in these states, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) status: Vec<Status>,
    /// Only videos with this text in their prompt
    #[arg(long)]
    pub(crate) search: Option<String>,
    /// How many
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Args)]
pub(crate) struct Video {
    /// Id of the video
    pub(crate) video: String,
}

#[derive(Args)]
pub(crate) struct Videos {
    /// Ids of the videos
    #[arg(required = true)]
    pub(crate) videos: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Download {
    /// Id of the video
    pub(crate) video: String,
    /// File to write; `-` writes to standard output [default: the id with the type of the video]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Subcommand)]
pub(crate) enum Webhook {
    /// Send an event to a local address whenever a video ends, as a webhook of the server would
    Listen(Listen),
}

#[derive(Args)]
pub(crate) struct Listen {
    /// Address that receives the events
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Url,
    /// Secret that signs the events, `whsec_` and base64; a new one if left out
    #[arg(long)]
    pub(crate) secret: Option<String>,
}
