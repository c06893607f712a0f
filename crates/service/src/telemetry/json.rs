//! The JSON format: one flat object per line.

use serde_json::Value;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use super::escape::escaped;
use super::fields::Entry;

/// Formats an entry: timestamp, level, message, target, then the fields of the event and its spans.
pub(super) fn line(entry: &Entry) -> String {
    let head = [
        ("timestamp", now()),
        ("level", entry.level.to_string()),
        ("message", entry.message.clone()),
        ("target", entry.target.clone()),
    ];
    let head = head.map(|(name, text)| (name, Value::from(text)));
    let fields = entry.own.iter().chain(entry.around.iter());
    let members = head.iter().map(|(name, value)| (*name, value)).chain(fields);
    let members: Vec<_> = members.map(|(name, value)| format!("{}:{value}", Value::from(name))).collect();
    format!("{{{}}}\n", escaped(&members.join(",")))
}

/// Returns the current time in RFC 3339, UTC.
pub(super) fn now() -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}
