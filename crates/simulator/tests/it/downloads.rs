//! Downloads of videos.

use std::collections::HashSet;

use reqwest::{Response, StatusCode};
use simulator::SimulatorHandle;

use crate::support::{ChatResponse, LANDSCAPE, PORTRAIT, body, client, post, simulator, submit};

async fn video(simulator: &SimulatorHandle, model: &str, prompt: &str) -> Response {
    let url = ChatResponse::read(post(simulator, &body(model, prompt)).await).await.url().unwrap();
    client().get(url).send().await.unwrap()
}

/// Width and height from the track header: the last eight bytes of `tkhd`, as 16.16 fixed-point numbers.
fn dimensions(file: &[u8]) -> (u16, u16) {
    let at = file.windows(4).position(|window| window == b"tkhd").unwrap() + 80;
    let number = |at: usize| u16::from_be_bytes([file[at], file[at + 1]]);
    (number(at), number(at + 4))
}

#[tokio::test]
async fn a_result_has_the_requested_orientation() {
    let simulator = simulator("happy").await;
    for (model, size) in [(LANDSCAPE, (640, 360)), (PORTRAIT, (360, 640))] {
        let response = video(&simulator, model, "a cat").await;
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (StatusCode::OK, &"video/mp4".parse().unwrap())
        );
        assert_eq!(dimensions(&response.bytes().await.unwrap()), size);
    }
}

#[tokio::test]
async fn a_prompt_always_gets_the_same_clip_under_a_new_url() {
    let simulator = simulator("happy").await;
    let (first, second) = (submit(&simulator, "a cat").await, submit(&simulator, "a cat").await);
    assert_ne!(first.url(), second.url());
    let mut clips = HashSet::new();
    for prompt in ["a cat", "a cat", "two cats", "three cats", "four cats", "five cats", "six cats", "seven cats"] {
        let tag = video(&simulator, LANDSCAPE, prompt).await.headers()["etag"].clone();
        clips.insert((prompt, tag));
    }
    assert_eq!(clips.len(), 7);
    assert_eq!(clips.iter().map(|(_, tag)| tag).collect::<HashSet<_>>().len(), 3);
}

#[tokio::test]
async fn serves_byte_ranges() {
    let simulator = simulator("happy").await;
    let url = submit(&simulator, "a cat").await.url().unwrap();
    let whole = client().get(&url).send().await.unwrap().bytes().await.unwrap();
    let length = whole.len();
    for (range, expected) in [("bytes=0-99", 0..100), ("bytes=1000-", 1000..length), ("bytes=-7", length - 7..length)] {
        let response = client().get(&url).header("range", range).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        let content_range = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
        assert_eq!(response.headers()["content-range"], content_range);
        assert_eq!(response.bytes().await.unwrap(), whole[expected]);
    }
    let outside = client().get(&url).header("range", format!("bytes={length}-")).send().await.unwrap();
    assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(outside.headers()["content-range"], format!("bytes */{length}"));
}

#[tokio::test]
async fn if_range_with_another_etag_returns_the_whole_file() {
    let simulator = simulator("happy").await;
    let url = submit(&simulator, "a cat").await.url().unwrap();
    let request = || client().get(&url).header("range", "bytes=0-9");
    let tag = request().send().await.unwrap().headers()["etag"].clone();
    let status = async |tag: &[u8]| request().header("if-range", tag).send().await.unwrap().status();
    assert_eq!(status(tag.as_bytes()).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(status(b"\"other\"").await, StatusCode::OK);
}

#[tokio::test]
async fn head_and_if_none_match_send_no_body() {
    let simulator = simulator("happy").await;
    let url = submit(&simulator, "a cat").await.url().unwrap();
    let head = client().head(&url).send().await.unwrap();
    assert_eq!((head.status(), &head.headers()["accept-ranges"]), (StatusCode::OK, &"bytes".parse().unwrap()));
    assert!(head.headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap() > 10_000);
    assert_eq!(simulator.stats().total.downloads, 0);
    let tag = head.headers()["etag"].clone();
    let known = client().get(&url).header("if-none-match", tag).send().await.unwrap();
    assert_eq!((known.status(), known.bytes().await.unwrap().len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn returns_404_for_an_unknown_video() {
    let simulator = simulator("happy").await;
    for file in ["00000000-0000-4000-8000-000000000000.mp4", "sea.mp4", "x"] {
        let response = client().get(format!("{}/media/{file}", simulator.url())).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn urls_use_the_host_that_the_client_used() {
    let simulator = simulator("happy").await;
    let request =
        client().post(simulator.chat_url()).header("host", "simulator.internal:8090").json(&body(LANDSCAPE, "a"));
    let url = ChatResponse::read(request.send().await.unwrap()).await.url().unwrap();
    assert!(url.starts_with("http://simulator.internal:8090/media/"), "{url}");
}
