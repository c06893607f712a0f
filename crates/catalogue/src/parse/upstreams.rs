//! The tables `[[upstream]]`.

use std::time::Duration;

use service::env;
use sora::{Dialect, ModelTemplate, Names, Timeouts};
use toml::de::DeValue;
use url::Url;

use super::section::{Named, Section};
use super::values;
use crate::{Size, Upstream};

const NAME: &str = "a name of your choice, such as \"relay\"";
const ADDRESS: &str =
    "the upstream's address, such as \"https://host/v1/videos\" or \"https://host/v1/chat/completions\"";

/// Reads all upstreams.
pub(super) fn read(file: &mut Section<'_>) -> Named<Upstream> {
    let mut upstreams = Named::new();
    let sections = file.tables("upstream");
    if !file.has("upstream") {
        file.mistake(0, "there is no upstream; add one below a line [[upstream]]");
    }
    for section in sections {
        upstreams.declare(&section);
        upstreams.values.extend(upstream(section));
    }
    upstreams
}

fn upstream(mut section: Section<'_>) -> Option<Upstream> {
    let name = section.required("name", NAME, values::name);
    let url = section.required("url", ADDRESS, url);
    let dialect = dialect(&mut section, url.as_ref());
    let token = section.optional("token", |value| values::text(value)?.parse());
    let concurrency = section.or("concurrency", 0, |value| values::number(value, &(0..=100_000)));
    let weight = section.or("weight", 1, |value| values::number(value, &(1..=1_000)));
    let timeouts = Timeouts {
        idle: duration(&mut section, "idle_timeout", 180),
        stall: duration(&mut section, "stall_timeout", 900),
        total: duration(&mut section, "total_timeout", 3_600),
        lost: duration(&mut section, "lost_after", 120),
    };
    let poll_interval = duration(&mut section, "poll_interval", 5);
    let model_template = section.optional("model_template", |value| values::text(value)?.parse());
    let template =
        model_template.or_else(|| ModelTemplate::default_of(dialect.unwrap_or(Dialect::Videos)).parse().ok());
    let seconds = names(&mut section, "seconds", "{ 10 = 8, 15 = 12 }", values::is_length);
    let sizes = names(&mut section, "sizes", "{ 1280x720 = \"832x480\" }", |ours| ours.parse::<Size>().is_ok());
    let enabled = section.or("enabled", true, values::flag);
    section.finish();
    Some(Upstream {
        name: name?,
        url: url?,
        dialect: dialect?,
        token,
        concurrency,
        weight,
        timeouts,
        poll_interval,
        model_template: template?,
        seconds,
        sizes,
        enabled,
    })
}

fn url(value: &DeValue<'_>) -> Result<Url, String> {
    let url = env::http_url(values::text(value)?)?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let remedy = "must not contain a user, a password or a fragment (#); name the key's place in token";
    bare.then_some(url).ok_or_else(|| remedy.to_owned())
}

/// Reads the dialect, by default from the end of the address.
fn dialect(section: &mut Section<'_>, url: Option<&Url>) -> Option<Dialect> {
    let explicit = section.optional("dialect", |value| values::text(value)?.parse());
    let dialect = explicit.or_else(|| Dialect::of(url?));
    if dialect.is_none() && url.is_some() && !section.has("dialect") {
        let remedy = "url must end in /videos or /chat/completions, or dialect must be set to \"videos\" or \"chat\"";
        section.mistake(section.at_field("url"), remedy);
    }
    dialect
}

fn duration(section: &mut Section<'_>, key: &'static str, default: u64) -> Duration {
    section.or(key, Duration::from_secs(default), values::duration)
}

fn names(section: &mut Section<'_>, key: &'static str, example: &str, is_ours: fn(&str) -> bool) -> Names {
    let names = section.map(key, example, |ours, theirs| match theirs {
        _ if !is_ours(ours) => Err("the left side must be one of this platform's values".to_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::String(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err("the right side must be the upstream's value, a string or a whole number".to_owned()),
    });
    names.into_iter().map(|(ours, (_, theirs))| (ours, theirs)).collect()
}
