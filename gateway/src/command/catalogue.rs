//! `gateway catalogue check`: checks a catalogue file and summarises it.

use std::fmt::Write;
use std::path::Path;

use ::catalogue::{Catalogue, Model, Pool, Status, TokenSource, Upstream};

/// Checks a file. Returns a summary.
///
/// # Errors
/// All mistakes, a line each.
pub(super) fn check(file: &Path) -> Result<String, String> {
    let catalogue = Catalogue::load(&file.display().to_string())?;
    let mut text = format!("{} is valid.\n", file.display());
    section(&mut text, "Upstreams", catalogue.upstreams.iter().map(|upstream| describe_upstream(&catalogue, upstream)));
    section(&mut text, "Pools", catalogue.pools.iter().map(describe_pool));
    section(&mut text, "Models", catalogue.models.iter().map(|model| describe_model(&catalogue, model)));
    Ok(text.trim_end().to_owned())
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let _ = writeln!(text, "\n{title}");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

fn describe_upstream(catalogue: &Catalogue, upstream: &Upstream) -> String {
    let Upstream { name, url, dialect, concurrency, weight, .. } = upstream;
    let at_a_time = if *concurrency == 0 { "no limit".to_owned() } else { format!("{concurrency} at a time") };
    let token = match &upstream.token {
        Some(TokenSource::Variable(name)) => format!("token in {name}"),
        Some(TokenSource::File(path)) => format!("token in {}", path.display()),
        None => "no token".to_owned(),
    };
    let is_member = |pool: &Pool| pool.members.iter().any(|member| member.upstream == *name);
    let note = match (upstream.enabled, catalogue.pools.iter().any(is_member)) {
        (false, _) => "; disabled: gets no new jobs",
        (true, false) => "; in no pool: gets no new jobs",
        (true, true) => "",
    };
    // The query may hold a key.
    let mut url = url.clone();
    url.set_query(None);
    format!("{name}: {url} ({dialect}), {at_a_time}, weight {weight}, {token}{note}")
}

fn describe_pool(pool: &Pool) -> String {
    let members = pool.members.iter().map(|member| format!("{} (priority {})", member.upstream, member.priority));
    format!("{}: {}", pool.name, members.collect::<Vec<_>>().join(", "))
}

fn describe_model(catalogue: &Catalogue, model: &Model) -> String {
    let seconds: Vec<_> = model.seconds.iter().map(ToString::to_string).collect();
    let sizes: Vec<_> = model.sizes.iter().map(ToString::to_string).collect();
    let price = match model.price {
        Some(price) => format!("{} {} per {}", price.decimal(), price.currency, price.per.as_str()),
        None if catalogue.free => "free".to_owned(),
        None => "no price".to_owned(),
    };
    let status = if Some(model) == catalogue.default_model() { "default" } else { model.status.as_str() };
    let date = model.retires_on.as_ref().filter(|_| model.status != Status::Active);
    let date = date.map(|day| format!(", {day}")).unwrap_or_default();
    format!(
        "{} ({status}{date}): pool {}, {} s, {}, {price}",
        model.name,
        model.pool,
        seconds.join("/"),
        sizes.join("/")
    )
}
