//! The behaviours that `--behaviour` and `[sim:…]` tags select: a comma-separated list, each entry for all requests or for
//! the first few.
//!
//! A list with an unknown entry is rejected as a whole: a misspelt behaviour must never pass as `happy`.

mod catalogue;
mod definition;
pub(crate) mod tag;

use std::fmt;
use std::str::FromStr;

pub(crate) use self::catalogue::definitions;
use self::definition::{Argument, Definition};
use crate::plan::Plan;

/// A list of behaviours, each for all requests or (`FORM*N`) for the first N requests with a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviours(Vec<Rule>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    definition: &'static Definition,
    argument: Argument,
    /// Number of requests it applies to; all if absent.
    first: Option<u64>,
}

/// The error for a behaviour that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBehaviour(String);

impl Behaviours {
    /// Changes a plan by the behaviours that apply to the `nth` request with a prompt, counted from 1. Later entries
    /// override earlier ones. Counted entries override uncounted ones, and among counted entries the first one wins, so
    /// that `http-500*2,http-503*3,refuse@40%` reads in the order in which it happens.
    pub(crate) fn apply(&self, nth: u64, plan: &mut Plan) {
        let uncounted = self.0.iter().filter(|rule| rule.first.is_none());
        let counted = self.0.iter().rev().filter(|rule| rule.first.is_some_and(|first| nth <= first));
        uncounted.chain(counted).for_each(|rule| rule.definition.apply(rule.argument, plan));
    }

    /// Appends another list.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl FromStr for Behaviours {
    type Err = UnknownBehaviour;

    fn from_str(list: &str) -> Result<Self, UnknownBehaviour> {
        list.split(',').map(|entry| entry.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Rule {
    type Err = UnknownBehaviour;

    fn from_str(text: &str) -> Result<Self, UnknownBehaviour> {
        let unknown = || UnknownBehaviour(text.to_owned());
        let (name, first) = match text.split_once('*') {
            Some((name, count)) => (name, Some(count.parse().ok().filter(|&n| n > 0).ok_or_else(unknown)?)),
            None => (text, None),
        };
        let found = definitions().find_map(|definition| Some((definition, definition.parse(name)?)));
        let (definition, argument) = found.ok_or_else(unknown)?;
        Ok(match argument {
            // For download faults, `*N` counts downloads instead of requests.
            Argument::Downloads(_) => Self { definition, argument: Argument::Downloads(first), first: None },
            _ => Self { definition, argument, first },
        })
    }
}

impl fmt::Display for UnknownBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown behaviour {:?}; known are ", self.0)?;
        for (index, definition) in definitions().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, definition.form)?;
        }
        write!(f, ", each also as FORM*N for the first N requests of a prompt")
    }
}

impl std::error::Error for UnknownBehaviour {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::injected_error;
    use crate::percent::Percent;
    use crate::plan::ending::Ending;

    #[test]
    fn parses_every_form_it_lists() {
        for definition in definitions() {
            let form = definition.form;
            let stem = form.trim_end_matches(|char: char| char.is_ascii_uppercase() || char == '%');
            let value = if form.ends_with("@N%") { "12.5%" } else { definition.words().first().unwrap_or(&"3") };
            let written = if stem == form { stem.to_owned() } else { format!("{stem}{value}") };
            for list in [written.clone(), format!("{written}*2")] {
                let rule = list.parse::<Rule>().unwrap_or_else(|unknown| panic!("{unknown}"));
                assert_eq!(rule.definition.form, form, "{list}");
            }
        }
    }

    #[test]
    fn rejects_unknown_and_malformed_entries() {
        for list in [
            "",
            "happy,",
            "cut",
            "cut@60",
            "cut@101%",
            "cut@1e1%",
            "pace=",
            "pace=+1",
            "steps=0",
            "steps=65536",
            "http-503*0",
            "Happy",
            "x@1%",
            "http-501",
            "poll-5xx-",
            "poll-5xx-0",
            "garbage-stream=4097",
            "url-404=x",
            "status-words=",
            "status-words=finishing",
        ] {
            assert!(list.parse::<Behaviours>().is_err(), "{list:?}");
        }
    }

    #[test]
    fn counted_entries_apply_to_the_first_requests() {
        let list: Behaviours = "http-500*1,http-503*2,refuse@40%".parse().unwrap();
        let endings = [1, 2, 3].map(|nth| {
            let mut plan = Plan::new(Duration::ZERO, 1);
            list.apply(nth, &mut plan);
            plan.ending
        });
        let refused = Ending::Refuse(Percent(400));
        let (first, second) =
            (Ending::HttpError(&injected_error::INTERNAL), Ending::HttpError(&injected_error::UNAVAILABLE));
        assert_eq!(endings, [first, second, refused]);
    }
}
