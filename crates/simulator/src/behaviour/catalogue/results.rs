//! Behaviours that change how a successful generation announces its result.

use crate::behaviour::definition::Definition;
use crate::plan::download::{Redirect, UrlPath};
use crate::plan::result::Presentation;
use crate::result_field::RESULT_FIELDS;

pub(super) static RESULTS: &[Definition] = &[
    Definition::flag("poster-tag", "chat: a <video> with a poster before its source", |plan| {
        plan.result.presentation = Presentation::PosterTag;
    }),
    Definition::flag("escaped-link", "chat: an HTML-escaped URL with a signature", |plan| {
        plan.result.presentation = Presentation::SourceTag;
        plan.download.path = UrlPath::Signed;
    }),
    Definition::flag("relative-link", "chat: a path without scheme and host", |plan| {
        plan.result.presentation = Presentation::RelativeLink;
    }),
    Definition::flag("protocol-relative-link", "chat: a URL without scheme", |plan| {
        plan.result.presentation = Presentation::ProtocolRelativeLink;
    }),
    Definition::flag("click-here-link", "chat: an English sentence with a link", |plan| {
        plan.result.presentation = Presentation::ClickHere;
    }),
    Definition::flag("prose-link", "chat: a Chinese sentence with the URL", |plan| {
        plan.result.presentation = Presentation::Prose;
    }),
    Definition::flag("bold-link", "chat: a link in bold", |plan| plan.result.presentation = Presentation::Bold),
    Definition::flag("one-line-fence", "chat: a fence that opens and closes on one line", |plan| {
        plan.result.presentation = Presentation::OneLineFence;
    }),
    Definition::flag("no-line-ends", "chat: chunks without line ends", |plan| {
        plan.result.presentation = Presentation::NoLineEnds;
    }),
    Definition::flag("bare-link", "chat: the URL alone", |plan| plan.result.presentation = Presentation::Bare),
    Definition::flag("raw-path-link", "chat: the URL alone, ending in %2Fraw?…", |plan| {
        plan.result.presentation = Presentation::Bare;
        plan.download.path = UrlPath::Raw;
    }),
    Definition::flag("punctuated-link", "chat: full-width punctuation after the URL", |plan| {
        plan.result.presentation = Presentation::Punctuated;
    }),
    Definition::flag("bracket-link", "chat: a URL that contains brackets", |plan| {
        plan.download.path = UrlPath::Brackets;
    }),
    Definition::flag("angle-link", "chat: the URL in angle brackets", |plan| {
        plan.result.presentation = Presentation::Angle;
    }),
    Definition::flag("reasoning-link", "chat: the link in reasoning_content only", |plan| {
        plan.result.presentation = Presentation::Reasoning;
    }),
    Definition::flag("page-first", "chat: first a link to a page, later the video", |plan| {
        plan.result.presentation = Presentation::PageFirst;
    }),
    Definition::flag("cover-first", "chat: a cover image before the link", |plan| {
        plan.result.presentation = Presentation::CoverFirst;
    }),
    Definition::flag("preview-first", "chat: a preview that is 404 before the link", |plan| {
        plan.result.presentation = Presentation::PreviewFirst;
    }),
    Definition::flag("page-only", "chat: the only link leads to a page", |plan| {
        plan.result.presentation = Presentation::PageOnly;
    }),
    Definition::flag("content-parts", "chat: content is a list with a video_url part", |plan| {
        plan.result.presentation = Presentation::Parts;
    }),
    Definition::choice("result-field=NAME", "the URL in a structured field", RESULT_FIELDS, |plan, field| {
        plan.result.field = Some(field);
    }),
    Definition::flag("early-result", "videos: result-field=url, from the start", |plan| {
        plan.result.field = Some("url");
        plan.result.early = true;
    }),
    Definition::flag("no-content", "videos: the content endpoint does not exist", |plan| {
        plan.result.no_content = true;
    }),
    Definition::flag("no-content-url-only", "result-field=url, no-content", |plan| {
        plan.result.field = Some("url");
        plan.result.no_content = true;
    }),
    Definition::flag("metadata-url", "result-field=metadata.url, no-content", |plan| {
        plan.result.field = Some("metadata.url");
        plan.result.no_content = true;
    }),
    Definition::flag("content-json", "downloads are JSON with the URL of the video", |plan| {
        plan.download.redirect = Redirect::Json;
    }),
    Definition::flag("content-json-private", "content-json with a URL at 169.254.169.254", |plan| {
        plan.download.redirect = Redirect::JsonMetadata;
    }),
];
