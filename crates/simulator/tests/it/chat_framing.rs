//! Framing of server-sent events.

use crate::support::{simulator, submit};

#[tokio::test]
async fn pings_precede_every_step() {
    let simulator = simulator("pings").await;
    let response = submit(&simulator, "a cat").await;
    // Echo, two queue lines, four progress lines, result, finish, done.
    assert_eq!(response.text().matches(": PING\n\n").count(), 10);
    assert!(response.text().starts_with(": PING\n\ndata: {"));
    assert_eq!(response.payloads().last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn pings_keep_a_silent_stream_alive() {
    let simulator = simulator("silent,pings").await;
    let response = submit(&simulator, "a cat").await;
    assert_eq!(response.text().matches(": PING\n\n").count(), 10);
    assert_eq!(response.progress(), [""; 0]);
}

#[tokio::test]
async fn crlf_ends_every_line() {
    let simulator = simulator("crlf,pings").await;
    let text = submit(&simulator, "a cat").await.text();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(text.ends_with("data: [DONE]\r\n\r\n"));
}

#[tokio::test]
async fn split_characters_arrive_in_two_pieces() {
    let simulator = simulator("split-utf8").await;
    let response = submit(&simulator, "猫🐈").await;
    let broken = response.pieces.iter().filter(|piece| str::from_utf8(piece).is_err()).count();
    assert!(broken > 20, "{broken} broken pieces");
    assert!(response.contents()[0].contains("猫🐈"));
    assert_eq!(response.progress(), ["24.6", "49.3", "74.0", "98.7"]);
}
