//! `[sim:…]` tags in a prompt. A prompt may hold several; their behaviours are combined.
//!
//! The prompt is never altered: wherever the upstream repeats it, the tags are included.

use std::fmt;

use super::{Behaviours, UnknownBehaviour};

const TAG_START: &str = "[sim:";
/// Longest label, in characters. Labels are keys of the statistics.
const MAX_LABEL: usize = 100;

/// The tags of a prompt.
#[derive(Debug)]
pub(crate) struct Tags {
    /// The texts between `[sim:` and `]`, joined by commas; `untagged` if there are none, `unclosed` if one is not closed.
    pub(crate) label: String,
    /// The selected behaviours.
    pub(crate) behaviours: Result<Behaviours, InvalidTag>,
}

/// Why a tag is invalid.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InvalidTag {
    /// The closing bracket is missing.
    Unclosed,
    /// It names an unknown behaviour.
    Unknown(UnknownBehaviour),
}

impl Tags {
    /// Parses the tags of a prompt.
    pub(crate) fn parse(prompt: &str) -> Self {
        let texts: Result<Vec<&str>, InvalidTag> = prompt
            .split(TAG_START)
            .skip(1)
            .map(|rest| rest.split_once(']').map(|(text, _)| text).ok_or(InvalidTag::Unclosed))
            .collect();
        let texts = match texts {
            Ok(texts) if texts.is_empty() => {
                return Self { label: "untagged".to_owned(), behaviours: Ok(Behaviours::default()) };
            }
            Ok(texts) => texts,
            Err(error) => return Self { label: "unclosed".to_owned(), behaviours: Err(error) },
        };
        let label = texts.join(",").chars().take(MAX_LABEL).collect();
        let behaviours = texts.iter().try_fold(Behaviours::default(), |mut all, text| {
            all.extend(text.parse().map_err(InvalidTag::Unknown)?);
            Ok(all)
        });
        Self { label, behaviours }
    }
}

impl fmt::Display for InvalidTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed => write!(f, "a {TAG_START}…] tag of the prompt has no closing bracket"),
            Self::Unknown(unknown) => write!(f, "in a {TAG_START}…] tag of the prompt: {unknown}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combines_several_tags() {
        let tags = Tags::parse("[sim:slow] a cat [sim:cut@60%, pings] on a fence");
        assert_eq!(tags.label, "slow,cut@60%, pings");
        assert_eq!(tags.behaviours, "slow,cut@60%,pings".parse().map_err(InvalidTag::Unknown));
    }

    #[test]
    fn ignores_brackets_that_are_not_tags() {
        let tags = Tags::parse("[5.0s] a [sim] card ]");
        assert_eq!((tags.label.as_str(), tags.behaviours), ("untagged", Ok(Behaviours::default())));
    }

    #[test]
    fn rejects_unclosed_tags_and_unknown_behaviours() {
        assert_eq!(Tags::parse("[sim:cut@60%").behaviours, Err(InvalidTag::Unclosed));
        assert!(matches!(Tags::parse("[sim:pings][sim:boom]").behaviours, Err(InvalidTag::Unknown(_))));
    }
}
