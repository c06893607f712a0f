//! The vocabulary of `--behaviour` and `[sim:…]`: what can be asked for, and how it is written.
//!
//! A list is read whole or refused whole: a misspelt behaviour must never pass as a happy one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::StatusCode;

use crate::error::ApiError;
use crate::percent::Percent;

/// How long `slow` waits between steps: the cadence of a real generation.
const SLOW: Duration = Duration::from_secs(30);

/// Every form that can be written, with its meaning; `GET /` prints it.
pub(crate) const FORMS: &[(&str, &str)] = &[
    ("happy", "succeed, whatever the flags say"),
    ("instant", "no pause between steps"),
    ("slow", "30 s between steps"),
    ("pace=MS", "MS milliseconds between steps"),
    ("steps=N", "N progress lines in a whole generation"),
    ("silent", "no progress lines: the time passes without a word"),
    ("refuse@N%", "refused by the content policy at N %"),
    ("http-500", "not accepted: HTTP 500"),
    ("http-503", "not accepted: HTTP 503"),
    ("cut@N%", "the connection closes at N %, in the middle of the response"),
    ("cut-after-result", "the connection closes right after the line with the URL"),
    ("no-done", "the stream ends without `data: [DONE]`"),
    ("pings", "an SSE comment before every step"),
    ("crlf", "lines end in CR LF"),
    ("split-utf8", "every character outside ASCII is cut in two on the wire"),
];

/// One thing that a stream can be made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Happy,
    Pace(Duration),
    Steps(u16),
    Silent,
    Refuse(Percent),
    Fail(Failure),
    Cut(Percent),
    CutAfterResult,
    NoDone,
    Pings,
    Crlf,
    SplitUtf8,
}

/// An HTTP error that stands where a stream should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// 500
    Internal,
    /// 503
    Unavailable,
}

impl Failure {
    /// The error as it is answered.
    pub(crate) fn error(self) -> ApiError {
        match self {
            Self::Internal => ApiError::server(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The server had an error while processing your request.",
            ),
            Self::Unavailable => ApiError::server(
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is temporarily unavailable. Please try again later.",
            ),
        }
    }
}

/// A list of behaviours, each for all requests or (`*N`) for the first N requests of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviours(Vec<Rule>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    behaviour: Behaviour,
    first: Option<u64>,
}

/// A behaviour that the simulator does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBehaviour(String);

impl Behaviours {
    /// What holds for the `nth` request of a prompt (from 1), in the order of application: what comes later prevails.
    /// A counted rule prevails over an uncounted one, and the first counted one over those after it, so that
    /// `http-500*2,http-503*3,refuse@40%` reads as it happens.
    pub(crate) fn on_request(&self, nth: u64) -> impl Iterator<Item = Behaviour> {
        let lasting = self.0.iter().filter(|rule| rule.first.is_none());
        let counted = self.0.iter().rev().filter(move |rule| rule.first.is_some_and(|first| nth <= first));
        lasting.chain(counted).map(|rule| rule.behaviour)
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

    fn from_str(word: &str) -> Result<Self, UnknownBehaviour> {
        let unknown = || UnknownBehaviour(word.to_owned());
        let (name, first) = match word.split_once('*') {
            Some((name, count)) => (name, Some(count.parse().ok().filter(|&n| n > 0).ok_or_else(unknown)?)),
            None => (word, None),
        };
        let behaviour = Behaviour::read(name).ok_or_else(unknown)?;
        Ok(Self { behaviour, first })
    }
}

impl Behaviour {
    fn read(word: &str) -> Option<Self> {
        if let Some((name, point)) = word.split_once('@') {
            let point = point.parse().ok()?;
            return match name {
                "refuse" => Some(Self::Refuse(point)),
                "cut" => Some(Self::Cut(point)),
                _ => None,
            };
        }
        if let Some((name, value)) = word.split_once('=') {
            return match name {
                "pace" => value.parse().ok().map(Duration::from_millis).map(Self::Pace),
                "steps" => value.parse().ok().filter(|&steps| steps > 0).map(Self::Steps),
                _ => None,
            };
        }
        Some(match word {
            "happy" => Self::Happy,
            "instant" => Self::Pace(Duration::ZERO),
            "slow" => Self::Pace(SLOW),
            "silent" => Self::Silent,
            "http-500" => Self::Fail(Failure::Internal),
            "http-503" => Self::Fail(Failure::Unavailable),
            "cut-after-result" => Self::CutAfterResult,
            "no-done" => Self::NoDone,
            "pings" => Self::Pings,
            "crlf" => Self::Crlf,
            "split-utf8" => Self::SplitUtf8,
            _ => return None,
        })
    }
}

impl fmt::Display for UnknownBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown behaviour {:?}; known are ", self.0)?;
        for (index, (form, _)) in FORMS.iter().enumerate() {
            write!(f, "{}{form}", if index == 0 { "" } else { ", " })?;
        }
        write!(f, ", each also as FORM*N for the first N requests of a prompt")
    }
}

impl std::error::Error for UnknownBehaviour {}

#[cfg(test)]
mod tests {
    use super::*;

    fn behaviours(list: &str, nth: u64) -> Vec<Behaviour> {
        list.parse::<Behaviours>().unwrap().on_request(nth).collect()
    }

    #[test]
    fn reads_every_form_it_lists() {
        for (form, _) in FORMS {
            let written = form.replace("N%", "12.5%").replace("=N", "=3").replace("MS", "50");
            assert!(written.parse::<Behaviours>().is_ok(), "{written}");
            assert!(format!("{written}*2").parse::<Behaviours>().is_ok(), "{written}*2");
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for list in
            ["", "happy,", "cut", "cut@60", "cut@101%", "cut@1e1%", "pace=", "steps=0", "http-503*0", "Happy", "x@1%"]
        {
            assert!(list.parse::<Behaviours>().is_err(), "{list:?}");
        }
    }

    #[test]
    fn a_counted_behaviour_holds_for_the_first_requests() {
        let list = "http-500*1,http-503*2,refuse@40%";
        let ends: Vec<_> = (1..=3).filter_map(|nth| behaviours(list, nth).pop()).collect();
        let refused = Behaviour::Refuse(Percent(400));
        assert_eq!(ends, [Behaviour::Fail(Failure::Internal), Behaviour::Fail(Failure::Unavailable), refused]);
    }
}
