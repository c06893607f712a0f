//! The contents of a catalogue file.
//!
//! A mistake in one field does not hide those of others: a field that is wrong takes its default, and the catalogue is
//! returned only if there are no mistakes. References are checked against every name that the file declares, so that a
//! wrong upstream does not make each reference to it wrong.

mod models;
mod pools;
mod section;
mod suggestion;
mod upstreams;
mod values;

#[cfg(test)]
mod tests;

use std::fmt;

use toml::de::DeTable;

use crate::Catalogue;
use section::{Mistakes, Section};

/// A mistake in a catalogue file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads a catalogue, or returns all mistakes in the order of their lines.
pub(crate) fn catalogue(text: &str) -> Result<Catalogue, Vec<Mistake>> {
    let mistakes = Mistakes::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        mistakes.add(error.span().map_or(0, |span| span.start), format!("is not valid TOML: {}", error.message()));
    }
    if !errors.is_empty() {
        // What else is wrong would partly follow from these.
        return Err(mistakes.into_sorted());
    }
    let catalogue = read(&mistakes, document.get_ref());
    let found = mistakes.into_sorted();
    if found.is_empty() { Ok(catalogue) } else { Err(found) }
}

fn read(mistakes: &Mistakes<'_>, document: &DeTable<'_>) -> Catalogue {
    let mut file = Section::of_file(mistakes, document);
    let currency = file.optional("currency", |value| values::text(value)?.parse());
    let free = file.or("free", false, values::flag);
    let upstreams = upstreams::read(&mut file);
    let pools = pools::read(&mut file, &upstreams);
    let models = models::read(&mut file, &pools, models::Prices { currency, free });
    file.finish();
    Catalogue { currency, free, upstreams: upstreams.values, pools: pools.values, models, from_file: true }
}
