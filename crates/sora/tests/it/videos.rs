//! The `videos` dialect: resuming by id, encodings, cancelling, credentials, images.

use std::time::Duration;

use simulator::{Config, Simulator, SimulatorHandle};
use sora::{Dialect, Driver, Event, Image, OpenGeneration, Outcome, Request, Upstream, driver};
use url::Url;

use crate::{best, generate, patient};

async fn simulator(behaviour: &str) -> SimulatorHandle {
    let config =
        Config { pace: 0, steps: 4, poll_after: Some(1), behaviour: behaviour.parse().unwrap(), ..Config::default() };
    Simulator::start(config).await.unwrap()
}

fn videos(url: &str) -> Box<dyn Driver> {
    let (url, dialect) = (Url::parse(url).unwrap(), Dialect::Videos);
    driver(&Upstream {
        url,
        dialect,
        token: Some("t".into()),
        timeouts: patient(),
        poll_interval: Duration::from_millis(1),
    })
    .unwrap()
}

fn request(image: Option<Image>) -> Request {
    let (prompt, model) = ("a cat".into(), "sora-2".into());
    Request { prompt, model, seconds: "8".into(), size: "720x1280".into(), image, traceparent: None }
}

fn known(id: &str, age: Duration) -> OpenGeneration<'_> {
    OpenGeneration { id, prompt: "a cat", age, traceparent: None }
}

#[tokio::test]
async fn a_generation_is_resumed_by_its_id_without_another_submission() {
    for words in ["happy", "odd-id"] {
        let simulator = simulator(words).await;
        let url = simulator.videos_url();
        let mut submitted = videos(&url).submit(&request(None)).await.unwrap();
        let Event::Accepted(Some(id)) = submitted.next().await.unwrap() else { panic!("no id") };
        drop(submitted);
        let mut resumed = videos(&url).resume(known(&id, Duration::from_secs(1))).unwrap();
        let mut events = vec![resumed.next().await.unwrap()];
        while events.last() != Some(&Event::Finished) {
            events.push(resumed.next().await.unwrap());
        }
        let result = best(&events);
        assert!(result.path().ends_with("/content"), "{result}");
        assert_eq!(simulator.stats().total.submissions, 1);
    }
}

#[tokio::test]
async fn a_generation_over_its_time_is_polled_once_more() {
    let simulator = simulator("happy").await;
    let driver = videos(&simulator.videos_url());
    let mut generation = driver.submit(&request(None)).await.unwrap();
    let Event::Accepted(Some(id)) = generation.next().await.unwrap() else { panic!("no id") };
    let mut late = driver.resume(known(&id, Duration::from_secs(86_400))).unwrap();
    assert!(matches!(late.next().await, Ok(Event::Candidate(_))));
    assert_eq!(late.next().await, Ok(Event::Finished));
}

#[tokio::test]
async fn sends_json_once_a_server_has_refused_multipart() {
    for words in ["multipart-refused", "vllm-omni,multipart-refused"] {
        let simulator = simulator(words).await;
        let driver = videos(&simulator.videos_url());
        let (_, refused) = generate(&*driver, "a cat").await;
        assert_eq!(refused.unwrap().outcome, Outcome::Transient);
        let (events, failure) = generate(&*driver, "a cat").await;
        assert_eq!(failure, None);
        assert_eq!(events.last(), Some(&Event::Finished));
        assert_eq!(simulator.stats().total.submissions, 1);
    }
}

#[tokio::test]
async fn sends_a_reference_image_in_either_dialect_and_encoding() {
    let image = || Some(Image { bytes: bytes::Bytes::from_static(b"\x89PNG\r\n\x1a\n"), mime: "image/png".into() });
    let simulator = simulator("happy").await;
    let chat = Upstream {
        url: Url::parse(&simulator.chat_url()).unwrap(),
        dialect: Dialect::Chat,
        token: None,
        timeouts: patient(),
        poll_interval: Duration::from_secs(1),
    };
    driver(&chat).unwrap().submit(&request(image())).await.unwrap();
    videos(&simulator.videos_url()).submit(&request(image())).await.unwrap();
    assert_eq!(simulator.stats().total.images, 2);
    let json = self::simulator("multipart-refused").await;
    let driver = videos(&json.videos_url());
    assert!(driver.submit(&request(image())).await.is_err());
    driver.submit(&request(image())).await.unwrap();
    assert_eq!(json.stats().total.images, 2, "once in each encoding");
}

#[tokio::test]
async fn cancels_upstream_and_waits_where_the_generation_does_not_stop() {
    for (words, cancels) in
        [("vllm-omni,pace=3600000", 1), ("openai,pace=5", 0), ("vllm-omni,cancel-ignored,pace=5", 0)]
    {
        let simulator = simulator(words).await;
        let generation = videos(&simulator.videos_url()).submit(&request(None)).await.unwrap();
        generation.cancel().await;
        assert_eq!(simulator.stats().total.cancels, cancels, "{words}");
        assert_eq!(simulator.stats().streaming, 0, "{words}");
    }
}
