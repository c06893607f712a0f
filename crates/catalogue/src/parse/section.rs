//! Reads the fields of a table, and collects the mistakes in them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::suggestion::closest;

/// The mistakes of a file.
pub(super) struct Mistakes<'t> {
    text: &'t str,
    found: RefCell<Vec<Mistake>>,
}

impl<'t> Mistakes<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::default() }
    }

    /// Adds a mistake at a byte of the file.
    pub(super) fn add(&self, at: usize, message: String) {
        let line = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        self.found.borrow_mut().push(Mistake { line, message });
    }

    pub(super) fn into_sorted(self) -> Vec<Mistake> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|mistake| mistake.line);
        found
    }
}

/// A table of the file.
pub(super) struct Section<'a> {
    mistakes: &'a Mistakes<'a>,
    table: &'a DeTable<'a>,
    at: usize,
    title: String,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn of_file(mistakes: &'a Mistakes<'_>, table: &'a DeTable<'_>) -> Self {
        Self { mistakes, table, at: 0, title: String::new(), asked: Vec::new() }
    }

    /// The tables `[[key]]`.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.ask(key) else { return Vec::new() };
        let elements: Vec<_> = value.get_ref().as_array().into_iter().flatten().collect();
        let tables: Vec<_> =
            elements.iter().filter_map(|element| Some((*element, element.get_ref().as_table()?))).collect();
        if tables.is_empty() || tables.len() < elements.len() {
            self.mistake(value.span().start, format!("{key} must be tables, each below a line [[{key}]]"));
        }
        let section = |(place, (element, table)): (usize, (&Spanned<_>, &'a DeTable<'a>))| {
            let name = table.get("name").and_then(|name| name.get_ref().as_str());
            let title = name.map_or_else(|| format!("{key} {}: ", place + 1), |name| format!("{key} {name:?}: "));
            Section { mistakes: self.mistakes, table, at: element.span().start, title, asked: Vec::new() }
        };
        tables.into_iter().enumerate().map(section).collect()
    }

    /// Where the table begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Where a field's value begins, or else the table.
    pub(super) fn at_field(&self, key: &str) -> usize {
        self.table.get(key).map_or(self.at, |value| value.span().start)
    }

    /// Whether a field is present.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reads a field that may be missing.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.ask(key)?;
        parse(value.get_ref()).map_err(|remedy| self.mistake(value.span().start, format!("{key} {remedy}"))).ok()
    }

    /// Reads a field with a default.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> T {
        self.optional(key, parse).unwrap_or(default)
    }

    /// Reads a field that must be present; `hint` describes it in the mistake.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        hint: &str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        self.missing(key, hint);
        self.optional(key, parse)
    }

    /// Reads a list of different values, at least one, or each mistake in it. Returns where each begins.
    pub(super) fn list<T: PartialEq>(
        &mut self,
        key: &'static str,
        hint: &str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Vec<(usize, T)> {
        self.missing(key, hint);
        let Some(value) = self.ask(key) else { return Vec::new() };
        let elements = value.get_ref().as_array().filter(|elements| !elements.is_empty());
        if elements.is_none() {
            self.mistake(value.span().start, format!("{key} must be {hint}"));
        }
        let mut values = Vec::new();
        for element in elements.into_iter().flatten() {
            let at = element.span().start;
            match parse(element.get_ref()) {
                Ok(value) if values.iter().any(|(_, other)| *other == value) => {
                    self.mistake(at, format!("{key} has this entry twice; remove one"));
                }
                Ok(value) => values.push((at, value)),
                Err(remedy) => self.mistake(at, format!("{key}: each entry {remedy}")),
            }
        }
        values
    }

    /// Reads a table of names, or each mistake in it. Returns where each value begins.
    pub(super) fn map(
        &mut self,
        key: &'static str,
        example: &str,
        parse: impl Fn(&str, &DeValue<'_>) -> Result<String, String>,
    ) -> BTreeMap<String, (usize, String)> {
        let Some(value) = self.ask(key) else { return BTreeMap::new() };
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.mistake(value.span().start, format!("{key} must be a table such as {example}"));
        }
        let mut names = BTreeMap::new();
        for (ours, theirs) in table.into_iter().flat_map(|table| table.iter()) {
            match parse(ours.get_ref(), theirs.get_ref()) {
                Ok(name) => drop(names.insert(ours.get_ref().to_string(), (theirs.span().start, name))),
                Err(remedy) => self.mistake(theirs.span().start, format!("{key}: {remedy}, as in {example}")),
            }
        }
        names
    }

    /// Reads a table of fields inside this one.
    pub(super) fn inner(&mut self, key: &'static str, example: &str) -> Option<Section<'a>> {
        let value = self.ask(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.mistake(value.span().start, format!("{key} must be a table such as {example}"));
            return None;
        };
        let title = format!("{}{key}: ", self.title);
        Some(Section { mistakes: self.mistakes, table, at: value.span().start, title, asked: Vec::new() })
    }

    /// Adds a mistake.
    pub(super) fn mistake(&self, at: usize, message: impl AsRef<str>) {
        self.mistakes.add(at, format!("{}{}", self.title, message.as_ref()));
    }

    /// Adds a mistake for each key that was not read.
    pub(super) fn finish(self) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if !self.asked.contains(&name) {
                let remedy = closest(name, self.asked.iter().copied()).map_or_else(
                    || format!("the keys are {}", self.asked.join(", ")),
                    |known| format!("did you mean {known}?"),
                );
                self.mistake(key.span().start, format!("unknown key {name:?}; {remedy}"));
            }
        }
    }

    fn missing(&self, key: &str, hint: &str) {
        if !self.has(key) {
            self.mistake(self.at, format!("{key} is missing; set it to {hint}"));
        }
    }

    fn ask(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.get(key)
    }
}

/// Named values of one kind, and every name that the file declares for them.
pub(super) struct Named<T> {
    pub(super) values: Vec<T>,
    names: Vec<String>,
}

impl<T> Named<T> {
    pub(super) fn new() -> Self {
        Self { values: Vec::new(), names: Vec::new() }
    }

    /// Declares the name of a section, even if it is invalid; a second time it is a mistake.
    pub(super) fn declare(&mut self, section: &Section<'_>) {
        let Some(name) = section.table.get("name").and_then(|name| name.get_ref().as_str()) else { return };
        if self.names.iter().any(|known| known == name) {
            section.mistake(section.at_field("name"), "name is taken by an earlier one; choose another");
        } else {
            self.names.push(name.to_owned());
        }
    }

    /// Adds a value that the file implies.
    pub(super) fn imply(&mut self, name: &str, value: T) {
        self.names.push(name.to_owned());
        self.values.push(value);
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Returns what to write instead of a name that is not declared.
    pub(super) fn remedy(&self, name: &str) -> String {
        match closest(name, self.names()) {
            Some(known) => format!("did you mean {known:?}?"),
            None => format!("the names are {}", self.list()),
        }
    }

    /// Returns all declared names.
    pub(super) fn list(&self) -> String {
        self.names.join(", ")
    }

    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}
