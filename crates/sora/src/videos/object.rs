//! A video's state as servers write it: every field may be missing, of another type, or `null`. Pure.
//!
//! Many servers wrap the object in an envelope (`data`, `output`, `task` …). The outside is believed where it has an id
//! and a status of its own; an envelope's `success` never hides what is inside.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use url::Url;

use crate::candidate::Found;
use crate::fields;
use crate::vocabulary::{self, Status};

/// Fields that can hold the object itself.
const ENVELOPES: [&str; 9] = ["data", "output", "task", "result", "video", "response", "job", "generation", "body"];

/// How deep envelopes are opened.
const MAX_ENVELOPES: usize = 3;

/// Names of fields, as [`normalised`] writes them. First those with the id, then those with the request's own id, which
/// counts where there is no other.
const IDS: [&str; 8] = ["id", "taskid", "videoid", "generationid", "jobid", "predictionid", "uuid", "task"];
const REQUEST_IDS: [&str; 1] = ["requestid"];

const STATUSES: [&str; 6] = ["status", "state", "taskstatus", "jobstatus", "videostatus", "phase"];

/// Fields with the reason of a failure.
const ERRORS: [&str; 9] = [
    "error",
    "errors",
    "failreason",
    "failurereason",
    "failmsg",
    "errormessage",
    "errmsg",
    "errormsg",
    "taskstatusmsg",
];

/// Fields that can hold it too where the generation is known to have failed.
const MESSAGES: [&str; 8] =
    ["message", "msg", "reason", "detail", "statusreason", "statusmessage", "failurecode", "description"];

/// The answer to a submission or to a poll.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct VideoObject(Value);

/// What an answer says of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    InProgress,
    Finished,
    Failed,
    /// Failed, by a status word of the upstream's policy.
    Refused,
}

/// Unknown status words that were logged; a server cannot make the set grow without end.
static UNKNOWN_WORDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
const MAX_WORDS: usize = 32;

impl VideoObject {
    /// Reads a body; `None` when it is not an object, nor a list that begins with one.
    pub(super) fn parse(body: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(body.trim_start_matches('\u{feff}')).ok()?;
        let value = match value {
            Value::Array(values) => values.into_iter().next()?,
            value => value,
        };
        Some(Self(value)).filter(|object| object.0.is_object())
    }

    /// The id by which the generation can be polled.
    pub(super) fn id(&self) -> Option<String> {
        let layers = self.layers();
        let outermost = |names: &[&str]| layers.iter().find_map(|layer| id_of(layer, names));
        outermost(&IDS).or_else(|| outermost(&REQUEST_IDS))
    }

    /// Its state; `None` when it says nothing of a generation. An unknown word means finished beside a result, failed
    /// beside an error, and otherwise still running.
    pub(super) fn state(&self, has_result: bool) -> Option<State> {
        let beside = || {
            let error = self.error().is_some();
            has_result.then_some(State::Finished).or_else(|| error.then_some(State::Failed))
        };
        let Some(word) = self.status() else {
            return beside().filter(|_| has_result || self.id().is_some());
        };
        Some(match vocabulary::status(&word) {
            Some(Status::Queued) => State::Queued,
            Some(Status::Running) => State::InProgress,
            Some(Status::Finished) => State::Finished,
            Some(Status::Failed) => State::Failed,
            Some(Status::Refused) => State::Refused,
            None => beside().unwrap_or_else(|| {
                report(&word);
                State::InProgress
            }),
        })
    }

    /// 0–100, if it says.
    pub(super) fn progress(&self) -> Option<f32> {
        let names = ["progress", "percent", "percentage"];
        let progress = self.layers().into_iter().find_map(|layer| named(layer, &names, Some));
        let progress = match progress? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().trim_end_matches('%').trim().parse().ok(),
            _ => None,
        };
        #[allow(clippy::cast_possible_truncation, reason = "0 to 100")]
        progress.filter(|progress| (0.0..=100.0).contains(progress)).map(|progress| progress as f32)
    }

    /// What it says went wrong, innermost first.
    pub(super) fn error(&self) -> Option<&Value> {
        self.innermost(&ERRORS)
    }

    /// Why it failed, where it is known to have failed: an object, a text, or nothing.
    pub(super) fn failure(&self) -> Option<&Value> {
        self.error().or_else(|| self.innermost(&MESSAGES))
    }

    /// Whether it is an error rather than an answer that cannot be read.
    pub(super) fn is_error(&self) -> bool {
        self.failure().is_some()
    }

    /// The addresses in it, the most credible ones last. Without the address of the generation
    /// itself (`self_url`), which is not a result.
    pub(super) fn found(&self, self_url: Option<&Url>, base: &Url) -> Vec<Found> {
        let mut found = fields::find_except(&self.0, &["error"], base);
        found.retain(|found| self_url.is_none_or(|own| found.candidate.url.path() != own.path()));
        found
    }

    /// The object and the envelopes' contents, outermost first.
    fn layers(&self) -> Vec<&Map<String, Value>> {
        let mut layers: Vec<_> = self.0.as_object().into_iter().collect();
        let mut level = layers.clone();
        for _ in 0..MAX_ENVELOPES {
            let inner = level.iter().flat_map(|layer| ENVELOPES.iter().filter_map(|name| object(layer.get(*name)?)));
            level = inner.collect();
            layers.extend(&level);
        }
        layers
    }

    /// The status word. Outside an envelope `success` and the like speak of the request, so the inside is believed unless
    /// the outside has an id as well, or says something else. Vendors' numbers are not guessed, but count as an unknown
    /// word where there is no other.
    fn status(&self) -> Option<String> {
        let layers = self.layers();
        let mut words = layers.iter().filter_map(|layer| Some((word(layer)?, id_of(layer, &IDS).is_some())));
        let Some((outer, has_id)) = words.next() else {
            let number = |layer: &&Map<String, Value>| named(layer, &STATUSES, Value::as_i64);
            return layers.iter().filter(|layer| id_of(layer, &IDS).is_some()).find_map(number).map(|n| n.to_string());
        };
        let finished = vocabulary::status(&outer) == Some(Status::Finished);
        let inner =
            words.map(|(word, _)| word).find(|word| !has_id || (finished && vocabulary::status(word).is_some()));
        Some(inner.unwrap_or(outer))
    }

    fn innermost(&self, names: &[&str]) -> Option<&Value> {
        self.layers().into_iter().rev().find_map(|layer| named(layer, names, |value| says(value).then_some(value)))
    }
}

/// The first of the fields with these names that `read` accepts.
fn named<'a, T>(layer: &'a Map<String, Value>, names: &[&str], read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
    names.iter().find_map(|name| {
        layer.iter().filter(|(field, _)| normalised(field) == *name).find_map(|(_, value)| read(value))
    })
}

/// A field's name without `_` and `-`, in lower case.
fn normalised(field: &str) -> String {
    field.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// An object, or the first of a list of them.
fn object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().or_else(|| value.as_array()?.first()?.as_object())
}

fn id_of(layer: &Map<String, Value>, names: &[&str]) -> Option<String> {
    named(layer, names, |value| {
        let id = match value {
            Value::String(id) => id.trim().to_owned(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        Some(id).filter(|id| !id.is_empty() && id.len() <= 1_024)
    })
}

/// The status word of one object; `status: {"state": …}` and `done: true` count too.
fn word(layer: &Map<String, Value>) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::trim).filter(|word| !word.is_empty()).map(ToOwned::to_owned);
    let word = named(layer, &STATUSES, |value| match value {
        Value::Object(inner) => named(inner, &STATUSES, text),
        value => text(value),
    });
    let done = |done: bool| if done { "done" } else { "running" }.to_owned();
    word.or_else(|| layer.get("done").and_then(Value::as_bool).map(done))
}

/// Whether a value says that something went wrong.
fn says(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            !matches!(text.trim().to_lowercase().as_str(), "" | "success" | "succeed" | "ok" | "none" | "null")
        }
        Value::Object(object) => object.values().any(|value| !value.is_null() && value.as_str() != Some("")),
        Value::Array(values) => !values.is_empty(),
        _ => false,
    }
}

fn report(word: &str) {
    let mut words = UNKNOWN_WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if words.len() < MAX_WORDS && words.insert(word.to_owned()) {
        tracing::warn!(status = word, "unknown status word of the upstream: treating the generation as still running");
    }
}

#[cfg(test)]
mod tests;
