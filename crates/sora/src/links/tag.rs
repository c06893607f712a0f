//! HTML tags, as far as addresses need them. A text that begins with `<` is a tag.

/// The name of the tag that a text begins with, in lower case.
pub(super) fn name(tag: &str) -> String {
    tag[1..].chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}

/// Where the tag ends that a text begins with, `>` included; quoted values may hold one.
pub(super) fn end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in tag.char_indices().skip(1) {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    // A quote that is never closed does not count: the tag ends at its first `>`.
    quote.and_then(|_| tag.find('>')).map(|at| at + 1)
}

/// The value of a tag's attribute.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut at = 0;
    while let Some(start) = lower[at..].find(name).map(|found| at + found) {
        at = start + name.len();
        let whole_name = lower[..start].ends_with(|c: char| c.is_whitespace() || c == '"' || c == '\'');
        let Some(value) = tag[at..].trim_start().strip_prefix('=').map(str::trim_start).filter(|_| whole_name) else {
            continue;
        };
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
            _ => value.split(|c: char| c.is_whitespace() || c == '>').next(),
        };
        return value.map(str::trim).filter(|value| !value.is_empty()).map(ToOwned::to_owned);
    }
    None
}
