//! Whose `videos` dialect is spoken: the shapes are shared, the manners are not.

use clap::ValueEnum;

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
