//! Fields of an event and its enclosing spans.

use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// Values by name, in insertion order; each name occurs once.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Creates fields with these values.
    pub(super) fn of<const N: usize>(fields: [(&'static str, Value); N]) -> Self {
        Self(fields.into())
    }

    /// Adds all fields of `others`, overwriting those of the same name.
    pub(super) fn add(&mut self, others: &Self) {
        others.0.iter().for_each(|(name, value)| self.set(name, value.clone()));
    }

    /// Returns the value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Iterates over the fields in insertion order.
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

/// A log entry: an event with the fields of its enclosing spans.
pub(super) struct Entry {
    pub(super) level: Level,
    pub(super) target: String,
    pub(super) message: String,
    /// Fields of the event.
    pub(super) own: Fields,
    /// Fields of the enclosing spans that the event does not have itself.
    pub(super) around: Fields,
}

impl Entry {
    /// Creates an entry from an event and the fields of its enclosing spans.
    pub(super) fn new(event: &Event<'_>, mut around: Fields) -> Self {
        let mut own = Fields::default();
        event.record(&mut own);
        // Events of the `log` crate carry their location in these fields.
        let target = own.take("log.target").map_or_else(|| event.metadata().target().to_owned(), text);
        for place in ["log.module_path", "log.file", "log.line"] {
            own.take(place);
        }
        around.0.retain(|(name, _)| own.get(name).is_none());
        let message = own.take("message").map(text).unwrap_or_default();
        Self { level: *event.metadata().level(), target, message, own, around }
    }

    /// Returns a field of the event or its spans as text; empty if there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.own.get(name).or_else(|| self.around.get(name)).cloned().map(text).unwrap_or_default()
    }
}

/// Formats a string without quotes, and any other value as JSON.
pub(super) fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
