//! The processor's configuration: environment only, all mistakes reported at once.

use std::num::NonZeroUsize;
use std::time::Duration;

use fetch::{Origin, Rules};
use service::env::{self, Environment};
use service::settings::{self, Settings};
use sora::{ModelTemplate, Timeouts, Upstream};

use crate::retry::Budgets;

/// Everything that steers a processor.
#[derive(Clone)]
pub struct Config {
    /// What every process reads.
    pub settings: Settings,
    /// `SORA_API_URL` (required, ends in `/chat/completions`), `SORA_API_TOKEN`, and the limits
    /// `SORA_IDLE_TIMEOUT` (180s), `SORA_STALL_TIMEOUT` (900s), `SORA_TOTAL_TIMEOUT` (3600s).
    pub upstream: Upstream,
    /// `SORA_MODEL_TEMPLATE`: the upstream's name of a model (default `{model}-{orientation}-{seconds}s`).
    pub model_template: ModelTemplate,
    /// `SORA_MAX_RETRIES` (5), `SORA_MAX_RESUBMITS` (0), `SORA_RETRY_BASE` (2s).
    pub budgets: Budgets,
    /// `SORA_MAX_CONCURRENCY`: jobs in flight over all processors when no limit is on record yet; 0 (default) = no cap.
    pub max_concurrency: u32,
    /// `SORA_FETCH_ALLOW`: origins that results may come from though they are not public, as host:port, comma-separated.
    pub fetch_allow: Vec<Origin>,
    /// `MAX_VIDEO_SIZE`: largest video in bytes (default 4 GiB).
    pub max_video_size: u64,
    /// `PROCESSOR_SLOTS`: jobs that this process works on at once (default 16).
    pub slots: NonZeroUsize,
    /// `LEASE_TTL`: how long the process counts as alive after its last sign of life (default 30s).
    pub lease_ttl: Duration,
    /// `LEASE_RENEW`: how often it gives one (default 5s); at most a third of `LEASE_TTL`.
    pub lease_renew: Duration,
    /// `DRAIN_TIMEOUT`: how long open streams may go on once the process is asked to stop (default 600s).
    pub drain_timeout: Duration,
}

impl Config {
    /// Reads it.
    pub fn read(env: &mut Environment<'_>) -> Option<Self> {
        let settings = settings::read(env);
        let upstream = upstream(env);
        let model_template = env.or("SORA_MODEL_TEMPLATE", "{model}-{orientation}-{seconds}s", str::parse);
        let budgets = budgets(env);
        let max_concurrency = env.or("SORA_MAX_CONCURRENCY", "0", env::number);
        let fetch_allow = env.or("SORA_FETCH_ALLOW", "", origins);
        let max_video_size = env.or("MAX_VIDEO_SIZE", "4294967296", env::number);
        let slots = env.or("PROCESSOR_SLOTS", "16", env::number);
        let lease_ttl = env.or("LEASE_TTL", "30s", env::duration);
        let lease_renew = env.or("LEASE_RENEW", "5s", env::duration);
        if matches!((lease_ttl, lease_renew), (Some(ttl), Some(renew)) if renew * 3 > ttl) {
            env.mistake("LEASE_RENEW", "must be at most a third of LEASE_TTL, or one slow renewal costs the lease");
        }
        let drain_timeout = env.or("DRAIN_TIMEOUT", "600s", env::duration);
        Some(Self {
            settings: settings?,
            upstream: upstream?,
            model_template: model_template?,
            budgets: budgets?,
            max_concurrency: max_concurrency?,
            fetch_allow: fetch_allow?,
            max_video_size: max_video_size?,
            slots: slots?,
            lease_ttl: lease_ttl?,
            lease_renew: lease_renew?,
            drain_timeout: drain_timeout?,
        })
    }

    /// What may be fetched: from the upstream's own origin wherever that is, and from what the operator allowed.
    pub(crate) fn fetch_rules(&self) -> Rules {
        let own = Origin::of(&self.upstream.url);
        Rules { allowed: own.into_iter().chain(self.fetch_allow.clone()).collect(), max_bytes: self.max_video_size }
    }
}

fn upstream(env: &mut Environment<'_>) -> Option<Upstream> {
    let hint = "the upstream's address, such as https://host/v1/chat/completions";
    let url = env.required("SORA_API_URL", hint, |text| {
        let url = env::http_url(text)?;
        let known = url.path().trim_end_matches('/').ends_with("/chat/completions");
        if known { Ok(url) } else { Err("must end in /chat/completions, the dialect that is spoken".to_owned()) }
    });
    let token = env.secret("SORA_API_TOKEN").map(|token| token.expose().to_owned());
    if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        env.mistake("SORA_API_TOKEN", "must be printable ASCII without spaces");
    }
    let idle = env.or("SORA_IDLE_TIMEOUT", "180s", env::duration);
    let stall = env.or("SORA_STALL_TIMEOUT", "900s", env::duration);
    let total = env.or("SORA_TOTAL_TIMEOUT", "3600s", env::duration);
    Some(Upstream { url: url?, token, timeouts: Timeouts { idle: idle?, stall: stall?, total: total? } })
}

fn budgets(env: &mut Environment<'_>) -> Option<Budgets> {
    let retries = env.or("SORA_MAX_RETRIES", "5", env::number::<u16>);
    let resubmits = env.or("SORA_MAX_RESUBMITS", "0", env::number::<u16>);
    let base = env.or("SORA_RETRY_BASE", "2s", env::duration);
    Some(Budgets { retries: retries?.into(), resubmits: resubmits?.into(), base: base? })
}

fn origins(text: &str) -> Result<Vec<Origin>, String> {
    text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Config, env::Mistakes> {
        let lookup = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let mut env = Environment::new(&lookup);
        let config = Config::read(&mut env);
        env.finish(config)
    }

    #[test]
    fn pays_at_most_once_unless_told_otherwise() {
        let config = read(&[("SORA_API_URL", "https://up.example/v1/chat/completions")]).unwrap();
        assert_eq!((config.budgets.retries, config.budgets.resubmits), (5, 0));
        assert_eq!(config.fetch_rules().allowed, ["up.example:443".parse().unwrap()]);
    }

    #[test]
    fn names_every_wrong_variable() {
        let wrong = [
            ("SORA_API_URL", "https://up.example/v2/other"),
            ("SORA_API_TOKEN", "two words"),
            ("SORA_MODEL_TEMPLATE", "{nothing}"),
            ("SORA_MAX_RETRIES", "-1"),
            ("SORA_FETCH_ALLOW", "media.internal"),
            ("PROCESSOR_SLOTS", "0"),
            ("LEASE_TTL", "6s"),
            ("DRAIN_TIMEOUT", "soon"),
        ];
        let mistakes = read(&wrong).err().unwrap();
        let names: Vec<_> = mistakes.0.iter().map(|mistake| mistake.variable.as_str()).collect();
        assert_eq!(
            names,
            [
                "SORA_API_URL",
                "SORA_API_TOKEN",
                "SORA_MODEL_TEMPLATE",
                "SORA_MAX_RETRIES",
                "SORA_FETCH_ALLOW",
                "PROCESSOR_SLOTS",
                "LEASE_RENEW",
                "DRAIN_TIMEOUT"
            ]
        );
    }
}
