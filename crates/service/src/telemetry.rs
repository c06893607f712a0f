//! Logs to standard error, as human-readable lines or as one JSON object per line.
//!
//! Each line includes the fields of the enclosing spans, so that a search for a request, job or trace id finds all its
//! lines. Lines are written by a thread of their own: logging never blocks. Control characters and bidirectional formatting
//! characters are escaped in both formats. Libraries log warnings and errors only: see `libraries`.

mod escape;
mod fields;
mod json;
mod libraries;
mod panic;
mod pretty;
mod writer;

use std::io::{IsTerminal, stderr};

use tracing::{Event, Level, Subscriber, span};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Scope};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::settings::LogFormat;
use crate::telemetry::fields::{Entry, Fields};
use crate::telemetry::libraries::quiet_libraries;
use crate::telemetry::writer::Writer;

pub use writer::flush;

/// Target of access log entries. The pretty format writes them as a block.
pub const ACCESS_TARGET: &str = "access";

/// Writes the log lines that wait when dropped, at the end of the process. See [`flush`].
#[derive(Debug)]
#[must_use]
pub struct FlushOnDrop;

impl Drop for FlushOnDrop {
    fn drop(&mut self) {
        flush();
    }
}

/// Starts logging. Call it once, before anything logs, and keep what it returns until the process ends. Fails if `level`
/// is not a valid filter.
pub fn init(format: LogFormat, level: &str) -> anyhow::Result<FlushOnDrop> {
    let filter = filter(level)?;
    let colours = stderr().is_terminal();
    let writer = Writer::start(stderr(), move |lines, errors| text(format, colours, &dropped(lines, errors)))?;
    writer.register();
    let write = move |level, text| writer.write(level, text);
    tracing_subscriber::registry().with(filter).with(Lines { format, colours, write }).init();
    panic::log_panics();
    Ok(FlushOnDrop)
}

/// Selects what is logged.
fn filter<S: Subscriber + for<'a> LookupSpan<'a>>(level: &str) -> anyhow::Result<impl Layer<S>> {
    let chosen = EnvFilter::try_new(level).map_err(|_| {
        anyhow::anyhow!("LOG_LEVEL: must be error, warn, info, debug, trace, or per target as in info,processor=debug")
    })?;
    Ok(Layer::<S>::and_then(chosen, quiet_libraries()))
}

/// The entry about lines that were dropped.
fn dropped(lines: u64, errors: u64) -> Entry {
    Entry {
        level: Level::WARN,
        target: module_path!().to_owned(),
        message: "log lines were dropped because standard error was not read".to_owned(),
        own: Fields::of([("lines", lines.into()), ("errors", errors.into())]),
        around: Fields::default(),
    }
}

fn text(format: LogFormat, colours: bool, entry: &Entry) -> String {
    match format {
        LogFormat::Json => json::line(entry),
        LogFormat::Pretty => pretty::lines(entry, colours),
    }
}

/// Writes each event as a line.
struct Lines<Write> {
    format: LogFormat,
    colours: bool,
    write: Write,
}

impl<S, Write> Layer<S> for Lines<Write>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    Write: Fn(Level, String) + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut around = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                around.add(fields);
            }
        }
        let entry = Entry::new(event, around);
        (self.write)(entry.level, text(self.format, self.colours, &entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::sync::{Arc, Mutex};
    use tracing::{error_span, field, info};

    fn logged(format: LogFormat, events: impl FnOnce()) -> String {
        logged_at("info", format, events)
    }

    fn logged_at(level: &str, format: LogFormat, events: impl FnOnce()) -> String {
        let log = Arc::new(Mutex::new(String::new()));
        let written = log.clone();
        let write = move |_, text: String| written.lock().unwrap().push_str(&text);
        let lines = Lines { format, colours: false, write };
        let subscriber = tracing_subscriber::registry().with(filter(level).unwrap()).with(lines);
        tracing::subscriber::with_default(subscriber, events);
        Arc::into_inner(log).unwrap().into_inner().unwrap()
    }

    fn job_progress() {
        let job = error_span!("job", job.id = "j1", trace_id = field::Empty).entered();
        job.record("trace_id", "t1");
        let _attempt = error_span!("attempt", job.attempt = 2).entered();
        info!(progress = 40, job.id = "j1", "progress");
    }

    #[test]
    fn json_contains_event_and_span_fields_once_each() {
        let line = logged(LogFormat::Json, job_progress);
        assert_eq!((line.matches('\n').count(), line.matches("job.id").count()), (1, 1), "{line}");
        let entry: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&entry["message"], &entry["level"]), (&"progress".into(), &"INFO".into()));
        assert_eq!((&entry["job.id"], &entry["trace_id"]), (&"j1".into(), &"t1".into()));
        assert_eq!((&entry["job.attempt"], &entry["progress"]), (&2.into(), &40.into()));
    }

    #[test]
    fn pretty_writes_the_message_before_the_fields() {
        let line = logged(LogFormat::Pretty, job_progress);
        let (_, rest) = line.split_once(' ').unwrap();
        assert_eq!(rest, "INFO  progress progress=40 job.id=j1 trace_id=t1 job.attempt=2\n");
    }

    #[test]
    fn no_level_makes_libraries_log_content() {
        for level in ["trace", "info,rmcp=trace,tungstenite::protocol=trace", "warn,gateway::live=debug"] {
            let log = logged_at(level, LogFormat::Json, || {
                let _span =
                    tracing::info_span!(target: "hyper_util::client", "request", authorization = "secret").entered();
                tracing::trace!(target: "tungstenite::protocol", "secret");
                tracing::debug!(target: "rmcp::service", "secret");
                info!(target: "rmcp::service", "secret");
                info!(target: "gateway_of_another", "secret");
                tracing::warn!(target: "sqlx::pool", "slow");
                tracing::debug!(target: "gateway::live", "ours");
            });
            assert!(!log.contains("secret"), "{level}: {log}");
            assert!(log.contains("slow"), "{level}: {log}");
            assert_eq!(log.contains("ours"), !level.starts_with("info"), "{level}: {log}");
        }
    }

    fn request(agent: &str) {
        let _request = error_span!("request", request.id = "r1", trace_id = "t1", method = "POST").entered();
        info!(target: ACCESS_TARGET, path = "/api/videos", status = 202, milliseconds = 45, user_agent = agent, authorisation = "Bearer [redacted]", "answered");
    }

    #[test]
    fn pretty_writes_an_access_log_entry_as_a_block() {
        let rule = "━".repeat(40);
        let expected = format!(
            "{rule}\n📥 POST /api/videos\n   User-Agent: Mozilla/5.0\n   Auth: Bearer [redacted]\n   Request: r1  Trace: t1\n\
             📤 POST /api/videos - 202 (45ms)\n{rule}\n"
        );
        assert_eq!(logged(LogFormat::Pretty, || request("Mozilla/5.0")), expected);
    }

    #[test]
    fn escapes_control_and_bidi_characters() {
        let hostile = "a\u{1b}[31m\r\n{\"level\":\"FAKE\"} \u{202e}\u{2066}\u{85}\u{7f}\u{2028}b";
        for format in [LogFormat::Json, LogFormat::Pretty] {
            let log = logged(format, || {
                request(hostile);
                info!(said = hostile, "{hostile}");
            });
            let acting = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{2066}\u{2028}".contains(c));
            assert_eq!(log.find(acting), None, "{log:?}");
            let lines = if format == LogFormat::Json { 2 } else { 8 };
            assert_eq!(log.lines().count(), lines, "{log}");
        }
        let json = logged(LogFormat::Json, || info!(said = hostile, "heard"));
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["said"], hostile);
    }
}
