//! What an event and the spans around it say, by name.

use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// Values by name, each name once, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Takes in others; of two with a name the later counts.
    pub(super) fn add(&mut self, others: &Self) {
        others.0.iter().for_each(|(name, value)| self.set(name, value.clone()));
    }

    /// The value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => self.0.push((name, value)),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let found = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(found).1)
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}").into());
    }
}

/// An event with all that is known of it.
pub(super) struct Entry {
    pub(super) level: Level,
    pub(super) target: String,
    pub(super) message: String,
    /// What it says itself.
    pub(super) own: Fields,
    /// What the spans around it say and it does not.
    pub(super) around: Fields,
}

impl Entry {
    /// Of an event that happens in spans with these fields.
    pub(super) fn new(event: &Event<'_>, mut around: Fields) -> Self {
        let mut own = Fields::default();
        event.record(&mut own);
        // What comes from the crate `log` says where in fields of its own.
        let target = own.take("log.target").map_or_else(|| event.metadata().target().to_owned(), text);
        for place in ["log.module_path", "log.file", "log.line"] {
            own.take(place);
        }
        around.0.retain(|(name, _)| own.get(name).is_none());
        let message = own.take("message").map(text).unwrap_or_default();
        Self { level: *event.metadata().level(), target, message, own, around }
    }

    /// The value of this name as text, wherever it stands; empty when there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.own.get(name).or_else(|| self.around.get(name)).cloned().map(text).unwrap_or_default()
    }
}

/// A string without its quotes; anything else as JSON writes it.
pub(super) fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
