//! The human-readable format: the message first, then the fields. An access log entry is a block.

use std::fmt::Write;

use tracing::Level;

use super::ACCESS_TARGET;
use super::escape::escaped;
use super::fields::{Entry, Fields, text};
use super::json::now;

/// Width of the rule around an access log entry.
const RULE: usize = 40;

/// Formats an entry as `TIME LEVEL MESSAGE NAME=VALUE…`, or an access log entry as a block.
pub(super) fn lines(entry: &Entry, colours: bool) -> String {
    if entry.target == ACCESS_TARGET {
        return block(entry);
    }
    let (dim, plain) = if colours { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    let colour = if colours { colour(entry.level) } else { "" };
    let now = now();
    let (time, level, message) = (now.get(11..19).unwrap_or(&now), entry.level.as_str(), escaped(&entry.message));
    let mut line = format!("{dim}{time}{plain} {colour}{level:<5}{plain} {message}{}", told(&entry.own));
    let mut around = told(&entry.around);
    if entry.level > Level::INFO {
        let _ = write!(around, " ({})", entry.target);
    }
    if !around.is_empty() {
        let _ = write!(line, "{dim}{around}{plain}");
    }
    line.push('\n');
    line
}

fn block(entry: &Entry) -> String {
    let of = |name| escaped(&entry.text(name)).into_owned();
    let (rule, method, path) = ("━".repeat(RULE), of("method"), of("path"));
    format!(
        "{rule}\n📥 {method} {path}\n   User-Agent: {}\n   Auth: {}\n   Request: {}  Trace: {}\n📤 {method} {path} - {} ({}ms)\n{rule}\n",
        of("user_agent"),
        of("authorisation"),
        of("request.id"),
        of("trace_id"),
        of("status"),
        of("milliseconds"),
    )
}

/// Formats fields as ` NAME=VALUE…`. Empty values and values with spaces, quotes or `=` are quoted.
fn told(fields: &Fields) -> String {
    fields.iter().fold(String::new(), |mut told, (name, value)| {
        let value = text(value.clone());
        let plain = !value.is_empty() && !value.contains([' ', '"', '=']);
        let value = if plain { value } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) };
        let _ = write!(told, " {name}={}", escaped(&value));
        told
    })
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        _ => "\x1b[34m",
    }
}
