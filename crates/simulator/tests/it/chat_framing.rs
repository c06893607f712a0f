//! The bytes around the frames.

use crate::support::{simulator, submit};

#[tokio::test]
async fn pings_are_comments_before_every_step() {
    let simulator = simulator("pings").await;
    let answer = submit(&simulator, "a cat").await;
    // Echo, two queue lines, four of progress, result, finish, done.
    assert_eq!(answer.text().matches(": PING\n\n").count(), 10);
    assert!(answer.text().starts_with(": PING\n\ndata: {"));
    assert_eq!(answer.payloads().last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn a_silent_stream_can_be_kept_alive() {
    let simulator = simulator("silent,pings").await;
    let answer = submit(&simulator, "a cat").await;
    assert_eq!(answer.text().matches(": PING\n\n").count(), 10);
    assert_eq!(answer.progress(), [""; 0]);
}

#[tokio::test]
async fn crlf_ends_every_line() {
    let simulator = simulator("crlf,pings").await;
    let text = submit(&simulator, "a cat").await.text();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(text.ends_with("data: [DONE]\r\n\r\n"));
}

#[tokio::test]
async fn split_characters_arrive_in_two_pieces_and_whole_in_the_end() {
    let simulator = simulator("split-utf8").await;
    let answer = submit(&simulator, "猫🐈").await;
    let broken = answer.pieces.iter().filter(|piece| str::from_utf8(piece).is_err()).count();
    assert!(broken > 20, "{broken} broken pieces");
    assert!(answer.contents()[0].contains("猫🐈"));
    assert_eq!(answer.progress(), ["24.6", "49.3", "74.0", "98.7"]);
}
