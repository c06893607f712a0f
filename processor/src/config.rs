//! The processor's configuration, read from the environment. All errors are reported at once.

use std::num::NonZeroUsize;
use std::time::Duration;

use entity::submission::Caps;
use fetch::{Credential, Origin, Rules};
use service::env::{self, Environment};
use service::settings::{self, Settings};
use sora::{Dialect, ModelTemplate, Names, Timeouts, Upstream};
use storage::StorageConfig;

use crate::media::Programs;
use crate::retry::RetryPolicy;

const DAY: Duration = Duration::from_secs(86_400);

/// The processor's configuration.
#[derive(Clone)]
pub struct Config {
    /// The settings that every process reads.
    pub settings: Settings,
    /// `STORAGE_URL` and its credentials: where videos are stored.
    pub storage: StorageConfig,
    /// `SORA_API_URL` (required), `SORA_API_TOKEN`, `SORA_API_DIALECT` (`chat` or `videos`; by default detected from the
    /// end of the address: `/chat/completions` or `/videos`), `SORA_IDLE_TIMEOUT` (180s), `SORA_STALL_TIMEOUT` (900s),
    /// `SORA_TOTAL_TIMEOUT` (3600s), `SORA_POLL_INTERVAL` (5s).
    pub upstream: Upstream,
    /// The upstream's names for models, lengths and sizes.
    pub names: UpstreamNames,
    /// `SORA_MAX_RETRIES` (5), `SORA_MAX_RESUBMITS` (0), `SORA_RETRY_BASE` (2s).
    pub retry_policy: RetryPolicy,
    /// `DAILY_SUBMISSIONS_PER_USER` and `SORA_DAILY_SUBMISSIONS`: maximum number of submissions in a UTC day, of one user
    /// and of all together; 0 (default) = no limit. Jobs over the limit wait for the next day.
    pub caps: Caps,
    /// `SORA_MAX_CONCURRENCY`: maximum number of jobs in flight over all processors, until an administrator sets a limit;
    /// 0 (default) = no limit.
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

/// The upstream's names for models, lengths and sizes.
#[derive(Clone)]
pub struct UpstreamNames {
    /// `SORA_MODEL_TEMPLATE`: the name of a model, with the placeholders `{model}`, `{orientation}`, `{seconds}` and `{size}`
    /// (default: `{model}-{orientation}-{seconds}s` for `chat`, `{model}` for `videos`).
    pub model: ModelTemplate,
    /// `SORA_SECONDS_MAP`: lengths, as ours=theirs, comma-separated (default: unchanged).
    pub seconds: Names,
    /// `SORA_SIZE_MAP`: sizes, as ours=theirs, comma-separated (default: unchanged).
    pub sizes: Names,
}

impl Config {
    /// Reads the configuration, or reports every error to `env`.
    pub fn read(env: &mut Environment<'_>) -> Option<Self> {
        let settings = settings::read(env);
        let storage = StorageConfig::read(env);
        let upstream = upstream(env);
        let names = names(env, upstream.as_ref().map_or(Dialect::Chat, |upstream| upstream.dialect));
        let retry_policy = retry_policy(env);
        let per_user = env.or("DAILY_SUBMISSIONS_PER_USER", "0", env::number);
        let overall = env.or("SORA_DAILY_SUBMISSIONS", "0", env::number);
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
        Some(Self {
            settings: settings?,
            storage: storage?,
            upstream: upstream?,
            names: names?,
            retry_policy: retry_policy?,
            caps: Caps { per_user: per_user?, overall: overall? },
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

    /// Where results may be downloaded from: the upstream's own origin, public addresses, and the allowed origins.
    pub(crate) fn fetch_rules(&self) -> Rules {
        let own = Origin::of(&self.upstream.url);
        let allowed = own.into_iter().chain(self.fetch_allow.clone()).collect();
        // The `chat` dialect's results are links to elsewhere, which need no token.
        let token = self.upstream.token.clone().filter(|_| self.upstream.dialect == Dialect::Videos);
        let credential = token.map(|token| Credential { base: self.upstream.url.clone(), token });
        Rules { allowed, max_bytes: self.max_video_size, named_in_json: sora::result_urls, credential }
    }
}

fn upstream(env: &mut Environment<'_>) -> Option<Upstream> {
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
    let (url, dialect) = url?;
    let timeouts = Timeouts { idle: idle?, stall: stall?, total: total?, lost: lost? };
    Some(Upstream { url, dialect, token, timeouts, poll_interval: poll? })
}

fn names(env: &mut Environment<'_>, dialect: Dialect) -> Option<UpstreamNames> {
    let template = match dialect {
        Dialect::Chat => "{model}-{orientation}-{seconds}s",
        Dialect::Videos => "{model}",
    };
    let model = env.or("SORA_MODEL_TEMPLATE", template, str::parse);
    let seconds = env.or("SORA_SECONDS_MAP", "", str::parse);
    let sizes = env.or("SORA_SIZE_MAP", "", str::parse);
    Some(UpstreamNames { model: model?, seconds: seconds?, sizes: sizes? })
}

fn retry_policy(env: &mut Environment<'_>) -> Option<RetryPolicy> {
    let retries = env.or("SORA_MAX_RETRIES", "5", env::number::<u16>);
    let resubmits = env.or("SORA_MAX_RESUBMITS", "0", env::number::<u16>);
    let base = env.or("SORA_RETRY_BASE", "2s", env::duration);
    Some(RetryPolicy { max_retries: retries?.into(), max_resubmits: resubmits?.into(), base_delay: base? })
}

#[cfg(test)]
mod tests {
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
        assert_eq!(config.upstream.dialect, Dialect::Chat);
        assert_eq!(config.fetch_rules().allowed, ["up.example:443".parse().unwrap()]);
    }

    #[test]
    fn detects_the_dialect_from_the_address_unless_it_is_set() {
        let dialect = |set: &[(&str, &str)]| read(set).map(|config| config.upstream.dialect).ok();
        assert_eq!(dialect(&[("SORA_API_URL", "https://up.example/v1/videos/")]), Some(Dialect::Videos));
        let elsewhere = ("SORA_API_URL", "https://up.example/generate");
        assert_eq!(dialect(&[elsewhere]), None);
        assert_eq!(dialect(&[elsewhere, ("SORA_API_DIALECT", "videos")]), Some(Dialect::Videos));
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
