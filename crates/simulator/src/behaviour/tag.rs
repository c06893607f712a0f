//! `[sim:…]` in a prompt: how one request shall go. A prompt may hold several; they add up.
//!
//! The prompt itself is never altered: its echo holds the tags too.

use std::fmt;

use crate::behaviour::{Behaviours, UnknownBehaviour};

const OPEN: &str = "[sim:";
/// Longest label kept, in characters: it is a key of the statistics.
const LABEL: usize = 100;

/// What the tags of a prompt ask for.
#[derive(Debug)]
pub(crate) struct Tags {
    /// The texts between `[sim:` and `]`, joined by commas; `untagged` when there is none.
    pub(crate) label: String,
    /// What they ask for, or why that cannot be.
    pub(crate) behaviours: Result<Behaviours, BadTag>,
}

/// A tag that cannot be obeyed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadTag {
    /// It has no closing bracket.
    Open,
    /// It names something that the simulator does not do.
    Unknown(UnknownBehaviour),
}

impl Tags {
    /// Reads the tags of a prompt.
    pub(crate) fn of(prompt: &str) -> Self {
        let texts: Result<Vec<&str>, BadTag> = prompt
            .split(OPEN)
            .skip(1)
            .map(|rest| rest.split_once(']').map(|(text, _)| text).ok_or(BadTag::Open))
            .collect();
        let texts = match texts {
            Ok(texts) if texts.is_empty() => {
                return Self { label: "untagged".to_owned(), behaviours: Ok(Behaviours::default()) };
            }
            Ok(texts) => texts,
            Err(bad) => {
                return Self { label: "unclosed".to_owned(), behaviours: Err(bad) };
            }
        };
        let label = texts.join(",").chars().take(LABEL).collect();
        let behaviours = texts.iter().try_fold(Behaviours::default(), |mut all, text| {
            all.extend(text.parse().map_err(BadTag::Unknown)?);
            Ok(all)
        });
        Self { label, behaviours }
    }
}

impl fmt::Display for BadTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => write!(f, "a {OPEN}…] tag of the prompt has no closing bracket"),
            Self::Unknown(unknown) => write!(f, "in a {OPEN}…] tag of the prompt: {unknown}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_add_up() {
        let tags = Tags::of("[sim:slow] a cat [sim:cut@60%, pings] on a fence");
        assert_eq!(tags.label, "slow,cut@60%, pings");
        assert_eq!(tags.behaviours, "slow,cut@60%,pings".parse().map_err(BadTag::Unknown));
    }

    #[test]
    fn a_prompt_without_tags_asks_for_nothing() {
        let tags = Tags::of("[5.0s] a [sim] card ]");
        assert_eq!((tags.label.as_str(), tags.behaviours), ("untagged", Ok(Behaviours::default())));
    }

    #[test]
    fn a_tag_that_cannot_be_obeyed_is_an_error() {
        assert_eq!(Tags::of("[sim:cut@60%").behaviours, Err(BadTag::Open));
        assert!(matches!(Tags::of("[sim:pings][sim:boom]").behaviours, Err(BadTag::Unknown(_))));
    }
}
