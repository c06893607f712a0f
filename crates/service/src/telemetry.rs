//! Logs to standard error: readable lines for people, or one JSON object a line for machines.

use tracing_subscriber::EnvFilter;

use crate::settings::LogFormat;

/// Begins to log; to be called once, first.
///
/// # Errors
/// `level` is not a filter.
pub fn init(format: LogFormat, level: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level).map_err(|_| {
        anyhow::anyhow!("LOG_LEVEL: must be error, warn, info, debug, trace, or per target as in info,processor=debug")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Pretty => builder.compact().with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
    }
    Ok(())
}
