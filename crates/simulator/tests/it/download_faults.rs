//! Download faults.

use reqwest::Response;
use simulator::SimulatorHandle;

use crate::support::{client, client_without_redirects, simulator, submit};

async fn url(simulator: &SimulatorHandle) -> String {
    submit(simulator, "海").await.url().unwrap()
}

async fn fetch(url: &str) -> Response {
    client().get(url).send().await.unwrap()
}

async fn statuses<const N: usize>(behaviour: &str) -> [u16; N] {
    let simulator = simulator(behaviour).await;
    let url = url(&simulator).await;
    let mut statuses = [0; N];
    for status in &mut statuses {
        *status = fetch(&url).await.status().as_u16();
    }
    assert_eq!(simulator.stats_of("海").downloads, N as u64);
    statuses
}

#[tokio::test]
async fn a_result_can_appear_late() {
    assert_eq!(statuses("url-404-then-ok").await, [404, 404, 200]);
    assert_eq!(statuses("url-404=1").await, [404, 200]);
}

#[tokio::test]
async fn a_url_can_expire() {
    assert_eq!(statuses("url-expired").await, [403, 403]);
    assert_eq!(statuses("url-gone").await, [410, 410]);
}

#[tokio::test]
async fn counted_faults_apply_in_order() {
    assert_eq!(statuses("url-404=1,url-expired*2,url-gone*3").await, [404, 403, 410, 200]);
}

#[tokio::test]
async fn a_download_can_be_a_page_json_or_empty() {
    for (behaviour, media_type, start) in [
        ("url-html", "text/html", "<html>"),
        ("url-json", "application/json", "{\"error\":"),
        ("url-empty", "video/mp4", ""),
    ] {
        let simulator = simulator(behaviour).await;
        let response = fetch(&url(&simulator).await).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &media_type.parse().unwrap())
        );
        let text = response.text().await.unwrap();
        assert!(text.starts_with(start) && text.is_empty() == start.is_empty(), "{behaviour}");
    }
}

#[tokio::test]
async fn a_truncated_download_can_be_resumed() {
    let simulator = simulator("truncated-file*1").await;
    let url = url(&simulator).await;
    let mut response = fetch(&url).await;
    let length = usize::try_from(response.content_length().unwrap()).unwrap();
    let mut got = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        got.extend_from_slice(&piece);
    }
    assert_eq!(got.len(), length / 2);
    let rest = client().get(&url).header("range", format!("bytes={}-", got.len())).send().await.unwrap();
    assert_eq!(rest.status().as_u16(), 206);
    got.extend_from_slice(&rest.bytes().await.unwrap());
    assert_eq!(got, fetch(&url).await.bytes().await.unwrap());
}

#[tokio::test]
async fn truncated_file_serves_ranges_completely() {
    let simulator = simulator("truncated-file").await;
    let url = url(&simulator).await;
    assert!(fetch(&url).await.bytes().await.is_err());
    let part = client().get(&url).header("range", "bytes=10-").send().await.unwrap();
    assert!(part.bytes().await.is_ok());
}

#[tokio::test]
async fn ranges_can_be_ignored() {
    let simulator = simulator("no-range").await;
    let response = client().get(url(&simulator).await).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["accept-ranges"]), (200, &"none".parse().unwrap()));
}

#[tokio::test]
async fn huge_file_pads_the_clip_with_a_free_box() {
    let simulator = simulator("huge-file=3").await;
    let url = url(&simulator).await;
    let file = fetch(&url).await.bytes().await.unwrap();
    assert_eq!(file.len(), 3 << 20);
    assert_eq!(&file[4..8], b"ftyp");
    let at = file.windows(8).rposition(|window| window == b"\0\0\0\x01free").unwrap();
    let size = u64::from_be_bytes(file[at + 8..at + 16].try_into().unwrap());
    assert_eq!(at as u64 + size, 3 << 20);
    for range in [at - 5..at + 3, at + 3..at + 40, file.len() - 9..file.len()] {
        let header = format!("bytes={}-{}", range.start, range.end - 1);
        let part = client().get(&url).header("range", header).send().await.unwrap();
        assert_eq!(part.bytes().await.unwrap(), file[range]);
    }
}

#[tokio::test]
async fn a_url_can_point_to_a_private_address() {
    assert!(url(&simulator("url-private").await).await.starts_with("http://127.0.0.1:1/media/"));
    assert!(url(&simulator("url-metadata").await).await.starts_with("http://169.254.169.254/"));
}

#[tokio::test]
async fn a_url_can_redirect() {
    let direct = client_without_redirects();
    let simulator = simulator("url-redirect").await;
    let url = url(&simulator).await;
    let response = direct.get(&url).send().await.unwrap();
    let target = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(response.status().as_u16(), 302);
    assert!(target.starts_with(simulator.url()) && target.ends_with("/file.mp4"));
    assert_eq!(simulator.stats_of("海").downloads, 0);
    assert_eq!(&fetch(&url).await.bytes().await.unwrap()[4..8], b"ftyp");
    assert_eq!(simulator.stats_of("海").downloads, 1);

    let private = crate::support::simulator("url-redirect-private").await;
    let response = direct.get(self::url(&private).await).send().await.unwrap();
    assert!(response.headers()["location"].to_str().unwrap().starts_with("http://169.254.169.254/"));
}
