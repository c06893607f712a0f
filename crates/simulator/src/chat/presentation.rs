//! How a stream presents its result, for behaviours that differ from the variant.
//!
//! Most follow streams of real relays. Those of a terse presentation hold little more than the result.

use serde_json::{Map, Value, json};

use super::context::StreamContext;
use super::part::Part;
use crate::plan::result::Presentation;
use crate::result_field;
use crate::script::Step;

/// What replaces a step, if the presentation changes it.
pub(super) fn parts(step: Step, context: &StreamContext) -> Option<Vec<Part>> {
    let presentation = context.plan.result.presentation;
    match step {
        Step::Succeeded => result(presentation, context),
        Step::Notice => Some(vec![content("> 温馨提示：生成失败不扣费，请勿重复提交\n".to_owned())]),
        Step::TaskPage => {
            Some(vec![content(format!("> ✅ 任务提交成功，[查看进度]({})\n", context.companion_url("task.html")))])
        }
        Step::Unreadable => Some(vec![Part::Event(json!({"event": "tick", "payload": {"value": 1}}))]),
        _ if presentation.is_terse() => terse(step, presentation),
        _ => None,
    }
}

/// A terse stream has no echo and no queue lines. Some report progress as prose.
fn terse(step: Step, presentation: Presentation) -> Option<Vec<Part>> {
    let thinks = matches!(
        presentation,
        Presentation::PosterTag
            | Presentation::SourceTag
            | Presentation::RelativeLink
            | Presentation::ProtocolRelativeLink
            | Presentation::Prose
    );
    match step {
        Step::Opened => Some(vec![Part::Delta(json!({"role": "assistant"}), None)]),
        Step::Started if thinks => Some(vec![content("<think>\n".to_owned())]),
        Step::Started if presentation == Presentation::NoLineEnds => {
            Some(vec![content("🎬 开始生成视频...".to_owned())])
        }
        Step::Progress(at) | Step::Estimate(at) if thinks => {
            Some(vec![content(format!("正在生成视频中，当前进度{}%\n", at.whole()))])
        }
        Step::Queued | Step::Started | Step::Progress(_) | Step::Estimate(_) => Some(Vec::new()),
        _ => None,
    }
}

fn result(presentation: Presentation, context: &StreamContext) -> Option<Vec<Part>> {
    let url = context.url();
    if let Some(field) = context.plan.result.field {
        let mut fields = Map::new();
        result_field::insert(&mut fields, field, &url);
        return Some(vec![Part::Fields(Value::Object(fields))]);
    }
    let text = match presentation {
        Presentation::Standard => return None,
        Presentation::PosterTag => video_tag(&url, Some(&context.companion_url("poster.jpg"))),
        Presentation::SourceTag => video_tag(&url, None),
        Presentation::RelativeLink => video_tag(url.strip_prefix(context.base.as_str()).unwrap_or(&url), None),
        Presentation::ProtocolRelativeLink => video_tag(url.strip_prefix("http:").unwrap_or(&url), None),
        Presentation::ClickHere => format!("\n\nvideo generated successful,[click here]({url})"),
        Presentation::Prose => format!("</think>\n视频已生成：{url}\n"),
        Presentation::Bold => format!("**[下载视频]({url})**\n"),
        Presentation::OneLineFence => format!("```html <video src='{url}' controls></video> ```\n"),
        Presentation::Bare => url,
        Presentation::Punctuated => format!("> ✅ 视频生成成功：{url}。请尽快下载\n"),
        Presentation::Angle => format!("Your video: <{url}>.\n"),
        Presentation::Reasoning => return Some(vec![Part::Reasoning(format!("Video ready: {url}\n"))]),
        Presentation::PageFirst => format!("> ✅ 视频生成成功，[点击这里]({url}) 查看视频\n"),
        Presentation::CoverFirst => {
            format!("> ✅ 生成成功 ![封面]({}) [点击这里]({url}) 查看视频\n", context.companion_url("cover.webp"))
        }
        Presentation::PageOnly => format!("> ✅ 视频生成成功，[点击这里]({})\n", context.companion_url("task.html")),
        Presentation::PreviewFirst => {
            let preview = context.companion_url("preview.mp4");
            return Some(vec![
                content(format!("> ✅ 预览已生成，[预览]({preview})\n")),
                content(format!("> ✅ 视频生成成功，[点击这里]({url}) 查看视频\n")),
            ]);
        }
        Presentation::NoLineEnds => {
            let texts = ["✅ 视频生成完成".to_owned(), "🔗 解析无水印URL...".to_owned(), url];
            return Some(texts.into_iter().map(content).collect());
        }
        Presentation::Parts => {
            let parts = json!([
                {"type": "text", "text": "done"},
                {"type": "video_url", "video_url": {"url": url}},
            ]);
            return Some(vec![Part::Delta(json!({"content": parts}), None)]);
        }
    };
    Some(vec![content(text)])
}

/// A `<video>` element with attribute values escaped for HTML.
fn video_tag(url: &str, poster: Option<&str>) -> String {
    let escape = |url: &str| url.replace('&', "&amp;");
    let poster = poster.map(|poster| format!(" poster=\"{}\"", escape(poster))).unwrap_or_default();
    format!(
        "<video id=\"video\" controls=\"\" preload=\"none\"{poster}>\n  \
         <source id=\"mp4\" src=\"{}\" type=\"video/mp4\">\n</video>",
        escape(url)
    )
}

fn content(text: String) -> Part {
    Part::Content(text)
}
