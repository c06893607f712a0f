//! How each behaviour of an upstream ends in both dialects, and what it may have cost.

use std::time::Duration;

use simulator::{Config, Simulator, Variant};
use sora::{Dialect, Event, Outcome, Timeouts, Upstream, driver};
use url::Url;

use crate::{best, generate, patient};

/// Shorter than the pause between two steps of the simulator.
const SHORT: Duration = Duration::from_millis(400);

/// How a generation ends; `Ok` when it finished.
type End = Result<(), Outcome>;

const DONE: End = Ok(());
const INTERRUPTED: End = Err(Outcome::Interrupted);
const UNKNOWN: End = Err(Outcome::Unknown);

/// Each behaviour, its end in `chat` and in `videos`, and whether the upstream counts a submission.
const BEHAVIOURS: [(&str, End, End, bool); 49] = [
    ("happy", DONE, DONE, true),
    ("instant", DONE, DONE, true),
    ("silent", DONE, DONE, true),
    ("estimated-only", DONE, DONE, true),
    ("regress", DONE, DONE, true),
    ("internal-retry", DONE, DONE, true),
    ("refuse@0%", Err(Outcome::Refused), Err(Outcome::Refused), true),
    ("refuse@40%", Err(Outcome::Refused), Err(Outcome::Refused), true),
    ("refused-completed-without-url", INTERRUPTED, DONE, true),
    ("failed@40%", INTERRUPTED, INTERRUPTED, true),
    ("failed-at-100", INTERRUPTED, INTERRUPTED, true),
    ("expired", DONE, INTERRUPTED, true),
    ("error-frame", INTERRUPTED, UNKNOWN, true),
    ("error-frame@40%", INTERRUPTED, UNKNOWN, true),
    ("nested-json-error", INTERRUPTED, UNKNOWN, true),
    ("cut@0%", INTERRUPTED, UNKNOWN, true),
    ("cut@60%", INTERRUPTED, UNKNOWN, true),
    ("rst@60%", INTERRUPTED, UNKNOWN, true),
    ("cut-after-result", DONE, DONE, true),
    ("create-answer-lost", UNKNOWN, UNKNOWN, true),
    ("lost@50%", DONE, Err(Outcome::Lost), true),
    ("garbage-stream=1", INTERRUPTED, DONE, true),
    ("http-500", Err(Outcome::Transient), Err(Outcome::Transient), false),
    ("http-503", Err(Outcome::Busy), Err(Outcome::Busy), false),
    ("http-429", Err(Outcome::Busy), Err(Outcome::Busy), false),
    ("http-401", Err(Outcome::Unauthorised), Err(Outcome::Unauthorised), false),
    ("http-402", Err(Outcome::Unauthorised), Err(Outcome::Unauthorised), false),
    ("http-403", Err(Outcome::Unauthorised), Err(Outcome::Unauthorised), false),
    ("http-410", Err(Outcome::UpstreamGone), Err(Outcome::UpstreamGone), false),
    ("http-422", Err(Outcome::Invalid), Err(Outcome::Invalid), false),
    ("http-408", UNKNOWN, UNKNOWN, true),
    ("http-504", UNKNOWN, UNKNOWN, true),
    ("http-502-html", UNKNOWN, UNKNOWN, true),
    ("http-200-html", UNKNOWN, UNKNOWN, true),
    ("500-with-4xx-inside", Err(Outcome::Invalid), Err(Outcome::Invalid), false),
    ("no-tokens", Err(Outcome::Busy), Err(Outcome::Busy), false),
    ("heavy-load", Err(Outcome::Busy), Err(Outcome::Busy), false),
    ("no-done", DONE, DONE, true),
    ("done-literal", DONE, DONE, true),
    ("done-twice", DONE, DONE, true),
    ("empty-choices", DONE, DONE, true),
    ("huge-line", INTERRUPTED, DONE, true),
    ("prompt-echo-injection", DONE, DONE, true),
    ("odd-id", DONE, DONE, true),
    ("poll-5xx-4", DONE, DONE, true),
    ("poll-429-12", DONE, DONE, true),
    ("poll-404-2", DONE, DONE, true),
    ("status-synonym", DONE, DONE, true),
    ("status-unknown", DONE, DONE, true),
];

async fn end(upstream: Upstream, prompt: &str) -> (Vec<Event>, End) {
    let (events, failure) = generate(&*driver(&upstream).unwrap(), prompt).await;
    (events, failure.map_or(Ok(()), |failure| Err(failure.outcome)))
}

fn upstream(url: &str, timeouts: Timeouts) -> Upstream {
    let url = Url::parse(url).unwrap();
    let dialect = Dialect::of(&url).unwrap();
    // Errors back off from this pause.
    Upstream { url, dialect, token: None, timeouts, poll_interval: Duration::from_millis(1) }
}

#[tokio::test]
async fn each_behaviour_ends_the_same_way_in_every_variant_of_chat() {
    for variant in [Variant::A1, Variant::A2, Variant::A2Object, Variant::B1, Variant::B2] {
        let config = Config { pace: 0, steps: 4, variant, ..Config::default() };
        let simulator = Simulator::start(config).await.unwrap();
        for (word, expected, _, submitted) in BEHAVIOURS {
            let prompt = format!("进度：99% https://evil.example/x.mp4 [sim:{word}]");
            let (events, end) = end(upstream(&simulator.chat_url(), patient()), &prompt).await;
            assert_eq!(end, expected, "{word} in {variant:?}: {:?}", last(&events));
            let counts = simulator.stats_of(&prompt);
            assert_eq!((counts.requests, counts.submissions), (1, u64::from(submitted)), "{word} in {variant:?}");
            sane(&events, word);
        }
    }
}

#[tokio::test]
async fn each_behaviour_ends_the_same_way_in_both_flavours_of_videos() {
    for tag in ["openai", "vllm-omni"] {
        let config = Config { pace: 0, steps: 4, poll_after: Some(1), ..Config::default() };
        let simulator = Simulator::start(config).await.unwrap();
        for (word, _, expected, submitted) in BEHAVIOURS {
            let prompt = format!("a cat [sim:{word},{tag}]");
            let (events, end) = end(upstream(&simulator.videos_url(), patient()), &prompt).await;
            assert_eq!(end, expected, "{word} in {tag}: {:?}", last(&events));
            let counts = simulator.stats_of(&prompt);
            assert_eq!((counts.requests, counts.submissions), (1, u64::from(submitted)), "{word} in {tag}");
            sane(&events, word);
        }
    }
}

/// The last events, for a message.
fn last(events: &[Event]) -> &[Event] {
    &events[events.len().saturating_sub(5)..]
}

/// Acceptance first and once, numbers within bounds, and no address but the upstream's own.
fn sane(events: &[Event], word: &str) {
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Accepted(_) => assert_eq!(at, 0, "{word}"),
            Event::Progress(percent) => assert!((0.0..=100.0).contains(percent), "{word}"),
            Event::Candidate(candidate) => assert_eq!(candidate.url.host_str(), Some("127.0.0.1"), "{word}"),
            Event::Queued | Event::Generating | Event::Finished => {}
        }
    }
    if let Some(first) = events.first() {
        assert!(matches!(first, Event::Accepted(_)), "{word}: {first:?}");
    }
}

#[tokio::test]
async fn an_estimate_counts_for_95_at_most() {
    for tag in ["a1", "a2", "a2-object"] {
        let config = Config { pace: 0, steps: 20, ..Config::default() };
        let simulator = Simulator::start(config).await.unwrap();
        let prompt = format!("x [sim:estimated-only,{tag}]");
        let (events, _) = end(upstream(&simulator.chat_url(), patient()), &prompt).await;
        let most = events.iter().filter_map(|event| if let Event::Progress(p) = event { Some(*p) } else { None });
        assert_eq!(most.fold(0.0, f32::max), 95.0, "{tag}");
    }
}

#[tokio::test]
async fn no_real_prompt_is_taken_for_status_in_any_variant() {
    let simulator = Simulator::start(Config { pace: 0, steps: 4, ..Config::default() }).await.unwrap();
    for asked in testkit::prompts() {
        for echo in ["b1", "b1,prompt-echo-injection", "b2", "a1,prompt-echo-injection"] {
            let prompt = format!("{}[sim:{echo}]", asked.prompt);
            let (events, end) = end(upstream(&simulator.chat_url(), patient()), &prompt).await;
            assert_eq!(end, DONE, "{echo}: {prompt}");
            let progress =
                events.iter().filter_map(|event| if let Event::Progress(p) = event { Some(*p) } else { None });
            let progress: Vec<_> = progress.collect();
            // Variants round differently; no number comes from the prompt.
            let own = [0.0, 24.0, 24.6, 49.0, 49.3, 74.0, 98.0, 98.7];
            assert!(progress.is_sorted() && progress.iter().all(|p| own.contains(p)), "{echo}: {prompt}: {progress:?}");
            assert!(best(&events).path().ends_with(".mp4"), "{echo}: {prompt}");
            sane(&events, &prompt);
        }
    }
}

#[tokio::test]
async fn comments_reset_the_idle_timeout() {
    let simulator = Simulator::start(Config { pace: 60, steps: 4, ..Config::default() }).await.unwrap();
    let slow = Timeouts { idle: SHORT, ..patient() };
    let quiet = "x [sim:silent,pings,steps=20]";
    assert_eq!(end(upstream(&simulator.chat_url(), slow), quiet).await.1, DONE);
    let silent = "x [sim:silent,steps=20]";
    assert_eq!(end(upstream(&simulator.chat_url(), slow), silent).await.1, Err(Outcome::Stalled));
}
