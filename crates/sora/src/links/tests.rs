//! Links as upstreams write them.

use super::*;
use proptest::prelude::*;

use CandidateSource::{Link, VideoLink, VideoTag};

fn base() -> Url {
    Url::parse("https://up.example/v1/chat/completions").unwrap()
}

fn found(text: &str) -> Vec<(String, CandidateSource)> {
    find(text, &base()).into_iter().map(|found| (found.candidate.url.to_string(), found.candidate.source)).collect()
}

/// The candidate that is tried first.
fn best(text: &str) -> String {
    let candidates = find(text, &base()).into_iter().map(|found| found.candidate).collect();
    crate::candidate::rank(candidates).first().map(|candidate| candidate.url.to_string()).unwrap_or_default()
}

#[test]
fn reads_tags_and_never_a_poster() {
    for text in [
        "```html\n<video src='https://h/v.mp4' controls></video>\n```",
        "<video id=\"v\" poster=\"https://h/t.jpg\">\n  <source id=\"mp4\" src=\"https://h/v.mp4\" type=\"video/mp4\">\n</video>",
        "<VIDEO\n  poster = 'https://h/p'\n  SRC = \"https://h/v.mp4\"\n>",
        "<video src=https://h/v.mp4 controls>",
        "<video src='https://h/v.mp4'",
        "<video data-src=\"https://h/other\" src=\"https://h/v.mp4\">",
    ] {
        assert_eq!(found(text), [("https://h/v.mp4".into(), VideoTag)], "{text}");
    }
    assert_eq!(found("<video poster='https://h/p'></video><img src=\"https://h/i\">"), []);
    assert_eq!(found("<source src='https://h/i' type='image/webp'>"), []);
    assert_eq!(found("<a href=\"https://h/v.mp4\">here</a>"), [("https://h/v.mp4".into(), VideoLink)]);
}

#[test]
fn completes_relative_addresses_and_decodes_entities() {
    assert_eq!(best("<source src=\"/cdn/v.mp4\">"), "https://up.example/cdn/v.mp4");
    assert_eq!(best("[video](/cdn/v.mp4)"), "https://up.example/cdn/v.mp4");
    assert_eq!(best("<video src=\"//cdn.example/v.mp4\">"), "https://cdn.example/v.mp4");
    assert_eq!(
        best("<video src=\"https://h/v.mp4?a=1&amp;sig=x%2By&amp;exp=9\">"),
        "https://h/v.mp4?a=1&sig=x%2By&exp=9"
    );
    assert_eq!(best("https://h/v.mp4?a=1&#38;b=2&amp;amp;c=3"), "https://h/v.mp4?a=1&b=2&c=3");
    assert_eq!(best("{\"url\": \"https:\\/\\/h\\/v.mp4?a=1\\u0026b=2\"}"), "https://h/v.mp4?a=1&b=2");
}

#[test]
fn finds_the_end_of_an_address() {
    for (text, url) in [
        ("> ✅ 视频生成成功，[点击这里](https://h/v.mp4) 查看视频~~~", "https://h/v.mp4"),
        ("[x](https://h/v(1).mp4) 查看", "https://h/v(1).mp4"),
        ("[x](https://h/v.mp4 \"title\")", "https://h/v.mp4"),
        ("[x](<https://h/v.mp4>)", "https://h/v.mp4"),
        ("**[下载视频](https://h/v.mp4)**", "https://h/v.mp4"),
        ("<https://h/v.mp4>", "https://h/v.mp4"),
        ("视频：https://h/v.mp4。请尽快下载", "https://h/v.mp4"),
        ("https://h/v.mp4请尽快下载", "https://h/v.mp4"),
        ("（https://h/v.mp4）", "https://h/v.mp4"),
        ("(see https://h/v(1).mp4).", "https://h/v(1).mp4"),
        ("**https://h/v.mp4**", "https://h/v.mp4"),
        ("https://h/v.mp4[下载]", "https://h/v.mp4"),
        ("https://h/v.mp4Done!", "https://h/v.mp4"),
        ("https://h/v.mp4\\n", "https://h/v.mp4"),
        ("HTTPS://h/v.mp4?x=1, enjoy", "https://h/v.mp4?x=1"),
        ("\"https://h/v.mp4\"", "https://h/v.mp4"),
        ("&lt;video src=&quot;https://h/v.mp4&quot;&gt;", "https://h/v.mp4"),
        ("🎥https://h/v.mp4🎥", "https://h/v.mp4"),
        ("[点击](https://h/v.mp4）", "https://h/v.mp4"),
        ("解析无水印URL...https://h/v.mp4", "https://h/v.mp4"),
        ("https://h/海浪.mp4", "https://h/%E6%B5%B7%E6%B5%AA.mp4"),
    ] {
        assert_eq!(best(text), url, "{text}");
    }
}

#[test]
fn tells_links_to_videos_from_others() {
    for video in [
        "https://h/az%2Fraw?se=1&sig=q",
        "https://h/assets%2Ftask_1%2Fsrc.mp4?st=1",
        "https://up.example/v1/videos/video_1/content",
        "https://h/get?file=v.mp4",
        "https://h/x?response-content-type=video%2Fmp4",
        "https://h/hls/master.m3u8",
    ] {
        assert_eq!(found(video), [(video.into(), VideoLink)], "{video}");
    }
    let pages = "[terms](https://h/terms) https://h/task.html https://h/usage-policies";
    assert_eq!(found(pages), [("https://h/task.html".into(), Link)]);
    assert_eq!(best("![封面](https://h/cover.webp) [点击这里](https://h/v.mp4)"), "https://h/v.mp4");
    assert_eq!(best("[![cover](https://h/c.png)](https://h/v.mp4)"), "https://h/v.mp4");
    assert_eq!(found("https://h/cover.webp https://h/a.mp3 ftp://h/v.mp4 https:// http://"), []);
}

#[test]
fn knows_when_a_tag_goes_on_in_the_next_line() {
    assert!(has_open_tag("text <video") && has_open_tag("<source src='https://h/v.mp4'"));
    assert!(!has_open_tag("<video src='x'>") && !has_open_tag("a < b") && !has_open_tag(""));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(<video |<|src=|\\]\\(|https://|\\\\|[\\PC\\n()\\[\\]<>'\"&;#%]){0,40}") {
        find(&text, &base());
        has_open_tag(&text);
    }

    #[test]
    fn a_link_is_found_in_any_prose(before in "[a-z，。 ]{0,20}", after in "(|[ \n。，)<\"][a-z]{0,9})") {
        let text = format!("{before}https://h/v.mp4{after}");
        prop_assert_eq!(best(&text), "https://h/v.mp4");
    }
}
