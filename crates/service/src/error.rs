//! Formats errors for log messages.

/// Formats an error with all its causes on one line. The outermost message alone often does not name the cause.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("could not connect")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn includes_every_cause() {
        assert_eq!(error_chain(&std::fmt::Error), std::fmt::Error.to_string());
        assert_eq!(error_chain(&Outer(std::fmt::Error)), format!("could not connect: {}", std::fmt::Error));
    }
}
