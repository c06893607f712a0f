//! The definition of one behaviour: how it is written, what it means, and how it changes a plan.

use std::fmt;
use std::ops::RangeInclusive;

use crate::percent::Percent;
use crate::plan::Plan;
use crate::plan::download::DownloadFault;
use crate::plan::ending::Ending;

/// A behaviour that flags and tags can name.
pub(crate) struct Definition {
    /// Syntax, with a placeholder for the argument: `cut@N%`, `pace=MS`.
    pub(crate) form: &'static str,
    /// Short description, for `GET /`.
    pub(crate) summary: &'static str,
    effect: Effect,
}

enum Effect {
    /// Takes no argument.
    Flag(fn(&mut Plan)),
    /// Takes a percentage.
    Percent(fn(&mut Plan, Percent)),
    /// Takes a number from a range.
    Number(RangeInclusive<u64>, fn(&mut Plan, u64)),
    /// Takes one of these words.
    Choice(&'static [&'static str], fn(&mut Plan, &'static str)),
    /// Sets the ending; takes no argument.
    Ending(Ending),
    /// Adds a download fault: `*N` counts downloads instead of requests.
    Download(DownloadFault),
}

/// The argument of a behaviour as written in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    Percent(Percent),
    Number(u64),
    Choice(&'static str),
    Downloads(Option<u64>),
}

impl Definition {
    pub(super) const fn flag(form: &'static str, summary: &'static str, effect: fn(&mut Plan)) -> Self {
        Self { form, summary, effect: Effect::Flag(effect) }
    }

    pub(super) const fn percent(form: &'static str, summary: &'static str, effect: fn(&mut Plan, Percent)) -> Self {
        Self { form, summary, effect: Effect::Percent(effect) }
    }

    pub(super) const fn number(
        form: &'static str,
        summary: &'static str,
        range: RangeInclusive<u64>,
        effect: fn(&mut Plan, u64),
    ) -> Self {
        Self { form, summary, effect: Effect::Number(range, effect) }
    }

    pub(super) const fn choice(
        form: &'static str,
        summary: &'static str,
        words: &'static [&'static str],
        effect: fn(&mut Plan, &'static str),
    ) -> Self {
        Self { form, summary, effect: Effect::Choice(words, effect) }
    }

    pub(super) const fn ending(form: &'static str, summary: &'static str, ending: Ending) -> Self {
        Self { form, summary, effect: Effect::Ending(ending) }
    }

    pub(super) const fn download(form: &'static str, summary: &'static str, fault: DownloadFault) -> Self {
        Self { form, summary, effect: Effect::Download(fault) }
    }

    /// The argument in `text`, if `text` names this behaviour.
    pub(super) fn parse(&self, text: &str) -> Option<Argument> {
        match &self.effect {
            Effect::Flag(_) | Effect::Ending(_) => (text == self.form).then_some(Argument::None),
            Effect::Download(_) => (text == self.form).then_some(Argument::Downloads(None)),
            Effect::Percent(_) => Some(Argument::Percent(text.strip_prefix(self.stem())?.parse().ok()?)),
            Effect::Choice(words, _) => {
                let word = text.strip_prefix(self.stem())?;
                words.iter().find(|known| **known == word).map(|known| Argument::Choice(known))
            }
            Effect::Number(range, _) => {
                let digits = text.strip_prefix(self.stem())?;
                let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
                range.contains(&number).then_some(Argument::Number(number))
            }
        }
    }

    /// The words that the argument can be; empty if it is not a word.
    #[cfg(test)]
    pub(super) fn words(&self) -> &'static [&'static str] {
        match &self.effect {
            Effect::Choice(words, _) => words,
            _ => &[],
        }
    }

    /// Applies the behaviour to a plan.
    pub(super) fn apply(&self, argument: Argument, plan: &mut Plan) {
        match (&self.effect, argument) {
            (Effect::Flag(effect), Argument::None) => effect(plan),
            (Effect::Ending(ending), Argument::None) => plan.ending = *ending,
            (Effect::Percent(effect), Argument::Percent(at)) => effect(plan, at),
            (Effect::Number(_, effect), Argument::Number(number)) => effect(plan, number),
            (Effect::Choice(_, effect), Argument::Choice(word)) => effect(plan, word),
            (Effect::Download(fault), Argument::Downloads(first)) => plan.download.add_fault(*fault, first),
            // Unreachable: `parse` returns an argument of the matching kind.
            _ => {}
        }
    }

    /// The form without its placeholder: `cut@`, `pace=`, `poll-5xx-`.
    fn stem(&self) -> &'static str {
        self.form.trim_end_matches(|char: char| char.is_ascii_uppercase() || char == '%')
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form)
    }
}

/// Forms are unique, so definitions are compared by form.
impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for Definition {}
