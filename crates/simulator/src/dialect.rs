//! Whose words are spoken: a variant of the `chat` dialect, a flavour of the `videos` dialect.

use clap::ValueEnum;

/// A family of servers that speak the `chat` dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Variant {
    /// sora2api: status as text in `reasoning_content`, JSON as Python writes it.
    A1,
    /// A fork of it: status as `[stage] (status) text`, null keys left out.
    A2,
    /// The same fork later on: `reasoning_content` is an object.
    A2Object,
    /// Resellers: a Markdown transcript in `content`, a line per chunk.
    #[default]
    B1,
    /// Other resellers: the transcript cut into tokens, with stray lines between the frames.
    B2,
}

/// A family of servers that speak the `videos` dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Flavour {
    /// OpenAI's Videos API and the relays that copy it: JSON or multipart, progress from 0 to 100, running
    /// generations cannot be deleted.
    #[default]
    Openai,
    /// A self-hosted vLLM-Omni: multipart alone, progress 0 and then 100, errors as `{"detail": …}`, deleting stops.
    VllmOmni,
}
