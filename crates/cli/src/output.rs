//! What is written to the terminal. Results go to standard output, everything else to standard error. Texts that come from the
//! server are data: characters that would control the terminal are left out.

use std::io::{self, IsTerminal, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::api::{Job, JobFields, Status};
use crate::error::Error;

/// Number of characters of a prompt in a list.
const PROMPT_WIDTH: usize = 60;

/// Writes a line to standard output. Ends the program if nobody reads it.
pub(crate) fn line(text: &str) {
    if writeln!(io::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Writes a JSON document in one line.
pub(crate) fn json_line(value: &Value) {
    line(&value.to_string());
}

/// Writes a note to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes an error.
pub(crate) fn error(error: &Error, json: bool) {
    if json {
        let problem = match innermost(error) {
            Error::Problem(problem) => json!(problem),
            _ => Value::Null,
        };
        note(&json!({"error": error.to_string(), "exitCode": error.exit_code() as u8, "problem": problem}).to_string());
    } else {
        note(&format!("sora: {error}"));
    }
}

fn innermost(error: &Error) -> &Error {
    if let Error::Advised(inner, _) = error { innermost(inner) } else { error }
}

/// Returns the text without control characters and without characters that change its direction.
pub(crate) fn printable(text: &str) -> String {
    let is_kept = |character: &char| {
        !character.is_control()
            && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|character| if character.is_whitespace() { ' ' } else { character }).filter(is_kept).collect()
}

/// Writes a video as one row of a list.
pub(crate) fn row(job: &Job) {
    let JobFields { id, status, progress, created_at, prompt, .. } = &job.known;
    let prompt = printable(prompt);
    let mut short: String = prompt.chars().take(PROMPT_WIDTH).collect();
    if short.len() < prompt.len() {
        short.push('…');
    }
    let created = created_at.get(..16).unwrap_or(created_at).replace('T', " ");
    line(&printable(&format!("{id}  {:<10}  {progress:>3} %  {created}  {short}", status.as_str())));
}

/// Writes what is known about a video.
pub(crate) fn details(job: &Job) {
    let JobFields { id, status, progress, prompt, model, seconds, size, queue_position, error_message, .. } =
        &job.known;
    let rows = [
        ("id", Some(id.clone())),
        ("status", Some(format!("{}, {progress} %", status.as_str()))),
        ("position", queue_position.map(|position| position.to_string())),
        ("error", error_message.as_deref().map(printable)),
        ("charged", job.known.may_have_been_charged.then(|| "possibly, without a result".to_owned())),
        ("model", Some(format!("{}, {seconds} s, {size}", printable(model)))),
        ("created", Some(job.known.created_at.clone())),
        ("finished", job.known.finished_at.clone()),
        ("prompt", Some(printable(prompt))),
    ];
    for (name, value) in rows.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        line(&printable(&format!("{name:<9} {value}")));
    }
}

/// Shows the progress of videos: bars on a terminal, otherwise a line when a status changes, or JSON.
pub(crate) struct Progress {
    json: bool,
    bars: Option<MultiProgress>,
}

impl Progress {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, bars: (!json && io::stderr().is_terminal()).then(MultiProgress::new) }
    }

    /// Shows the progress of one video.
    pub(crate) fn of(&self, id: &str) -> JobProgress {
        let bar = self.bars.as_ref().map(|bars| {
            let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos:>3} %  {elapsed}  {msg}");
            let bar = ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bars.add(bar.with_prefix(id.to_owned()))
        });
        JobProgress { json: self.json, bar, shown: None }
    }
}

/// Shows the progress of a video.
pub(crate) struct JobProgress {
    json: bool,
    bar: Option<ProgressBar>,
    shown: Option<Status>,
}

impl JobProgress {
    /// Shows a state.
    pub(crate) fn show(&mut self, job: &Job) {
        let JobFields { id, status, progress, queue_position, .. } = &job.known;
        if self.json {
            return json_line(&job.raw);
        }
        let position = queue_position.map(|position| format!(", position {position}")).unwrap_or_default();
        match &self.bar {
            Some(bar) => {
                bar.set_position(*progress);
                bar.set_message(format!("{}{position}", status.as_str()));
                if status.is_final() {
                    bar.abandon();
                }
            }
            None if self.shown != Some(*status) => note(&printable(&format!("{id} {}{position}", status.as_str()))),
            None => {}
        }
        self.shown = Some(*status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_controls_a_terminal() {
        assert_eq!(printable("a\u{1b}[31m b\u{7}\u{202e}c\n\td é🎬"), "a[31m bc  d é🎬");
    }
}
