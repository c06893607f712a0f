//! Where a JSON object ends that spans lines: counts its brackets, strings aside.

/// An object in progress.
#[derive(Debug, Default)]
pub(super) struct Json {
    text: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Json {
    /// Adds a line.
    pub(super) fn push(&mut self, line: &str) {
        for byte in line.bytes() {
            match byte {
                _ if std::mem::take(&mut self.escaped) => {}
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.depth += 1,
                b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(line);
        // A string never spans lines: a quote too many ends with its line.
        (self.in_string, self.escaped) = (false, false);
    }

    /// Whether the object is not complete yet.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns the text so far and resets.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(self).text
    }
}
