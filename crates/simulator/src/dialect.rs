//! The families of servers that the simulator imitates: variants of the `chat` dialect, flavours of the `videos` dialect.

use clap::ValueEnum;

/// A family of servers that speak the `chat` dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Variant {
    /// sora2api: status as text in `reasoning_content`; JSON as Python writes it.
    A1,
    /// A fork of sora2api: status as `[stage] (status) text`; null keys are omitted.
    A2,
    /// A later version of that fork: `reasoning_content` is an object.
    A2Object,
    /// Resellers: a Markdown transcript in `content`, one line per chunk.
    #[default]
    B1,
    /// Other resellers: the transcript cut into tokens, with stray lines between the frames.
    B2,
}

/// A family of servers that speak the `videos` dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Flavour {
    /// OpenAI's Videos API and relays that copy it: JSON or multipart, progress from 0 to 100; a running generation
    /// cannot be deleted.
    #[default]
    Openai,
    /// Self-hosted vLLM-Omni: multipart only, progress 0 and then 100, errors as `{"detail": …}`; deleting a running
    /// generation stops it.
    VllmOmni,
}
