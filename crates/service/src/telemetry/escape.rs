//! Making harmless what acts on whoever reads a log: control characters, and those that turn the direction of text around.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with each such character as `\uXXXX`, which JSON reads back as what it was.
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

/// The rightmost is U+FEFF, so four digits always do.
fn acts(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || c == '\u{feff}'
}
