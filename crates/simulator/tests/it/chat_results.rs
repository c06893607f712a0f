//! How streams of `chat` present their result: the text, and that the URL in it leads to a video.

use serde_json::json;

use crate::support::{ChatResponse, client, simulator, submit};

/// Each behaviour, the text around the path of the video's URL, and that path without the id.
const PRESENTATIONS: [(&str, &str, &str); 14] = [
    ("poster-tag", "<source id=\"mp4\" src=\"{base}/media/{id}.mp4\" type=\"video/mp4\">\n</video>", "{id}.mp4"),
    (
        "escaped-link",
        "<source id=\"mp4\" src=\"{base}/media/{id}.mp4?a=1&amp;sig=x%2By&amp;exp=9\" type=\"video/mp4\">\n</video>",
        "{id}.mp4?a=1&sig=x%2By&exp=9",
    ),
    ("relative-link", "<source id=\"mp4\" src=\"/media/{id}.mp4\" type=\"video/mp4\">\n</video>", "{id}.mp4"),
    ("protocol-relative-link", "src=\"//{host}/media/{id}.mp4\" type=\"video/mp4\">\n</video>", "{id}.mp4"),
    ("click-here-link", "\n\nvideo generated successful,[click here]({base}/media/{id}.mp4)", "{id}.mp4"),
    ("prose-link", "</think>\n视频已生成：{base}/media/{id}.mp4\n", "{id}.mp4"),
    ("bold-link", "**[下载视频]({base}/media/{id}.mp4)**\n", "{id}.mp4"),
    ("one-line-fence", "```html <video src='{base}/media/{id}.mp4' controls></video> ```\n", "{id}.mp4"),
    ("no-line-ends", "✅ 视频生成完成🔗 解析无水印URL...{base}/media/{id}.mp4", "{id}.mp4"),
    ("bare-link", "{base}/media/{id}.mp4", "{id}.mp4"),
    ("raw-path-link", "{base}/media/{id}%2Fraw?se=1&sig=q", "{id}%2Fraw?se=1&sig=q"),
    ("punctuated-link", "视频生成成功：{base}/media/{id}.mp4。请尽快下载\n", "{id}.mp4"),
    ("bracket-link", "[点击这里]({base}/media/{id}/v(1).mp4) 查看视频~~~\n\n", "{id}/v(1).mp4"),
    ("angle-link", "Your video: <{base}/media/{id}.mp4>.\n", "{id}.mp4"),
];

/// The id of the first media URL or path after `start`.
fn id_after<'a>(text: &'a str, start: &str) -> &'a str {
    let at = text.find(start).unwrap() + start.len();
    &text[at..][text[at..].find("/media/").unwrap() + 7..][..36]
}

async fn is_video(url: &str) -> bool {
    let response = client().get(url).send().await.unwrap();
    response.status() == 200 && response.bytes().await.unwrap()[4..8] == *b"ftyp"
}

fn finished(response: &ChatResponse) -> bool {
    response.chunks().iter().any(|chunk| chunk["choices"][0]["finish_reason"].is_string())
}

#[tokio::test]
async fn every_presentation_links_to_a_video() {
    for (behaviour, text, path) in PRESENTATIONS {
        let simulator = simulator(behaviour).await;
        let transcript = submit(&simulator, "海").await.transcript();
        let prefix = text.split("{id}").next().unwrap().rsplit("/media/").nth(1).unwrap_or_default();
        let prefix = prefix.replace("{base}", simulator.url()).replace("{host}", &simulator.url()[7..]);
        let id = id_after(&transcript, &prefix);
        let (base, host) = (simulator.url(), &simulator.url()[7..]);
        let expected = text.replace("{base}", base).replace("{host}", host).replace("{id}", id);
        assert!(transcript.ends_with(&expected), "{behaviour}: {transcript}");
        let url = format!("{base}/media/{}", path.replace("{id}", id));
        assert!(is_video(&url).await, "{behaviour}: {url}");
        assert_eq!(simulator.stats_of("海").submissions, 1);
    }
}

#[tokio::test]
async fn every_presentation_is_the_same_in_every_variant() {
    for variant in ["a1", "a2", "a2-object", "b1", "b2"] {
        for behaviour in ["poster-tag", "no-line-ends", "punctuated-link", "page-first", "cover-first"] {
            let simulator = simulator(&format!("{behaviour},{variant}")).await;
            let response = submit(&simulator, "海").await;
            let transcript = response.transcript();
            let url = transcript.rsplit("/media/").next().unwrap();
            assert!(url.contains(".mp4") && finished(&response), "{behaviour} in {variant}: {transcript}");
        }
    }
}

#[tokio::test]
async fn signed_urls_require_the_exact_query() {
    for behaviour in ["escaped-link", "raw-path-link"] {
        let simulator = simulator(behaviour).await;
        let transcript = submit(&simulator, "海").await.transcript();
        let path = if behaviour == "escaped-link" { ".mp4?a=1&amp;sig=x%2By&amp;exp=9" } else { "%2Fraw" };
        let url = format!("{}/media/{}{path}", simulator.url(), id_after(&transcript, ""));
        assert_eq!(client().get(url).send().await.unwrap().status(), 403, "{behaviour}");
    }
}

#[tokio::test]
async fn terse_streams_have_no_echo_and_no_queue_lines() {
    let transcript = submit(&simulator("bare-link").await, "海").await.transcript();
    assert!(transcript.starts_with("http://") && !transcript.contains('海'), "{transcript}");
    let transcript = submit(&simulator("prose-link").await, "海").await.transcript();
    assert!(transcript.starts_with("<think>\n正在生成视频中，当前进度24%\n"), "{transcript}");
}

#[tokio::test]
async fn other_links_can_precede_the_video() {
    for (behaviour, first, status, media_type) in [
        ("poster-tag", "/poster.jpg\"", 200, "image/jpeg"),
        ("page-first", "/task.html)", 200, "text/html"),
        ("cover-first", "/cover.webp)", 200, "image/webp"),
        ("preview-first", "/preview.mp4)", 404, "application/json"),
        ("page-only", "/task.html)", 200, "text/html"),
    ] {
        let simulator = simulator(behaviour).await;
        let transcript = submit(&simulator, "海").await.transcript();
        let at = transcript.find(first).unwrap_or_else(|| panic!("{behaviour}: {transcript}"));
        let url = format!("{}/media/{}{}", simulator.url(), &transcript[at - 36..at], &first[..first.len() - 1]);
        let response = client().get(url).send().await.unwrap();
        let found = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!((response.status().as_u16(), found.as_str()), (status, media_type), "{behaviour}");
        assert_eq!(transcript[at..].contains(".mp4") || behaviour == "preview-first", behaviour != "page-only");
        assert_eq!(simulator.stats().total.downloads, 0);
    }
}

#[tokio::test]
async fn the_url_can_be_in_a_part_a_field_or_the_reasoning_only() {
    let parts = submit(&simulator("content-parts").await, "海").await;
    let part = parts.chunks().into_iter().find_map(|chunk| {
        let url = chunk["choices"][0]["delta"]["content"][1]["video_url"]["url"].as_str()?.to_owned();
        Some(url)
    });
    assert!(part.unwrap().contains("/media/"));
    let reasoning = submit(&simulator("reasoning-link").await, "海").await;
    assert!(!reasoning.transcript().contains("/media/") && reasoning.reasoning().concat().contains("/media/"));
    let field = submit(&simulator("result-field=output.video_url").await, "海").await;
    let chunk = field.chunks().into_iter().find(|chunk| chunk.get("output").is_some()).unwrap();
    assert!(chunk["output"]["video_url"].as_str().unwrap().contains("/media/"));
    assert_eq!((&chunk["choices"][0]["delta"], field.transcript().contains("/media/")), (&json!({}), false));
}

#[tokio::test]
async fn a_link_can_lead_to_json_that_names_the_video() {
    let simulator = simulator("content-json").await;
    let url = submit(&simulator, "海").await.url().unwrap();
    let answer: serde_json::Value = client().get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["url"], answer["video_url"]);
    assert!(is_video(answer["url"].as_str().unwrap()).await);
    assert_eq!(simulator.stats_of("海").downloads, 1);
}

#[tokio::test]
async fn presentations_do_not_affect_videos() {
    for (behaviour, ..) in PRESENTATIONS {
        let simulator = simulator(behaviour).await;
        let video = crate::videos_client::create(&simulator, "海").await;
        assert_eq!(video.poll().await.1["status"], "completed", "{behaviour}");
        assert_eq!(video.content().await.status(), 200, "{behaviour}");
    }
}
