//! Encodings of responses: compression, byte order marks, and JSON in place of a stream.

use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};
use reqwest::Response;
use serde_json::Value;

use crate::support::{LANDSCAPE, body, client, post, simulator};
use crate::videos_client::{VideoClient, post as create};

/// Content encoding and decoded text of a response.
async fn decode(response: Response) -> (Option<String>, String) {
    let header = response.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
    let bytes = response.bytes().await.unwrap();
    let mut text = String::new();
    match header.as_deref() {
        Some("deflate") => drop(ZlibDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap()),
        // Stored blocks: the text is there among their headers.
        Some("br") => text = String::from_utf8_lossy(&bytes).into_owned(),
        _ => drop(GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap()),
    }
    (header, text)
}

#[tokio::test]
async fn streams_and_objects_are_compressed_unasked() {
    for (behaviour, header) in
        [("gzip", Some("gzip")), ("gzip-unannounced", None), ("deflate", Some("deflate")), ("brotli", Some("br"))]
    {
        let simulator = simulator(behaviour).await;
        let (found, text) = decode(post(&simulator, &body(LANDSCAPE, "海")).await).await;
        assert_eq!(found.as_deref(), header, "{behaviour}");
        assert!(text.contains("/media/") && text.contains("data: [DONE]\n\n"), "{behaviour}: {text}");
        let (found, text) = decode(create(&simulator, "海").await).await;
        assert_eq!(found.as_deref(), header, "{behaviour}");
        assert!(text.contains("\"status\":\"queued\""), "{behaviour}: {text}");
    }
}

#[tokio::test]
async fn every_piece_of_a_compressed_stream_is_flushed() {
    for behaviour in ["gzip", "brotli"] {
        let simulator = simulator(&format!("{behaviour},pace=3600000")).await;
        let mut response = post(&simulator, &body(LANDSCAPE, "海")).await;
        assert!(response.chunk().await.unwrap().unwrap().len() > 20, "{behaviour}");
    }
}

#[tokio::test]
async fn polls_are_compressed_and_downloads_are_not() {
    let simulator = simulator("gzip").await;
    let (_, created) = decode(create(&simulator, "海").await).await;
    let video = VideoClient::of(&simulator, serde_json::from_str(&created).unwrap());
    let (_, polled) = decode(client().get(video.url()).send().await.unwrap()).await;
    assert!(polled.contains("\"completed\""));
    let content = video.content().await;
    assert!(!content.headers().contains_key("content-encoding"));
    assert_eq!(&content.bytes().await.unwrap()[4..8], b"ftyp");
}

#[tokio::test]
async fn a_byte_order_mark_can_precede_every_body() {
    let simulator = simulator("bom").await;
    let stream = post(&simulator, &body(LANDSCAPE, "海")).await.bytes().await.unwrap();
    assert!(stream.starts_with("\u{feff}data: ".as_bytes()));
    let object = create(&simulator, "海").await.bytes().await.unwrap();
    assert!(object.starts_with("\u{feff}{".as_bytes()));
}

#[tokio::test]
async fn a_json_object_can_replace_the_stream() {
    for (behaviour, media_type, key) in [
        ("json-answer", "application/json", "message"),
        ("json-delta-answer", "application/json", "delta"),
        ("text-plain-json", "text/plain; charset=utf-8", "message"),
    ] {
        for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
            let simulator = simulator(&format!("{behaviour},bold-link,{variant}")).await;
            let response = post(&simulator, &body(LANDSCAPE, "海")).await;
            assert_eq!(response.headers()["content-type"], media_type);
            let text = response.text().await.unwrap();
            assert_eq!(text.starts_with("{\n"), behaviour == "text-plain-json");
            let answer: Value = serde_json::from_str(&text).unwrap();
            let content = answer["choices"][0][key]["content"].as_str().unwrap();
            assert!(content.starts_with("**[下载视频](http://"), "{content}");
            assert_eq!((&answer["object"], simulator.stats_of("海").submissions), (&"chat.completion".into(), 1));
        }
    }
}

#[tokio::test]
async fn a_json_answer_holds_parts_fields_and_errors() {
    let answer = async |behaviour: &str| -> Value {
        let simulator = simulator(&format!("json-answer,{behaviour}")).await;
        post(&simulator, &body(LANDSCAPE, "海")).await.json().await.unwrap()
    };
    assert_eq!(answer("content-parts").await["choices"][0]["message"]["content"][1]["type"], "video_url");
    assert!(answer("result-field=video_url").await["video_url"].as_str().unwrap().contains("/media/"));
    assert_eq!(answer("moderation-frame").await["error"]["code"], "moderation_blocked");
    assert_eq!(answer("content-filter").await["choices"][0]["finish_reason"], "content_filter");
}

#[tokio::test]
async fn video_objects_can_be_indented_plain_text_with_status_202() {
    let simulator = simulator("text-plain-json,create-202").await;
    let response = create(&simulator, "海").await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (202, &"text/plain; charset=utf-8".parse().unwrap())
    );
    let text = response.text().await.unwrap();
    assert!(text.starts_with("{\n"));
    let video = VideoClient::of(&simulator, serde_json::from_str(&text).unwrap());
    assert_eq!(video.poll().await.0, 200);
}
