//! The processor's configuration, read from the environment. All errors are reported at once.

mod upstreams;

use std::num::NonZeroUsize;
use std::time::Duration;

use catalogue::Catalogue;
use entity::submission::Caps;
use fetch::Origin;
use service::env::{self, Environment};
use service::settings::{self, Settings};
use storage::StorageConfig;

use crate::media::Programs;
use crate::retry::RetryPolicy;
use crate::upstream::upstreams::Tokens;

const DAY: Duration = Duration::from_secs(86_400);

/// The processor's configuration.
#[derive(Clone)]
pub struct Config {
    /// The settings that every process reads.
    pub settings: Settings,
    /// `STORAGE_URL` and its credentials: where videos are stored.
    pub storage: StorageConfig,
    /// `SORA_CATALOGUE`: the file that names models, pools and upstreams. Without it `SORA_API_URL` (required) and the variables
    /// beside it make one upstream.
    pub catalogue: Catalogue,
    /// The tokens of the upstreams, by their names.
    pub tokens: Tokens,
    /// Variables that are set although the catalogue replaces them.
    pub ignored_variables: Vec<&'static str>,
    /// `SORA_MAX_RETRIES` (5), `SORA_MAX_RESUBMITS` (0), `SORA_RETRY_BASE` (2s).
    pub retry_policy: RetryPolicy,
    /// `DAILY_SUBMISSIONS_PER_USER` and `SORA_DAILY_SUBMISSIONS`: maximum number of submissions in a UTC day, of one user
    /// and of all together; 0 (default) = no limit. Jobs over the limit wait for the next day. `BUDGET_PER_USER_PER_DAY`,
    /// `BUDGET_PER_USER_PER_MONTH`, `BUDGET_PER_DAY` and `BUDGET_PER_MONTH`: what may be spent.
    pub caps: Caps,
    /// `SORA_MAX_CONCURRENCY`: maximum number of jobs in flight over all processors, until an administrator sets a limit;
    /// 0 (default) = no limit. With a catalogue, its upstreams have limits of their own.
    pub max_concurrency: u32,
    /// `SORA_FETCH_ALLOW`: origins that results may be downloaded from although they are not public, as host:port,
    /// comma-separated.
    pub fetch_allow: Vec<Origin>,
    /// `WEBHOOK_ALLOW`: origins that webhooks may be sent to although they are not public or not `https`, as host:port,
    /// comma-separated.
    pub webhook_allow: Vec<Origin>,
    /// `MAX_VIDEO_SIZE`: maximum size of a video in bytes (default 4 GiB); a bucket takes up to 48 GiB.
    pub max_video_size: u64,
    /// `PROCESSOR_SLOTS`: maximum number of jobs that this process runs at a time (default 16).
    pub slots: NonZeroUsize,
    /// `LEASE_TTL`: how long a worker counts as alive after its last heartbeat (default 30s).
    pub lease_ttl: Duration,
    /// `LEASE_RENEW`: interval of the heartbeat (default 5s); at most a third of `LEASE_TTL`.
    pub lease_renew: Duration,
    /// `RETENTION_DAYS`: days that jobs and videos are kept after they finished; 0 (default) = forever.
    pub retention: Option<Duration>,
    /// `FFMPEG` and `FFPROBE`: the programs that make posters (default: searched for on the `PATH`).
    pub programs: Programs,
    /// `DRAIN_TIMEOUT`: how long open streams may continue once the process is asked to stop (default 600s).
    pub drain_timeout: Duration,
}

impl Config {
    /// Reads the configuration, or reports every error to `env`.
    pub fn read(env: &mut Environment<'_>) -> Option<Self> {
        let settings = settings::read(env);
        let storage = StorageConfig::read(env);
        let upstreams = upstreams::read(env);
        let retry_policy = retry_policy(env);
        let caps = caps(env, upstreams.as_ref().map(|(catalogue, _)| catalogue));
        let max_concurrency = env.or("SORA_MAX_CONCURRENCY", "0", env::number);
        let fetch_allow = env.or("SORA_FETCH_ALLOW", "", Origin::parse_list);
        let webhook_allow = env.or("WEBHOOK_ALLOW", "", Origin::parse_list);
        let max_video_size = env.or("MAX_VIDEO_SIZE", "4294967296", env::number);
        if max_video_size == Some(0) {
            env.reject("MAX_VIDEO_SIZE", "must be more than 0 bytes");
        }
        let largest = storage.as_ref().and_then(StorageConfig::max_file_size).unwrap_or(u64::MAX);
        if max_video_size.is_some_and(|size| size > largest) {
            env.reject(
                "MAX_VIDEO_SIZE",
                format!("must be at most {largest}, the largest video that the bucket can take"),
            );
        }
        let slots = env.or("PROCESSOR_SLOTS", "16", env::number);
        let lease_ttl = env.or("LEASE_TTL", "30s", env::duration);
        let lease_renew = env.or("LEASE_RENEW", "5s", env::duration);
        if matches!((lease_ttl, lease_renew), (Some(ttl), Some(renew)) if renew * 3 > ttl) {
            env.reject(
                "LEASE_RENEW",
                "must be at most a third of LEASE_TTL, so that one slow renewal does not lose the lease",
            );
        }
        let retention_days = env.or("RETENTION_DAYS", "0", env::number::<u32>);
        let programs = Programs {
            ffmpeg: env.or("FFMPEG", "ffmpeg", env::text)?,
            ffprobe: env.or("FFPROBE", "ffprobe", env::text)?,
        };
        let drain_timeout = env.or("DRAIN_TIMEOUT", "600s", env::duration);
        let (catalogue, tokens) = upstreams?;
        let ignored_variables =
            catalogue.ignored_variables(|name| env.peek(name).is_some_and(|value| !value.is_empty()));
        Some(Self {
            settings: settings?,
            storage: storage?,
            catalogue,
            tokens,
            ignored_variables,
            retry_policy: retry_policy?,
            caps: caps?,
            max_concurrency: max_concurrency?,
            fetch_allow: fetch_allow?,
            webhook_allow: webhook_allow?,
            max_video_size: max_video_size?,
            slots: slots?,
            lease_ttl: lease_ttl?,
            lease_renew: lease_renew?,
            retention: Some(retention_days?).filter(|days| *days > 0).map(|days| DAY * days),
            programs,
            drain_timeout: drain_timeout?,
        })
    }

    /// The names of all pools.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &str> {
        self.catalogue.pools.iter().map(|pool| pool.name.as_str())
    }
}

fn caps(env: &mut Environment<'_>, catalogue: Option<&Catalogue>) -> Option<Caps> {
    let budgets = match catalogue {
        Some(catalogue) => catalogue.budgets(env),
        None => Catalogue::skip_budgets(env),
    };
    let per_user = env.or("DAILY_SUBMISSIONS_PER_USER", "0", env::number);
    let overall = env.or("SORA_DAILY_SUBMISSIONS", "0", env::number);
    Some(Caps { per_user: per_user?, overall: overall?, budgets: budgets? })
}

fn retry_policy(env: &mut Environment<'_>) -> Option<RetryPolicy> {
    let retries = env.or("SORA_MAX_RETRIES", "5", env::number::<u16>);
    let resubmits = env.or("SORA_MAX_RESUBMITS", "0", env::number::<u16>);
    let base = env.or("SORA_RETRY_BASE", "2s", env::duration);
    Some(RetryPolicy { max_retries: retries?.into(), max_resubmits: resubmits?.into(), base_delay: base? })
}

#[cfg(test)]
mod tests {
    use sora::Dialect;

    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Config, env::ConfigErrors> {
        let lookup = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let mut env = Environment::new(&lookup);
        let config = Config::read(&mut env);
        env.finish(config)
    }

    #[test]
    fn by_default_pays_at_most_once() {
        let config = read(&[("SORA_API_URL", "https://up.example/v1/chat/completions")]).unwrap();
        assert_eq!((config.retry_policy.max_retries, config.retry_policy.max_resubmits), (5, 0));
        assert_eq!(config.catalogue.upstreams[0].dialect, Dialect::Chat);
    }

    #[test]
    fn detects_the_dialect_from_the_address_unless_it_is_set() {
        let dialect = |set: &[(&str, &str)]| read(set).map(|config| config.catalogue.upstreams[0].dialect).ok();
        assert_eq!(dialect(&[("SORA_API_URL", "https://up.example/v1/videos/")]), Some(Dialect::Videos));
        let elsewhere = ("SORA_API_URL", "https://up.example/generate");
        assert_eq!(dialect(&[elsewhere]), None);
        assert_eq!(dialect(&[elsewhere, ("SORA_API_DIALECT", "videos")]), Some(Dialect::Videos));
    }

    #[test]
    fn a_catalogue_replaces_the_variables_of_the_upstream_and_names_its_tokens() {
        let file = std::env::temp_dir().join(format!("processor-catalogue-{}.toml", std::process::id()));
        let catalogue = r#"
            upstream = [{ name = "relay", url = "https://relay.example/v1/videos", token = "env:RELAY_KEY" }]
            model = [{ name = "sora-2", seconds = [4], sizes = ["1280x720"] }]
        "#;
        std::fs::write(&file, catalogue).unwrap();
        let path = file.display().to_string();
        let config = read(&[("SORA_CATALOGUE", &path), ("RELAY_KEY", "hidden")]).unwrap();
        assert_eq!(config.tokens.get("relay").map(String::as_str), Some("hidden"));
        assert_eq!(config.catalogue.queue_of("sora-2"), config.catalogue.queue_of("gone"));
        let missing = read(&[("SORA_CATALOGUE", &path)]).err().unwrap().to_string();
        assert!(missing.contains("SORA_CATALOGUE: upstream relay: the variable RELAY_KEY is not set"), "{missing}");
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn rejects_credentials_in_the_address_and_a_maximum_size_of_zero() {
        for url in ["https://u:hidden@up.example/v1/videos", "https://up.example/v1/videos#hidden"] {
            let errors = read(&[("SORA_API_URL", url), ("MAX_VIDEO_SIZE", "0")]).err().unwrap();
            let names: Vec<_> = errors.0.iter().map(|error| error.variable.as_str()).collect();
            assert_eq!(names, ["SORA_API_URL", "MAX_VIDEO_SIZE"]);
            assert!(!errors.to_string().contains("hidden"), "{errors}");
        }
    }

    #[test]
    fn reports_every_invalid_variable() {
        let wrong = [
            ("SORA_API_URL", "https://up.example/v2/other"),
            ("SORA_API_TOKEN", "two words"),
            ("SORA_MODEL_TEMPLATE", "{nothing}"),
            ("SORA_SECONDS_MAP", "10"),
            ("SORA_MAX_RETRIES", "-1"),
            ("SORA_FETCH_ALLOW", "media.internal"),
            ("WEBHOOK_ALLOW", "10.0.0.1"),
            ("STORAGE_URL", "s3://videos"),
            ("MAX_VIDEO_SIZE", "52428800001"),
            ("PROCESSOR_SLOTS", "0"),
            ("LEASE_TTL", "6s"),
            ("DRAIN_TIMEOUT", "soon"),
        ];
        let errors = read(&wrong).err().unwrap();
        let names: Vec<_> = errors.0.iter().map(|error| error.variable.as_str()).collect();
        assert_eq!(
            names,
            [
                "SORA_API_URL",
                "SORA_API_TOKEN",
                "SORA_MODEL_TEMPLATE",
                "SORA_SECONDS_MAP",
                "SORA_MAX_RETRIES",
                "SORA_FETCH_ALLOW",
                "WEBHOOK_ALLOW",
                "MAX_VIDEO_SIZE",
                "PROCESSOR_SLOTS",
                "LEASE_RENEW",
                "DRAIN_TIMEOUT"
            ]
        );
    }
}
