//! One word of the vocabulary: how it is written, what it means, and what it does to a plan.

use std::fmt;
use std::ops::RangeInclusive;

use crate::percent::Percent;
use crate::plan::download::Fault;
use crate::plan::{Ending, Plan};

/// A word, known to flags and tags alike.
pub(crate) struct Word {
    /// As the documentation writes it: `cut@N%`, `pace=MS`.
    pub(crate) form: &'static str,
    /// In a few words, for the page at the root.
    pub(crate) meaning: &'static str,
    effect: Effect,
}

enum Effect {
    /// The word alone.
    Plain(fn(&mut Plan)),
    /// With a point of the generation.
    Point(fn(&mut Plan, Percent)),
    /// With a number from a range.
    Number(RangeInclusive<u64>, fn(&mut Plan, u64)),
    /// The word alone: how the generation ends.
    Ending(Ending),
    /// Spoils the file: `*N` counts downloads, not requests.
    File(Fault),
}

/// What a written word says beyond its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Point(Percent),
    Number(u64),
    Downloads(Option<u64>),
}

impl Word {
    pub(super) const fn plain(form: &'static str, meaning: &'static str, effect: fn(&mut Plan)) -> Self {
        Self { form, meaning, effect: Effect::Plain(effect) }
    }

    pub(super) const fn point(form: &'static str, meaning: &'static str, effect: fn(&mut Plan, Percent)) -> Self {
        Self { form, meaning, effect: Effect::Point(effect) }
    }

    pub(super) const fn number(
        form: &'static str,
        meaning: &'static str,
        range: RangeInclusive<u64>,
        effect: fn(&mut Plan, u64),
    ) -> Self {
        Self { form, meaning, effect: Effect::Number(range, effect) }
    }

    pub(super) const fn ending(form: &'static str, meaning: &'static str, ending: Ending) -> Self {
        Self { form, meaning, effect: Effect::Ending(ending) }
    }

    pub(super) const fn file(form: &'static str, meaning: &'static str, fault: Fault) -> Self {
        Self { form, meaning, effect: Effect::File(fault) }
    }

    /// What `text` says if it is this word.
    pub(super) fn read(&self, text: &str) -> Option<Value> {
        match &self.effect {
            Effect::Plain(_) | Effect::Ending(_) => (text == self.form).then_some(Value::None),
            Effect::File(_) => (text == self.form).then_some(Value::Downloads(None)),
            Effect::Point(_) => Some(Value::Point(text.strip_prefix(self.stem())?.parse().ok()?)),
            Effect::Number(range, _) => {
                let digits = text.strip_prefix(self.stem())?;
                let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
                range.contains(&number).then_some(Value::Number(number))
            }
        }
    }

    /// Changes a plan by what was written.
    pub(super) fn apply(&self, value: Value, plan: &mut Plan) {
        match (&self.effect, value) {
            (Effect::Plain(effect), Value::None) => effect(plan),
            (Effect::Ending(ending), Value::None) => plan.ending = *ending,
            (Effect::Point(effect), Value::Point(at)) => effect(plan, at),
            (Effect::Number(_, effect), Value::Number(number)) => effect(plan, number),
            (Effect::File(fault), Value::Downloads(first)) => plan.file.spoil(*fault, first),
            // `read` makes values of the word's own kind only.
            _ => {}
        }
    }

    /// The form without its placeholder: `cut@`, `pace=`, `poll-5xx-`.
    fn stem(&self) -> &'static str {
        self.form.trim_end_matches(|char: char| char.is_ascii_uppercase() || char == '%')
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form)
    }
}

/// A form names its word: no two are alike.
impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for Word {}
