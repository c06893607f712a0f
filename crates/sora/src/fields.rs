//! The fields of a JSON answer in which a result's address can stand. Pure.
//!
//! Servers disagree on the names, so fields are chosen by what their names contain; those that repeat the request, or name
//! images, sound, callbacks and status addresses, are never read.

use serde_json::{Map, Value};
use url::Url;

use crate::candidate::{Candidate, CandidateSource, Found, rank};
use crate::links;

/// Names of fields with addresses of results, without `_` and `-`, in lower case.
const RESULT_NAMES: [&str; 15] = [
    "url",
    "urls",
    "uri",
    "link",
    "src",
    "file",
    "files",
    "fileurl",
    "fileuri",
    "media",
    "mediaurl",
    "play",
    "playurl",
    "fullurl",
    "signedurl",
];

/// Parts of such names that say it too.
const RESULT_PARTS: [&str; 6] = ["video", "mp4", "download", "output", "result", "watermark"];

/// Parts of names of fields that are never read.
const EXCLUDED_PARTS: [&str; 27] = [
    "image",
    "img",
    "thumb",
    "cover",
    "poster",
    "gif",
    "frame",
    "avatar",
    "icon",
    "logo",
    "audio",
    "music",
    "sound",
    "subtitle",
    "callback",
    "webhook",
    "notify",
    "status",
    "poll",
    "cancel",
    "prompt",
    "input",
    "reference",
    "param",
    "request",
    "docs",
    "error",
];

/// How deep objects are read, and how many values.
const MAX_DEPTH: usize = 12;
const MAX_VALUES: usize = 10_000;

/// Longest text that is not JSON and is read for links, in bytes.
const MAX_TEXT: usize = 4 * 1024;

/// The addresses in a JSON value, the most credible ones last; those in other fields are mere links. Relative ones are
/// completed against `base`.
pub(crate) fn find(value: &Value, base: &Url) -> Vec<Found> {
    find_except(value, &[], base)
}

/// The same without some of the outermost fields.
pub(crate) fn find_except(value: &Value, except: &[&str], base: &Url) -> Vec<Found> {
    let mut walk = Walk { base, left: MAX_VALUES, found: Vec::new() };
    match value {
        Value::Object(object) => {
            let fields = object.iter().filter(|(name, _)| !except.contains(&name.as_str()));
            fields.for_each(|(name, value)| walk.field(name, value, 0, MAX_DEPTH));
        }
        value => walk.value("", value, 0, MAX_DEPTH),
    }
    walk.found.sort_by_key(|(weight, _)| *weight);
    walk.found.into_iter().map(|(_, found)| found).collect()
}

/// The addresses at which a JSON text says that a video is, or that a short text names, in the order in which to try them.
#[must_use]
pub fn result_urls(json: &str, base: &Url) -> Vec<Url> {
    let found = match serde_json::from_str::<Value>(json.trim_start_matches('\u{feff}')) {
        Ok(Value::String(text)) => links::find(&text, base),
        Ok(value) => find(&value, base),
        // A text that is nothing but an address.
        Err(_) if json.len() <= MAX_TEXT => links::find(json, base),
        Err(_) => Vec::new(),
    };
    rank(found.into_iter().map(|found| found.candidate).collect()).into_iter().map(|candidate| candidate.url).collect()
}

struct Walk<'a> {
    base: &'a Url,
    left: usize,
    /// With how much the names of the fields say that it is the video itself.
    found: Vec<(u8, Found)>,
}

impl Walk<'_> {
    fn field(&mut self, name: &str, value: &Value, weight: u8, depth: usize) {
        let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_lowercase();
        if !EXCLUDED_PARTS.iter().any(|part| name.contains(part)) {
            self.value(&name, value, weight.max(weight_of(&name)), depth);
        }
    }

    fn value(&mut self, name: &str, value: &Value, weight: u8, depth: usize) {
        if depth == 0 || self.left == 0 {
            return;
        }
        self.left -= 1;
        match value {
            Value::Object(object) if !is_of_another_type(object) => {
                object.iter().for_each(|(name, value)| self.field(name, value, weight, depth - 1));
            }
            Value::Array(values) => values.iter().for_each(|value| self.value(name, value, weight, depth - 1)),
            Value::String(text) => self.text(name, text.trim(), weight, depth - 1),
            _ => {}
        }
    }

    fn text(&mut self, name: &str, text: &str, weight: u8, depth: usize) {
        // JSON as a text, as in `resultJson`.
        if text.starts_with(['{', '['])
            && let Ok(value) = serde_json::from_str(text)
        {
            return self.value(name, &value, weight, depth);
        }
        let single = !text.contains(char::is_whitespace) && !text.contains(['<', '[']);
        let named = RESULT_NAMES.contains(&name) || RESULT_PARTS.iter().any(|part| name.contains(part));
        if named && single && (links::has_scheme(text) || text.starts_with('/')) {
            if let Some(url) = links::address(text, self.base) {
                let candidate = Candidate { url, source: CandidateSource::Field };
                self.found.push((weight, Found { raw: text.to_owned(), candidate }));
            }
            return;
        }
        self.found.extend(links::find(text, self.base).into_iter().map(|found| (0, found)));
    }
}

/// How much a field's name says that its address is the video's own.
fn weight_of(name: &str) -> u8 {
    if name.contains("watermark") {
        3
    } else if name.contains("video") || name.contains("mp4") {
        2
    } else {
        u8::from(["download", "output", "result"].iter().any(|part| name.contains(part)))
    }
}

/// Whether an object says that it is an image, sound or the like.
fn is_of_another_type(object: &Map<String, Value>) -> bool {
    let names = ["type", "mime_type", "mimeType", "mime", "content_type", "media_type", "kind"];
    let said = names.iter().filter_map(|name| object.get(*name)?.as_str()).map(str::to_lowercase);
    let others = ["image", "audio", "thumbnail", "cover", "poster", "gif"];
    said.into_iter().any(|said| !said.contains("video") && others.iter().any(|other| said.contains(other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn best(value: &Value) -> Option<String> {
        let base = Url::parse("https://up.example/v1/videos").unwrap();
        result_urls(&value.to_string(), &base).first().map(Url::to_string)
    }

    #[test]
    fn finds_a_result_wherever_servers_put_it() {
        let url = "https://h/x?sig=1";
        for value in [
            json!({"url": url}),
            json!({"video_url": url, "thumbnail_url": "https://h/t", "cover": "https://h/c"}),
            json!({"metadata": {"url": url}}),
            json!({"output": {"task_id": "t", "video_url": url}}),
            json!({"output": [url]}),
            json!({"data": {"videos": [{"url": url, "mimeType": "video/mp4"}]}}),
            json!({"data": {"resultJson": format!("{{\"resultUrls\": [\"{url}\"]}}")}}),
            json!({"data": {"task_result": {"videos": [{"id": "1", "url": url, "duration": "5"}]}}}),
            json!({"generations": [{"video": {"url": url}, "image": {"url": "https://h/i"}}]}),
            json!({"assets": {"image": "https://h/i", "video": url}}),
            json!({"creations": [{"url": url, "cover_url": "https://h/c"}]}),
            json!({"file": {"download_url": url}}),
            json!({"content": {"video_url": url, "last_frame_url": "https://h/f"}}),
            json!({"response": {"generatedVideos": [{"video": {"uri": url}}]}}),
            json!({"urls": {"get": "https://api/x", "cancel": "https://api/y"}, "output": url}),
            json!({"output": [{"type": "image", "url": "https://h/i"}, {"type": "video", "url": url}]}),
            json!({"status_url": "https://q/s", "response_url": null, "video": {"url": url}}),
            json!({"input": {"image_url": "https://h/i"}, "request": {"url": "https://h/r"}, "link": url}),
            json!({"url": "https://h/with-watermark", "video_url_no_watermark": url}),
            json!([{"video": {"src": url}}]),
        ] {
            assert_eq!(best(&value).as_deref(), Some(url), "{value}");
        }
    }

    #[test]
    fn completes_relative_addresses_and_reads_links_in_texts() {
        assert_eq!(best(&json!({"url": "/files/v.mp4"})).as_deref(), Some("https://up.example/files/v.mp4"));
        assert_eq!(best(&json!({"content": "done: [v](https://h/v.mp4)"})).as_deref(), Some("https://h/v.mp4"));
        assert_eq!(best(&json!({"result": "see https://h/x now"})).as_deref(), Some("https://h/x"));
    }

    #[test]
    fn an_address_in_another_field_is_a_mere_link() {
        let base = Url::parse("https://up.example/v1/videos").unwrap();
        let found = find(&json!({"message": "see https://h/help", "fail_reason": "https://h/x"}), &base);
        assert!(found.len() == 2 && found.iter().all(|found| !found.candidate.source.is_credible()), "{found:?}");
    }

    #[test]
    fn reads_a_text_that_is_an_address() {
        let base = Url::parse("https://up.example/v1/videos").unwrap();
        for text in ["https://h/v.mp4\n", "\"https://h/v.mp4\""] {
            assert_eq!(result_urls(text, &base)[0].as_str(), "https://h/v.mp4");
        }
    }

    #[test]
    fn reads_no_field_of_the_request_and_no_other_media() {
        for value in [
            json!({"prompt": "https://h/p.mp4", "input": {"video_url": "https://h/in.mp4"}}),
            json!({"image_url": "https://h/i", "preview": "https://h/p.png", "webhook": "https://h/hook"}),
            json!({"url": "https://h/cover.jpg", "message": "nothing", "id": "x"}),
            json!({"error": {"url": "https://h/why"}, "url": null, "video": ""}),
        ] {
            assert_eq!(best(&value), None, "{value}");
        }
    }
}
