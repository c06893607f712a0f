//! The links in a text: in tags, in Markdown, in angle brackets, or plain. Pure.
//!
//! Where it is not certain where an address ends, every reading becomes a candidate: the download decides.

mod tag;

use url::Url;

use crate::candidate::{Candidate, CandidateSource, Found};
use crate::html;

/// How the addresses of videos end.
const VIDEOS: [&str; 6] = [".mp4", ".webm", ".mov", ".m4v", ".mkv", ".m3u8"];

/// How the addresses of other things end: images, sound, parts of pages.
const OTHERS: [&str; 16] = [
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg", ".ico", ".bmp", ".avif", ".mp3", ".wav", ".m4a", ".aac", ".ogg",
    ".css", ".js",
];

/// Parts of the addresses of pages that refusals and notices point to.
const PAGES: [&str; 5] = ["policy", "policies", "terms", "privacy", "guidelines"];

/// Full-width and typographic characters that end a plain address.
const WIDE_PUNCTUATION: &str = "，。；：！？、）（】【》《」「』『”“’‘…～　";

/// ASCII characters that end a plain address wherever they stand.
const TERMINATORS: &str = "<>\"'`\\|^{}";

/// ASCII punctuation that ends a sentence rather than an address.
const TRAILING: [char; 8] = ['.', ',', ';', ':', '!', '?', '*', '~'];

/// The links in `text`, in their order. Relative ones, in tags and in Markdown, are completed against `base`.
pub(crate) fn find(text: &str, base: &Url) -> Vec<Found> {
    let text = unescaped(text);
    let mut finder = Finder { base, rest: text.clone(), found: Vec::new() };
    finder.tags(&text);
    let text = finder.rest.clone();
    finder.markdown(&text);
    let text = finder.rest.clone();
    finder.plain(&text);
    finder.found.sort_by_key(|(at, _)| *at);
    finder.found.into_iter().map(|(_, found)| found).collect()
}

/// A single address that a field holds, completed against `base`; `None` unless it can be a video's.
pub(crate) fn address(raw: &str, base: &Url) -> Option<Url> {
    let decoded = html::decode(raw.trim());
    // Quotes around an address can be escaped as well.
    let decoded = decoded.split(['"', '<', '>']).next().unwrap_or_default();
    let url = if has_scheme(decoded) { Url::parse(decoded).ok()? } else { base.join(decoded).ok()? };
    let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
    Some(url).filter(|url| usable && !ends_with(url.path(), &OTHERS))
}

/// Whether an address looks like that of a video: by its ending, or anywhere in it, where the storage's own names hide it.
pub(crate) fn is_video(url: &Url) -> bool {
    let text = percent_decoded(url.as_str()).to_lowercase();
    let path = text.split(['?', '#']).next().unwrap_or_default();
    ends_with(path, &VIDEOS)
        || path.ends_with("/raw")
        || (path.contains("/videos/") && path.ends_with("/content"))
        || text.contains(".mp4")
        || text.contains("video/mp4")
}

/// Whether a text ends inside a tag that can hold an address: the rest of it is on the next line.
pub(crate) fn has_open_tag(text: &str) -> bool {
    let Some(start) = text.rfind('<') else { return false };
    let name = tag::name(&text[start..]);
    matches!(name.as_str(), "video" | "source" | "a") && tag::end(&text[start..]).is_none()
}

pub(crate) fn has_scheme(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| starts_with_ignoring_case(text, scheme))
}

struct Finder<'a> {
    base: &'a Url,
    /// The text without what has been read.
    rest: String,
    found: Vec<(usize, Found)>,
}

impl Finder<'_> {
    fn add(&mut self, at: usize, raw: &str, source: Option<CandidateSource>) {
        let Some(url) = address(raw, self.base) else { return };
        let by_name = if is_video(&url) { CandidateSource::VideoLink } else { CandidateSource::Link };
        if source.is_none() && by_name == CandidateSource::Link && PAGES.iter().any(|page| url.path().contains(page)) {
            return;
        }
        let candidate = Candidate { url, source: source.unwrap_or(by_name) };
        self.found.push((at, Found { raw: raw.to_owned(), candidate }));
    }

    /// Blanks a part of the text that has been read, so that it is not read again; positions stay as they are.
    fn blank(&mut self, start: usize, end: usize) {
        self.rest.replace_range(start..end, &" ".repeat(end - start));
    }

    fn tags(&mut self, text: &str) {
        let mut at = 0;
        while let Some(start) = text[at..].find('<').map(|found| at + found) {
            let tag = &text[start..];
            let length = tag::end(tag).unwrap_or(tag.len());
            at = start + 1;
            if has_scheme(&tag[1..]) {
                let raw = tag[1..length].trim_end_matches('>');
                if !raw.contains(char::is_whitespace) {
                    self.add(start, raw, None);
                    self.blank(start, start + length);
                }
                continue;
            }
            let attribute = |name| tag::attribute(&tag[..length], name);
            match tag::name(tag).as_str() {
                "video" | "source" | "embed" => {
                    let kind = attribute("type").unwrap_or_default().to_lowercase();
                    if let Some(src) =
                        attribute("src").filter(|_| !kind.starts_with("image") && !kind.starts_with("audio"))
                    {
                        self.add(start, &src, Some(CandidateSource::VideoTag));
                    }
                }
                "a" => {
                    if let Some(href) = attribute("href") {
                        self.add(start, &href, None);
                    }
                }
                "iframe" => {
                    if let Some(src) = attribute("src") {
                        self.add(start, &src, Some(CandidateSource::Link));
                    }
                }
                "img" | "audio" | "link" | "script" => {}
                _ => continue,
            }
            self.blank(start, start + length);
            at = start + length;
        }
    }

    /// `[text](address "title")` and `[text](<address>)`.
    fn markdown(&mut self, text: &str) {
        let mut at = 0;
        while let Some(start) = text[at..].find("](").map(|found| at + found + 2) {
            at = start;
            let inner = &text[start..];
            let inner_start = start + (inner.len() - inner.trim_start_matches([' ', '<']).len());
            let inner = &text[inner_start..];
            let length = balanced(inner, |c| c.is_whitespace() || TERMINATORS.contains(c));
            let raw = &inner[..length];
            if has_scheme(raw) || (raw.starts_with('/') && raw.len() > 1) {
                self.add(inner_start, raw, None);
                if let Some(end) = raw.find(|c| WIDE_PUNCTUATION.contains(c)) {
                    self.add(inner_start, &raw[..end], None);
                }
                self.blank(inner_start, inner_start + length);
                at = inner_start + length;
            }
        }
    }

    fn plain(&mut self, text: &str) {
        // ASCII alone changes case here, so positions stay as they are.
        let lower = text.to_ascii_lowercase();
        let mut at = 0;
        while let Some(start) = lower[at..].find("http").map(|found| at + found) {
            at = start + 4;
            if !has_scheme(&text[start..]) {
                continue;
            }
            let stops = |c: char| {
                c.is_whitespace() || c.is_control() || TERMINATORS.contains(c) || WIDE_PUNCTUATION.contains(c)
            };
            let length = balanced(&text[start..], stops);
            for raw in readings(&text[start..start + length]) {
                self.add(start, raw, None);
            }
            at = start + length;
        }
    }
}

/// The ways to read where a plain address ends, the most probable one last.
fn readings(whole: &str) -> Vec<&str> {
    // What is not ASCII belongs, more often than not, to the text that follows.
    let ascii = whole.find(|c: char| !c.is_ascii()).unwrap_or(whole.len());
    // Words can follow without a space.
    let path = whole.char_indices().filter(|(_, c)| *c == '/').nth(2).map_or(whole.len(), |(at, _)| at);
    let lower = whole[path..].to_ascii_lowercase();
    let glued = VIDEOS.iter().filter_map(|end| lower.find(end).map(|at| path + at + end.len()));
    let glued = glued.min().filter(|end| whole[*end..].starts_with(|c: char| c.is_alphanumeric()));
    let mut ends = [whole.len(), ascii, glued.unwrap_or(whole.len())];
    ends.sort_unstable_by(|a, b| b.cmp(a));
    let mut readings = vec![trimmed(whole)];
    for end in ends {
        let end = without_open_bracket(trimmed(&whole[..end]));
        if readings.last() != Some(&end) {
            readings.push(end);
        }
    }
    readings
}

fn trimmed(address: &str) -> &str {
    address.trim_end_matches(TRAILING)
}

/// An opening bracket that is never closed belongs to the text that follows.
fn without_open_bracket(address: &str) -> &str {
    trimmed(unclosed(address).map_or(address, |at| &address[..at]))
}

/// How far a text goes until `stops` or a closing bracket that was not opened in it.
fn balanced(text: &str, stops: impl Fn(char) -> bool) -> usize {
    let mut open = 0u32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => open += 1,
            ')' | ']' if open == 0 => return at,
            ')' | ']' => open -= 1,
            c if stops(c) => return at,
            _ => {}
        }
    }
    text.len()
}

/// The first opening bracket that is never closed.
fn unclosed(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => open.push(at),
            ')' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    open.first().copied()
}

/// Without the escapes of JSON strings that were written into a text once more: `https:\/\/`, `\u0026`.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    [("\\/", "/"), ("\\u0026", "&"), ("\\u003d", "="), ("\\u003D", "="), ("\\u003c", "<"), ("\\u003e", ">")]
        .iter()
        .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

fn ends_with(path: &str, endings: &[&str]) -> bool {
    let path = path.to_lowercase();
    endings.iter().any(|end| path.ends_with(end))
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// A text with `%XX` decoded; sequences that are not UTF-8 are replaced.
fn percent_decoded(text: &str) -> String {
    let (mut decoded, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests;
