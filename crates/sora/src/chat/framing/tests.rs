//! Frames as servers write them.

use super::*;
use proptest::prelude::*;

async fn read(chunks: Vec<Vec<u8>>) -> Result<Vec<RawFrame>, StreamError> {
    let chunks = stream::iter(chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk))));
    let all: Vec<_> = frames(chunks, LastByte::now()).collect().await;
    all.into_iter().collect()
}

fn now<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

fn data(text: &str) -> RawFrame {
    RawFrame::Data(text.into())
}

#[test]
fn makes_well_formed_what_servers_write() {
    let written = concat!(
        "\u{feff}: PING\n\nevent: message\ndata: {\"a\":1}\r\n\r\n",
        "data:{\"b\":2}\n\n12:30:01\n\n{\"c\":\"x\\n}\"}\n\ndata: [DONE]\\n\\n"
    );
    let expected = [
        data("{\"a\":1}"),
        data("{\"b\":2}"),
        RawFrame::Noise("12:30:01".into()),
        data("{\"c\":\"x\\n}\"}"),
        data("[DONE]"),
    ];
    assert_eq!(now(read(vec![written.into()])).unwrap(), expected);
}

#[test]
fn reads_lines_that_end_with_carriage_returns_alone() {
    let written = "data: {\"a\":1}\r\rdata: {\"b\":\r\ndata: 2}\r\n\r\n";
    assert_eq!(now(read(vec![written.into()])).unwrap(), [data("{\"a\":1}"), data("{\"b\": 2}")]);
}

#[test]
fn reads_objects_that_span_lines() {
    let indented = "\u{feff}{\n  \"a\": \"}\",\n\n  \"b\": [\n    1\n  ]\n}";
    assert_eq!(now(read(vec![indented.into()])).unwrap(), [data("{ \"a\": \"}\",  \"b\": [ 1 ] }")]);
    let in_events = "data: {\ndata:   \"a\": 1\ndata: }\n\ndata: {\"b\": 2}\n\n";
    assert_eq!(now(read(vec![in_events.into()])).unwrap(), [data("{ \"a\": 1 }"), data("{\"b\": 2}")]);
    assert_eq!(now(read(vec!["{\"a\": ".into()])).unwrap(), [data("{\"a\":")]);
}

#[test]
fn a_broken_object_swallows_nothing() {
    let in_events = "data: {\"a\": [1\n\ndata: {\"b\": 2}\n\n";
    assert_eq!(now(read(vec![in_events.into()])).unwrap(), [data("{\"a\": [1"), data("{\"b\": 2}")]);
    let bare = "{\"a\": [1\n\ndata: {\"b\": 2}\n\n";
    assert_eq!(now(read(vec![bare.into()])).unwrap(), [data("{\"a\": [1 "), data("{\"b\": 2}")]);
}

#[test]
fn tells_error_events_apart() {
    let written = "event: error\ndata: {\"a\":1}\n\ndata: {\"b\":2}\n\nevent: error\ndata: no\n\n";
    let expected = [RawFrame::Error("{\"a\":1}".into()), data("{\"b\":2}"), RawFrame::Error("no".into())];
    assert_eq!(now(read(vec![written.into()])).unwrap(), expected);
}

#[test]
fn ends_at_a_line_that_is_too_long_and_at_a_page() {
    let long = vec![b"data: ".to_vec(), vec![b'x'; MAX_LINE]];
    assert!(matches!(now(read(long)), Err(StreamError::LongLine)));
    let many = vec![b"{\n".to_vec(), b"\"x\",\n".repeat(MAX_LINE / 4)];
    assert!(matches!(now(read(many)), Err(StreamError::LongLine)));
    let page = b"\n<!DOCTYPE html>\n<html><body>504</body></html>".to_vec();
    assert!(matches!(now(read(vec![page])), Err(StreamError::Page(_))));
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_frames(
        frames in proptest::collection::vec("(data: |: |)(\\{\"content\": \"\\PC{0,20}\"\\}|\\[DONE\\]|\\PC{0,20})(\r\n|\n|\n\n)", 0..12),
        cuts in proptest::collection::vec(0usize..400, 0..24),
    ) {
        let bytes = frames.concat().into_bytes();
        let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < bytes.len()).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let cut = cuts.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect();
        let (cut, whole) = (now(read(cut)), now(read(vec![bytes])));
        prop_assert_eq!(cut.map_err(|error| error.to_string()), whole.map_err(|error| error.to_string()));
    }

    #[test]
    fn no_bytes_make_it_panic_or_hold_more_than_a_line(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..20)) {
        let mut lines = Lines::default();
        for chunk in &chunks {
            if lines.push(chunk).is_err() {
                break;
            }
            prop_assert!(lines.line.len() + lines.object.len() <= 2 * MAX_LINE);
        }
        now(read(chunks)).ok();
    }
}
