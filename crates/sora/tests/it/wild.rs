//! The simulator's imitations of upstreams in the wild, downloads included. Each ends the same way whatever the variant.

use std::time::Duration;

use fetch::Fetcher;
use simulator::{Config, Simulator};
use sora::{Dialect, Driver, Timeouts, Upstream, driver};
use url::Url;

use crate::download::{fetcher, outcome};
use crate::{generate, patient};

const COMPLETED: &str = "completed ";
const REFUSED: &str = "failed refused ";
const INTERRUPTED: &str = "failed interrupted ";
const UNREADABLE: &str = "failed unreadable ";
const UNFETCHABLE: &str = "unfetchable ";

/// Each imitation, and how it ends in `chat` and in `videos`.
const IMITATIONS: [(&str, &str, &str); 87] = [
    ("poster-tag", COMPLETED, COMPLETED),
    ("escaped-link", COMPLETED, COMPLETED),
    ("relative-link", COMPLETED, COMPLETED),
    ("protocol-relative-link", COMPLETED, COMPLETED),
    ("click-here-link", COMPLETED, COMPLETED),
    ("prose-link", COMPLETED, COMPLETED),
    ("bold-link", COMPLETED, COMPLETED),
    ("one-line-fence", COMPLETED, COMPLETED),
    ("no-line-ends", COMPLETED, COMPLETED),
    ("bare-link,no-done", COMPLETED, COMPLETED),
    ("raw-path-link", COMPLETED, COMPLETED),
    ("punctuated-link", COMPLETED, COMPLETED),
    ("bracket-link", COMPLETED, COMPLETED),
    ("angle-link", COMPLETED, COMPLETED),
    ("reasoning-link", COMPLETED, COMPLETED),
    ("page-first", COMPLETED, COMPLETED),
    ("cover-first", COMPLETED, COMPLETED),
    ("preview-first", COMPLETED, COMPLETED),
    ("page-only", UNFETCHABLE, COMPLETED),
    ("content-parts", COMPLETED, COMPLETED),
    ("result-field=url", COMPLETED, COMPLETED),
    ("result-field=video_url,no-content", COMPLETED, COMPLETED),
    ("result-field=result_url,no-content", COMPLETED, COMPLETED),
    ("result-field=output,no-content", COMPLETED, COMPLETED),
    ("result-field=output.url,no-content", COMPLETED, COMPLETED),
    ("result-field=output.video_url,no-content", COMPLETED, COMPLETED),
    ("result-field=output.0,no-content", COMPLETED, COMPLETED),
    ("result-field=data.videos,no-content", COMPLETED, COMPLETED),
    ("result-field=resultJson,no-content", COMPLETED, COMPLETED),
    ("result-field=video.url,no-content", COMPLETED, COMPLETED),
    ("result-field=videos.0,no-content", COMPLETED, COMPLETED),
    ("early-result,no-content", COMPLETED, COMPLETED),
    ("no-content", COMPLETED, UNFETCHABLE),
    ("no-content-url-only", COMPLETED, COMPLETED),
    ("metadata-url", COMPLETED, COMPLETED),
    ("content-json", COMPLETED, COMPLETED),
    ("content-json-private", UNFETCHABLE, UNFETCHABLE),
    ("gzip", COMPLETED, COMPLETED),
    ("gzip-unannounced", COMPLETED, COMPLETED),
    ("deflate", COMPLETED, COMPLETED),
    ("brotli", COMPLETED, COMPLETED),
    ("json-answer", COMPLETED, COMPLETED),
    ("json-answer,bom,gzip", COMPLETED, COMPLETED),
    ("json-delta-answer,click-here-link", COMPLETED, COMPLETED),
    ("text-plain-json", COMPLETED, COMPLETED),
    ("bom", COMPLETED, COMPLETED),
    ("create-202", COMPLETED, COMPLETED),
    ("content-filter", REFUSED, REFUSED),
    ("refusal-field", REFUSED, REFUSED),
    ("event-error", REFUSED, REFUSED),
    ("moderation-frame", REFUSED, REFUSED),
    ("moderation-message", REFUSED, REFUSED),
    ("guardrails", REFUSED, REFUSED),
    ("http-400-moderated", REFUSED, REFUSED),
    ("poll-400-moderated", REFUSED, REFUSED),
    ("notice-failure", COMPLETED, COMPLETED),
    ("cloudflare-429", INTERRUPTED, INTERRUPTED),
    ("cloudflare-429,done-literal", INTERRUPTED, INTERRUPTED),
    ("unreadable", UNREADABLE, UNREADABLE),
    ("status-words=done", COMPLETED, COMPLETED),
    ("status-words=Ready", COMPLETED, COMPLETED),
    ("status-words=rejected", REFUSED, REFUSED),
    ("status-words=nsfw", REFUSED, REFUSED),
    ("status-words=timeout", INTERRUPTED, INTERRUPTED),
    ("unknown-status-with-result", COMPLETED, COMPLETED),
    ("unknown-status-with-error", INTERRUPTED, INTERRUPTED),
    ("empty-error", COMPLETED, COMPLETED),
    ("progress-text", COMPLETED, COMPLETED),
    ("empty-id", COMPLETED, COMPLETED),
    ("numeric-id", COMPLETED, COMPLETED),
    ("video-id", COMPLETED, COMPLETED),
    ("request-id,no-content", COMPLETED, COMPLETED),
    ("task-id-data,no-content", COMPLETED, COMPLETED),
    ("nested-task-id", COMPLETED, COMPLETED),
    ("data-beside-status,no-content", COMPLETED, COMPLETED),
    ("new-api-task", COMPLETED, COMPLETED),
    ("outer-status", COMPLETED, COMPLETED),
    ("data-object", COMPLETED, COMPLETED),
    ("data-list", COMPLETED, COMPLETED),
    ("task-object", COMPLETED, COMPLETED),
    ("replica-404", COMPLETED, COMPLETED),
    ("truncated-clean", UNFETCHABLE, UNFETCHABLE),
    ("truncated-clean,webm", UNFETCHABLE, UNFETCHABLE),
    ("partial-206", COMPLETED, COMPLETED),
    ("file-gzip", COMPLETED, COMPLETED),
    ("audio", UNFETCHABLE, UNFETCHABLE),
    ("picture", UNFETCHABLE, UNFETCHABLE),
];

/// Files, the same in both dialects.
const FILES: [(&str, &str); 8] = [
    ("octet-stream", COMPLETED),
    ("quicktime", COMPLETED),
    ("fragmented", COMPLETED),
    ("webm", COMPLETED),
    ("fragmented,truncated-clean", UNFETCHABLE),
    ("hls", COMPLETED),
    ("hls-missing-segment", UNFETCHABLE),
    ("hls-private", UNFETCHABLE),
];

/// A driver of the simulator, and a client for its files.
struct Platform {
    driver: Box<dyn Driver>,
    fetcher: Fetcher,
}

impl Platform {
    fn new(url: &str) -> Self {
        let url = Url::parse(url).unwrap();
        let (fetcher, dialect) = (fetcher(&url), Dialect::of(&url).unwrap());
        let timeouts = Timeouts { lost: Duration::from_secs(20), ..patient() };
        let upstream = Upstream { url, dialect, token: None, timeouts, poll_interval: Duration::from_millis(1) };
        Self { driver: driver(&upstream).unwrap(), fetcher }
    }

    async fn end(&self, prompt: &str) -> String {
        let (events, failure) = generate(&*self.driver, prompt).await;
        outcome(&self.fetcher, events, failure).await
    }
}

fn imitations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    IMITATIONS.into_iter().chain(FILES.map(|(tags, end)| (tags, end, end)))
}

#[tokio::test]
async fn every_imitation_ends_as_it_must_in_chat() {
    let simulator = Simulator::start(Config { pace: 0, steps: 4, ..Config::default() }).await.unwrap();
    let (platform, mut wrong) = (Platform::new(&simulator.chat_url()), Vec::new());
    for (tags, expected, _) in imitations() {
        for variant in ["a1", "b1", "b2"] {
            let prompt = format!("进度：99% https://evil.example/x.mp4 [sim:{variant},{tags}]");
            let end = platform.end(&prompt).await;
            let requests = simulator.stats_of(&prompt).requests;
            if !end.starts_with(expected) || requests != 1 {
                wrong.push(format!("{variant},{tags}: {end} after {requests} requests, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_imitation_ends_as_it_must_in_videos() {
    let config = Config { pace: 0, steps: 4, poll_after: Some(1), ..Config::default() };
    let simulator = Simulator::start(config).await.unwrap();
    let (platform, mut wrong) = (Platform::new(&simulator.videos_url()), Vec::new());
    for (tags, _, expected) in imitations() {
        let prompt = format!("a cat [sim:{tags}]");
        let end = platform.end(&prompt).await;
        let requests = simulator.stats_of(&prompt).requests;
        if !end.starts_with(expected) || requests != 1 {
            wrong.push(format!("{tags}: {end} after {requests} requests, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
