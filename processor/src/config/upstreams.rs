//! Where requests are sent: the catalogue, or the variables that make one upstream.

use catalogue::{Catalogue, Upstream};
use service::env::{self, Environment};
use sora::{Dialect, Timeouts};

use crate::upstream::upstreams::Tokens;

/// Reads the catalogue that `SORA_CATALOGUE` names, or else `SORA_API_URL` (required), `SORA_API_TOKEN`, `SORA_API_DIALECT`
/// (`chat` or `videos`; by default detected from the end of the address: `/chat/completions` or `/videos`), `SORA_IDLE_TIMEOUT`
/// (180s), `SORA_STALL_TIMEOUT` (900s), `SORA_TOTAL_TIMEOUT` (3600s), `SORA_POLL_INTERVAL` (5s), and the upstream's names:
/// `SORA_MODEL_TEMPLATE`, with the placeholders `{model}`, `{orientation}`, `{seconds}` and `{size}` (default:
/// `{model}-{orientation}-{seconds}s` for `chat`, `{model}` for `videos`), `SORA_SECONDS_MAP` and `SORA_SIZE_MAP`, as
/// ours=theirs, comma-separated.
pub(super) fn read(env: &mut Environment<'_>) -> Option<(Catalogue, Tokens)> {
    match Catalogue::read_file(env)? {
        Some(catalogue) => {
            let tokens = tokens(env, &catalogue)?;
            Some((catalogue, tokens))
        }
        None => from_variables(env),
    }
}

fn tokens(env: &mut Environment<'_>, catalogue: &Catalogue) -> Option<Tokens> {
    let (mut tokens, mut complete) = (Tokens::new(), true);
    for upstream in &catalogue.upstreams {
        match upstream.token.as_ref().map(|token| token.read(&|name| env.peek(name))) {
            None => {}
            Some(Ok(token)) => drop(tokens.insert(upstream.name.clone(), token)),
            Some(Err(remedy)) => {
                env.reject("SORA_CATALOGUE", format!("upstream {}: {remedy}", upstream.name));
                complete = false;
            }
        }
    }
    complete.then_some(tokens)
}

fn from_variables(env: &mut Environment<'_>) -> Option<(Catalogue, Tokens)> {
    let hint = "the upstream's address, such as https://host/v1/chat/completions or https://host/v1/videos";
    let explicit = env.optional("SORA_API_DIALECT", str::parse);
    let url = env.required("SORA_API_URL", hint, |text| {
        let url = env::http_url(text)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(
                "must not contain a user, a password or a fragment (#); put the key into SORA_API_TOKEN".to_owned()
            );
        }
        let dialect = explicit.or(Dialect::of(&url));
        dialect
            .map(|dialect| (url, dialect))
            .ok_or_else(|| "must end in /chat/completions or /videos, or SORA_API_DIALECT must be set".to_owned())
    });
    let token = env.secret("SORA_API_TOKEN").map(|token| token.expose().to_owned());
    if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        env.reject("SORA_API_TOKEN", "must be printable ASCII without spaces");
    }
    let idle = env.or("SORA_IDLE_TIMEOUT", "180s", env::duration);
    let stall = env.or("SORA_STALL_TIMEOUT", "900s", env::duration);
    let total = env.or("SORA_TOTAL_TIMEOUT", "3600s", env::duration);
    let lost = env.or("SORA_LOST_AFTER", "2m", env::duration);
    let poll = env.or("SORA_POLL_INTERVAL", "5s", env::duration);
    let template = match url.as_ref().map(|(_, dialect)| *dialect) {
        Some(Dialect::Videos) => "{model}",
        Some(Dialect::Chat) | None => "{model}-{orientation}-{seconds}s",
    };
    let model_template = env.or("SORA_MODEL_TEMPLATE", template, str::parse);
    let seconds = env.or("SORA_SECONDS_MAP", "", str::parse);
    let sizes = env.or("SORA_SIZE_MAP", "", str::parse);
    let (url, dialect) = url?;
    let name = Upstream::name_by_address(&url);
    let upstream = Upstream {
        name: name.clone(),
        url,
        dialect,
        token: None,
        // The limits of the platform are those of its only upstream.
        concurrency: 0,
        weight: 1,
        timeouts: Timeouts { idle: idle?, stall: stall?, total: total?, lost: lost? },
        poll_interval: poll?,
        model_template: model_template?,
        seconds: seconds?,
        sizes: sizes?,
        enabled: true,
    };
    let tokens = token.map(|token| (name, token)).into_iter().collect();
    Some((Catalogue::from_upstream(upstream), tokens))
}
