//! The files that downloads return: containers, transfers, and files that are no video.

use reqwest::Response;
use simulator::SimulatorHandle;

use crate::support::{client, simulator, submit};
use crate::videos_client::create;

/// A download from the URL in a stream, and one from the content endpoint.
async fn downloads(simulator: &SimulatorHandle) -> [Response; 2] {
    let transcript = submit(simulator, "海").await.transcript();
    let url = transcript.split_once("](").unwrap().1.split_once(") 查看").unwrap().0;
    [client().get(url).send().await.unwrap(), create(simulator, "海").await.content().await]
}

/// The types of the top-level boxes of an MP4 file, as far as they are complete.
fn boxes(file: &[u8]) -> Vec<String> {
    let (mut rest, mut kinds) = (file, Vec::new());
    while rest.len() >= 8 {
        kinds.push(String::from_utf8(rest[4..8].to_vec()).unwrap());
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        rest = rest.get(length..).unwrap_or_default();
    }
    kinds
}

#[tokio::test]
async fn a_download_can_end_cleanly_before_the_index() {
    let simulator = simulator("truncated-clean*1").await;
    for first in downloads(&simulator).await {
        assert_eq!((first.status().as_u16(), first.content_length()), (200, None));
        let kinds = boxes(&first.bytes().await.unwrap());
        assert_eq!((kinds.first().unwrap(), kinds.last().unwrap()), (&"ftyp".to_owned(), &"mdat".to_owned()));
    }
    let url = submit(&simulator, "海").await.url().unwrap();
    let first = client().get(&url).send().await.unwrap().bytes().await.unwrap();
    let second = client().get(&url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!((first.len(), boxes(&second).last().unwrap()), (second.len() * 2 / 3, &"moov".to_owned()));
    assert!(second.starts_with(&first));
}

#[tokio::test]
async fn a_whole_file_can_come_with_status_206() {
    for response in downloads(&simulator("partial-206").await).await {
        let length = response.content_length().unwrap();
        let range = format!("bytes 0-{}/{length}", length - 1);
        assert_eq!((response.status().as_u16(), &response.headers()["content-range"]), (206, &range.parse().unwrap()));
        assert_eq!(response.bytes().await.unwrap().len() as u64, length);
    }
}

#[tokio::test]
async fn a_file_can_be_compressed() {
    use std::io::Read;
    for response in downloads(&simulator("file-gzip").await).await {
        assert_eq!(response.headers()["content-encoding"], "gzip");
        let mut file = Vec::new();
        flate2::read::GzDecoder::new(&response.bytes().await.unwrap()[..]).read_to_end(&mut file).unwrap();
        assert_eq!(&file[4..8], b"ftyp");
    }
}

#[tokio::test]
async fn containers_have_their_signatures_and_media_types() {
    for (behaviour, media_type, at, signature) in [
        ("quicktime", "video/quicktime", 4, &b"mdat"[..]),
        ("fragmented", "video/mp4", 4, b"ftyp"),
        ("webm", "video/webm", 0, b"\x1a\x45\xdf\xa3"),
        ("octet-stream", "application/octet-stream", 4, b"ftyp"),
        ("audio", "audio/mp4", 4, b"ftypM4A "),
        ("picture", "image/avif", 4, b"ftypavif"),
    ] {
        for response in downloads(&simulator(behaviour).await).await {
            assert_eq!(
                (response.status().as_u16(), &response.headers()["content-type"]),
                (200, &media_type.parse().unwrap())
            );
            assert_eq!(&response.bytes().await.unwrap()[at..][..signature.len()], signature, "{behaviour}");
        }
    }
}

#[tokio::test]
async fn a_fragmented_file_has_fragments() {
    for response in downloads(&simulator("fragmented").await).await {
        assert!(boxes(&response.bytes().await.unwrap()).contains(&"moof".to_owned()));
    }
}

#[tokio::test]
async fn containers_support_ranges() {
    let simulator = simulator("webm").await;
    let url = submit(&simulator, "海").await.url().unwrap();
    assert!(url.ends_with("/video.webm"));
    let part = client().get(url).header("range", "bytes=0-3").send().await.unwrap();
    assert_eq!((part.status().as_u16(), &part.bytes().await.unwrap()[..]), (206, &b"\x1a\x45\xdf\xa3"[..]));
}

#[tokio::test]
async fn a_playlist_lists_segments_that_can_be_downloaded() {
    let simulator = simulator("hls").await;
    for response in downloads(&simulator).await {
        assert_eq!(response.headers()["content-type"], "application/vnd.apple.mpegurl");
        let playlist = response.text().await.unwrap();
        let segments: Vec<&str> = playlist.lines().filter(|line| line.starts_with('/')).collect();
        assert_eq!((playlist.lines().next(), segments.len()), (Some("#EXTM3U"), 2));
        for segment in segments {
            let segment = client().get(format!("{}{segment}", simulator.url())).send().await.unwrap();
            assert_eq!(segment.headers()["content-type"], "video/mp2t");
            assert_eq!(segment.bytes().await.unwrap()[0], 0x47);
        }
    }
    assert_eq!(simulator.stats_of("海").downloads, 2);
}

#[tokio::test]
async fn a_playlist_can_list_segments_that_must_not_or_cannot_be_fetched() {
    for (behaviour, segment) in [("hls-missing-segment", "/segment2.ts"), ("hls-private", "http://169.254.169.254/")] {
        let simulator = simulator(behaviour).await;
        for response in downloads(&simulator).await {
            assert!(response.text().await.unwrap().contains(segment), "{behaviour}");
        }
    }
}

#[tokio::test]
async fn json_can_name_a_private_address() {
    let simulator = simulator("content-json-private").await;
    let video = create(&simulator, "海").await;
    let answer: serde_json::Value = video.content().await.json().await.unwrap();
    assert!(answer["url"].as_str().unwrap().starts_with("http://169.254.169.254/"));
}

#[tokio::test]
async fn the_content_endpoint_can_return_json_that_names_the_video() {
    let simulator = simulator("content-json").await;
    let video = create(&simulator, "海").await;
    assert_eq!(video.poll().await.1["status"], "completed");
    let answer: serde_json::Value = video.content().await.json().await.unwrap();
    let file = client().get(answer["video_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(&file.bytes().await.unwrap()[4..8], b"ftyp");
}
