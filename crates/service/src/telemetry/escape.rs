//! Escapes control characters and bidirectional formatting characters in log output.

use std::borrow::Cow;
use std::fmt::Write;

/// Replaces each such character with `\uXXXX`, which a JSON parser reads back as the original.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return text.into();
    }
    let mut harmless = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            let _ = write!(harmless, "\\u{:04x}", u32::from(c));
        } else {
            harmless.push(c);
        }
    }
    harmless.into()
}

/// Whether `c` must be escaped. The highest such character is U+FEFF, so four hexadecimal digits suffice.
fn acts(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || c == '\u{feff}'
}
