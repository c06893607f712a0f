//! Errors and exit codes.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::api::Status;
use crate::output::printable;

/// Text of the help about exit codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    a video failed or was cancelled
  2    wrong arguments
  3    not signed in, or the key does not allow it
  4    not found
  5    refused by the server: invalid values, limits, or the video's state
  6    the server cannot be reached, or failed
  7    a local file cannot be read or written
  130  interrupted";

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ended = 1,
    Usage = 2,
    NotSignedIn = 3,
    NotFound = 4,
    Refused = 5,
    Unreachable = 6,
    File = 7,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// An error document of the API (RFC 9457).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) request_id: String,
    #[serde(default)]
    pub(crate) errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct FieldError {
    pub(crate) field: String,
    pub(crate) message: String,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("Not signed in. Run `sora login --server URL`, or set SORA_SERVER and SORA_API_KEY.")]
    NotSignedIn,
    #[error("{}", describe(.0))]
    Problem(Problem),
    #[error("The server cannot be reached: {0}")]
    Unreachable(String),
    #[error("{path}: {cause}", path = .0.display(), cause = .1)]
    File(PathBuf, io::Error),
    #[error("The video {0} {1}.{2}")]
    Ended(String, Status, String),
    #[error("{0}")]
    Interrupted(String),
    /// An error with what to do next.
    #[error("{0}\n{1}")]
    Advised(Box<Error>, String),
}

impl Error {
    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NotSignedIn => Exit::NotSignedIn,
            Self::Problem(problem) => match problem.status {
                401 | 403 => Exit::NotSignedIn,
                404 | 410 => Exit::NotFound,
                400..=499 => Exit::Refused,
                _ => Exit::Unreachable,
            },
            Self::Unreachable(_) => Exit::Unreachable,
            Self::File(..) => Exit::File,
            Self::Ended(..) => Exit::Ended,
            Self::Interrupted(_) => Exit::Interrupted,
            Self::Advised(error, _) => error.exit_code(),
        }
    }

    /// Whether the request may have been carried out although it failed.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.exit_code() == Exit::Unreachable
    }

    /// Adds what to do next.
    pub(crate) fn advise(self, advice: impl Into<String>) -> Self {
        Self::Advised(Box::new(self), advice.into())
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        // The outer error names the URL; its causes say what happened.
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        Self::Unreachable(text)
    }
}

fn describe(problem: &Problem) -> String {
    let mut text = match problem.detail.is_empty() {
        true => format!("The server answered with status {}.", problem.status),
        false => printable(&problem.detail),
    };
    for FieldError { field, message } in &problem.errors {
        text.push_str(&format!("\n  {}: {}", printable(field), printable(message)));
    }
    if !problem.request_id.is_empty() {
        text.push_str(&format!("\n  request {}", printable(&problem.request_id)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_controls_a_terminal() {
        let evil = || "a\u{1b}[31mb".to_owned();
        let errors = vec![FieldError { field: evil(), message: evil() }];
        let problem = Problem { status: 400, code: evil(), detail: evil(), request_id: evil(), errors };
        assert_eq!(Error::Problem(problem).to_string(), "a[31mb\n  a[31mb: a[31mb\n  request a[31mb");
    }
}
