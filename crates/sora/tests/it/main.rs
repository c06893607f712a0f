//! The driver against the simulator over real connections.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod behaviours;
mod cases;
mod download;
// Linux alone tells a process how much memory it has.
#[cfg(target_os = "linux")]
mod memory;
mod trace;
mod videos;
mod wild;

use std::time::Duration;

use simulator::{Config, Simulator};
use sora::{Dialect, Driver, Event, Failure, Outcome, Request, Timeouts, Upstream, driver, rank};
use url::Url;

const LONG: Duration = Duration::from_secs(60);

fn chat(url: &str, token: Option<&str>, timeouts: Timeouts) -> Box<dyn Driver> {
    let (url, poll) = (Url::parse(url).unwrap(), Duration::from_millis(20));
    let dialect = Dialect::of(&url).unwrap();
    driver(&Upstream { url, dialect, token: token.map(Into::into), timeouts, poll_interval: poll }).unwrap()
}

fn patient() -> Timeouts {
    // Known ids are lost as soon as they are unknown: no replica of the simulator will find them.
    Timeouts { idle: LONG, stall: LONG, total: LONG, lost: Duration::from_millis(100) }
}

/// All events of a generation up to its end, and its failure if it failed.
async fn generate(driver: &dyn Driver, prompt: &str) -> (Vec<Event>, Option<Failure>) {
    let request = Request {
        prompt: prompt.into(),
        model: "sora2-portrait-10s".into(),
        seconds: "10".into(),
        size: "720x1280".into(),
        image: None,
        traceparent: None,
    };
    let mut generation = match driver.submit(&request).await {
        Ok(generation) => generation,
        Err(failure) => return (vec![], Some(failure)),
    };
    let mut events = Vec::new();
    loop {
        match generation.next().await {
            Ok(Event::Finished) => {
                events.push(Event::Finished);
                generation.close().await;
                return (events, None);
            }
            Ok(event) => events.push(event),
            Err(failure) => return (events, Some(failure)),
        }
    }
}

/// The address that is tried first.
fn best(events: &[Event]) -> Url {
    let candidates = events.iter().filter_map(|event| match event {
        Event::Candidate(candidate) => Some(candidate.clone()),
        _ => None,
    });
    rank(candidates.collect()).swap_remove(0).url
}

async fn against_simulator(prompt: &str) -> (Vec<Event>, Option<Failure>) {
    let simulator = Simulator::start(Config { pace: 0, ..Config::default() }).await.unwrap();
    generate(&*chat(simulator.chat_url().as_str(), None, patient()), prompt).await
}

#[tokio::test]
async fn reports_acceptance_then_progress_then_the_result_however_the_stream_is_framed() {
    for tags in ["", "[sim:pings]", "[sim:crlf]", "[sim:split-utf8]", "[sim:no-done]", "[sim:cut-after-result]"] {
        let (events, failure) = against_simulator(&format!("海浪 {tags}")).await;
        assert_eq!(failure, None, "{tags}");
        assert_eq!(events[..2], [Event::Accepted(None), Event::Queued], "{tags}");
        let progress: Vec<_> =
            events.iter().filter_map(|event| if let Event::Progress(p) = event { Some(*p) } else { None }).collect();
        assert!(progress.len() > 3 && progress.is_sorted(), "{tags}: {progress:?}");
        assert_eq!(events.last(), Some(&Event::Finished), "{tags}");
        assert!(best(&events).path().ends_with(".mp4"), "{tags}");
    }
}

#[tokio::test]
async fn classifies_each_failure_by_what_it_means_for_money() {
    for (tag, outcome) in [
        ("http-500", Outcome::Transient),
        ("http-503", Outcome::Busy),
        ("refuse@40%", Outcome::Refused),
        ("cut@60%", Outcome::Interrupted),
        ("cut@0%", Outcome::Interrupted),
    ] {
        let (_, failure) = against_simulator(&format!("[sim:{tag}]")).await;
        assert_eq!(failure.unwrap().outcome, outcome, "{tag}");
    }
    let (_, unknown_tag) = against_simulator("[sim:no-such-behaviour]").await;
    assert_eq!(unknown_tag.unwrap().outcome, Outcome::Invalid);
}

#[tokio::test]
async fn reports_a_key_that_is_not_accepted() {
    let simulator =
        Simulator::start(Config { token: Some("right".into()), pace: 0, ..Config::default() }).await.unwrap();
    let url = simulator.chat_url().clone();
    let (_, failure) = generate(&*chat(&url, Some("wrong"), patient()), "x").await;
    assert_eq!(failure.unwrap().outcome, Outcome::Unauthorised);
    let (_, failure) = generate(&*chat(&url, Some("right"), patient()), "x").await;
    assert_eq!(failure, None);
}

#[tokio::test]
async fn a_request_that_never_had_a_connection_started_nothing() {
    let (_, failure) = generate(&*chat("http://127.0.0.1:1/v1/chat/completions", None, patient()), "x").await;
    assert_eq!(failure.unwrap().outcome, Outcome::Transient);
}

#[tokio::test]
async fn a_request_that_is_never_answered_is_unknown() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/chat/completions", silent.local_addr().unwrap());
    let hasty = Timeouts { idle: Duration::from_millis(50), ..patient() };
    let (_, failure) = generate(&*chat(&url, None, hasty), "x").await;
    assert_eq!(failure.unwrap().outcome, Outcome::Unknown);
}

#[tokio::test]
async fn silence_and_the_total_time_end_a_generation() {
    let simulator = Simulator::start(Config { pace: 600_000, ..Config::default() }).await.unwrap();
    let url = simulator.chat_url().clone();
    let short = Duration::from_millis(300);
    let (_, silent) = generate(&*chat(&url, None, Timeouts { idle: short, ..patient() }), "x").await;
    assert_eq!(silent.unwrap().outcome, Outcome::Stalled);
    let (_, over) = generate(&*chat(&url, None, Timeouts { total: short, ..patient() }), "x").await;
    assert_eq!(over.unwrap().outcome, Outcome::TimedOut);
}

#[tokio::test]
async fn does_not_follow_redirects() {
    use axum::{Router, response::Redirect, routing::post};
    let simulator = Simulator::start(Config { pace: 0, ..Config::default() }).await.unwrap();
    let target = simulator.chat_url().clone();
    let routes = Router::new().route("/v1/chat/completions", post(async move || Redirect::temporary(&target)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let (_, failure) = generate(&*chat(&url, None, patient()), "x").await;
    assert_eq!(failure.unwrap().outcome, Outcome::Invalid);
    assert_eq!(simulator.stats().total.requests, 0);
}
