//! Writes JSON as Python's `json.dumps` does: a space after every colon and comma and, by default, only ASCII.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Equivalent of `json.dumps(value, ensure_ascii=ascii)`.
pub(super) fn dumps<T: Serialize>(value: &T, ascii: bool) -> String {
    let mut text = Vec::new();
    // Serializing strings and numbers into memory cannot fail.
    drop(value.serialize(&mut Serializer::with_formatter(&mut text, Python { ascii })));
    String::from_utf8(text).unwrap_or_default()
}

struct Python {
    ascii: bool,
}

impl Formatter for Python {
    fn begin_array_value<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if !self.ascii {
            return writer.write_all(fragment.as_bytes());
        }
        for char in fragment.chars() {
            if matches!(char, ' '..='~') {
                writer.write_all(&[char as u8])?;
                continue;
            }
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn matches_the_output_of_python() {
        let value = json!({"a": [1, "\u{7f}é猫🐈\n\"\\"], "b": null});
        let escaped = r#"{"a": [1, "\u007f\u00e9\u732b\ud83d\udc08\n\"\\"], "b": null}"#;
        assert_eq!(dumps(&value, true), escaped);
        assert_eq!(dumps(&value, false), "{\"a\": [1, \"\u{7f}é猫🐈\\n\\\"\\\\\"], \"b\": null}");
    }
}
