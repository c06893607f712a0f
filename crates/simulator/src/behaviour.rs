//! What `--behaviour` and `[sim:…]` hold: a list of words of one vocabulary, each for all requests or for the first few.
//!
//! A list is read whole or refused whole: a misspelt behaviour must never pass as a happy one.

mod catalogue;
mod definition;
mod endings;
pub(crate) mod tag;

use std::fmt;
use std::str::FromStr;

pub(crate) use self::catalogue::all as vocabulary;
use self::definition::{Value, Word};
use crate::plan::Plan;

/// A list of behaviours, each for all requests or (`*N`) for the first N requests of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviours(Vec<Rule>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    word: &'static Word,
    value: Value,
    first: Option<u64>,
}

/// A behaviour that the simulator does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBehaviour(String);

impl Behaviours {
    /// Changes a plan by what holds for the `nth` request of a prompt (from 1): what comes later prevails.
    /// A counted rule prevails over an uncounted one, and the first counted one over those after it, so that
    /// `http-500*2,http-503*3,refuse@40%` reads as it happens.
    pub(crate) fn apply(&self, nth: u64, plan: &mut Plan) {
        let lasting = self.0.iter().filter(|rule| rule.first.is_none());
        let counted = self.0.iter().rev().filter(|rule| rule.first.is_some_and(|first| nth <= first));
        lasting.chain(counted).for_each(|rule| rule.word.apply(rule.value, plan));
    }

    /// Adds the behaviours of another list after these.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl FromStr for Behaviours {
    type Err = UnknownBehaviour;

    fn from_str(list: &str) -> Result<Self, UnknownBehaviour> {
        list.split(',').map(|word| word.trim().parse()).collect::<Result<_, _>>().map(Self)
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
        let found = vocabulary().find_map(|word| Some((word, word.read(name)?)));
        let (word, value) = found.ok_or_else(unknown)?;
        Ok(match value {
            // The count goes with the word: it is one of downloads.
            Value::Downloads(_) => Self { word, value: Value::Downloads(first), first: None },
            _ => Self { word, value, first },
        })
    }
}

impl fmt::Display for UnknownBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown behaviour {:?}; known are ", self.0)?;
        for (index, word) in vocabulary().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, word.form)?;
        }
        write!(f, ", each also as FORM*N for the first N requests of a prompt")
    }
}

impl std::error::Error for UnknownBehaviour {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::http::injected_error;
    use crate::percent::Percent;
    use crate::plan::Ending;

    #[test]
    fn reads_every_form_it_lists() {
        for Word { form, .. } in vocabulary() {
            let stem = form.trim_end_matches(|char: char| char.is_ascii_uppercase() || char == '%');
            let value = if form.ends_with("@N%") { "12.5%" } else { "3" };
            let written = if stem == *form { stem.to_owned() } else { format!("{stem}{value}") };
            for list in [written.clone(), format!("{written}*2")] {
                let rule = list.parse::<Rule>().unwrap_or_else(|unknown| panic!("{unknown}"));
                assert_eq!(rule.word.form, *form, "{list}");
            }
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
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
        ] {
            assert!(list.parse::<Behaviours>().is_err(), "{list:?}");
        }
    }

    #[test]
    fn a_counted_behaviour_holds_for_the_first_requests() {
        let list = "http-500*1,http-503*2,refuse@40%".parse().unwrap();
        let ends = [1, 2, 3].map(|nth| Plan::new(&Config::default(), &list, nth).ending);
        let refused = Ending::Refuse(Percent(400));
        assert_eq!(
            ends,
            [Ending::TurnAway(&injected_error::INTERNAL), Ending::TurnAway(&injected_error::UNAVAILABLE), refused]
        );
    }
}
