//! W3C trace context: links an incoming request to all requests made on its behalf.

use std::fmt;

/// A trace id and span id, as in the `traceparent` header: `00-TRACE-SPAN-FLAGS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    id: String,
    span: String,
    flags: String,
}

impl Trace {
    /// Creates a trace context; neither id may be 0.
    #[must_use]
    pub fn new(id: u128, span: u64) -> Self {
        Self { id: format!("{id:032x}"), span: format!("{span:016x}"), flags: "01".into() }
    }

    /// Parses version 00: lower-case hexadecimal, neither id all zeros.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [version, id, span, flags] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
        let proper = version == "00" && is_id(id, 32) && is_id(span, 16) && is_hexadecimal(flags, 2);
        proper.then(|| Self { id: id.into(), span: span.into(), flags: flags.into() })
    }

    /// Returns the same trace with another span id.
    #[must_use]
    pub fn at(&self, span: u64) -> Self {
        Self { span: format!("{span:016x}"), ..self.clone() }
    }

    /// Returns the trace id, logged as `trace_id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{}", self.id, self.span, self.flags)
    }
}

fn is_id(text: &str, length: usize) -> bool {
    is_hexadecimal(text, length) && text.bytes().any(|byte| byte != b'0')
}

fn is_hexadecimal(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn parses_only_valid_contexts() {
        assert_eq!(Trace::parse(VALID).unwrap().to_string(), VALID);
        for wrong in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            &VALID.to_uppercase(),
            &VALID[..54],
            &format!("{VALID}-00"),
        ] {
            assert_eq!(Trace::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn new_trace_is_valid_and_keeps_its_id_across_spans() {
        let begun = Trace::new(1, 2);
        assert_eq!(Trace::parse(&begun.to_string()), Some(begun.clone()));
        let later = begun.at(3);
        assert_eq!(later.id(), begun.id());
        assert_eq!(later.to_string(), format!("00-{:032x}-{:016x}-01", 1, 3));
    }
}
