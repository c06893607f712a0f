//! Where the storage is (`STORAGE_URL`): a folder, or a bucket of a server that speaks S3.

use std::path::PathBuf;

use service::Secret;
use service::env::{self, Environment};
use url::Url;

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageConfig {
    /// `STORAGE_URL=PATH`: a folder (default `data/videos`), shared by all processes.
    Folder(PathBuf),
    /// `STORAGE_URL=s3://bucket/prefix`.
    Bucket(Bucket),
}

/// A bucket, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What all paths begin with; may be empty.
    pub prefix: String,
    /// `S3_ENDPOINT`: the server's address, such as `https://minio.example:9000`; unset = Amazon's.
    pub endpoint: Option<Url>,
    /// `S3_ALLOW_HTTP`: whether `S3_ENDPOINT` may be plain `http://` (default `false`).
    pub allow_http: bool,
    /// `S3_PATH_STYLE`: whether the bucket stands in the path of an address (default with `S3_ENDPOINT`) or before the
    /// host (default without).
    pub path_style: bool,
    /// `S3_REGION` (default `us-east-1`).
    pub region: String,
    /// Who asks.
    pub credentials: Credentials,
}

/// Who asks for a bucket's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `S3_ACCESS_KEY_ID` and `S3_SECRET_ACCESS_KEY`.
    Keys {
        /// The key's name.
        id: Secret,
        /// The key.
        secret: Secret,
    },
    /// Without keys, what the platform lends: by the variables that it sets ([`PLATFORM`]), or else by the machine's
    /// metadata service.
    Platform(Vec<(&'static str, String)>),
}

/// What Amazon's platforms set in a process's environment to lend it credentials.
const PLATFORM: [&str; 6] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The least that S3 takes as a part of a file, other than the last.
pub(crate) const BUCKET_PART: usize = 5 * 1024 * 1024;

impl StorageConfig {
    /// The largest file that fits, in bytes, where there is a limit: S3 puts a file together of 10,000 parts at most.
    #[must_use]
    pub fn max_file_size(&self) -> Option<u64> {
        matches!(self, Self::Bucket(_)).then_some(BUCKET_PART as u64 * 10_000)
    }

    /// Reads it.
    pub fn read(env: &mut Environment<'_>) -> Option<Self> {
        match env.or("STORAGE_URL", "data/videos", address)? {
            Address::Folder(path) => Some(Self::Folder(path)),
            Address::Bucket { name, prefix } => Bucket::read(env, name, prefix).map(Self::Bucket),
        }
    }
}

impl Bucket {
    fn read(env: &mut Environment<'_>, name: String, prefix: String) -> Option<Self> {
        let allow_http = env.or("S3_ALLOW_HTTP", "false", env::flag);
        let endpoint = env.optional("S3_ENDPOINT", endpoint);
        if allow_http == Some(false) && endpoint.as_ref().is_some_and(|url| url.scheme() == "http") {
            env.reject(
                "S3_ENDPOINT",
                "must begin with https://, or set S3_ALLOW_HTTP=true where the network is trusted",
            );
        }
        // A certificate for all buckets covers one label before the host.
        let path_style = if endpoint.is_some() || name.contains('.') { "true" } else { "false" };
        let path_style = env.or("S3_PATH_STYLE", path_style, env::flag);
        let region = env.or("S3_REGION", "us-east-1", printable);
        let credentials = credentials(env);
        Some(Self {
            name,
            prefix,
            endpoint,
            allow_http: allow_http?,
            path_style: path_style?,
            region: region?,
            credentials: credentials?,
        })
    }
}

fn credentials(env: &mut Environment<'_>) -> Option<Credentials> {
    let (id, secret) = (env.secret("S3_ACCESS_KEY_ID"), env.secret("S3_SECRET_ACCESS_KEY"));
    for (name, half) in [("S3_ACCESS_KEY_ID", &id), ("S3_SECRET_ACCESS_KEY", &secret)] {
        if let Some(Err(remedy)) = half.as_ref().map(|half| printable(half.expose())) {
            env.reject(name, remedy);
        }
    }
    let absent = match (id, secret) {
        (Some(id), Some(secret)) => return Some(Credentials::Keys { id, secret }),
        (None, None) => {
            let set = PLATFORM.into_iter().filter_map(|name| Some((name, env.optional(name, env::text)?)));
            return Some(Credentials::Platform(set.collect()));
        }
        (None, Some(_)) => "S3_ACCESS_KEY_ID",
        (Some(_), None) => "S3_SECRET_ACCESS_KEY",
    };
    env.reject(absent, "is not set; set both halves of the key, or neither where the platform lends credentials");
    None
}

enum Address {
    Folder(PathBuf),
    Bucket { name: String, prefix: String },
}

/// What can stand in a request's head: anything else would make every request panic.
fn printable(text: &str) -> Result<String, String> {
    let proper = text.bytes().all(|byte| byte.is_ascii_graphic());
    if proper { Ok(text.to_owned()) } else { Err("must be printable ASCII without spaces".to_owned()) }
}

fn address(text: &str) -> Result<Address, String> {
    let Some((scheme, rest)) = text.split_once("://").or_else(|| Some(("", text.strip_prefix("s3:")?))) else {
        return Ok(Address::Folder(text.into()));
    };
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let proper = |text: &str, also: &[char]| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c) || also.contains(&c))
    };
    if scheme != "s3" || name.is_empty() || !proper(name, &[]) || !proper(prefix, &['/']) {
        return Err("must be a folder, or s3://bucket/prefix with the keys in S3_ACCESS_KEY_ID and \
                    S3_SECRET_ACCESS_KEY and the server in S3_ENDPOINT"
            .into());
    }
    Ok(Address::Bucket { name: name.to_owned(), prefix: prefix.trim_matches('/').to_owned() })
}

fn endpoint(text: &str) -> Result<Url, String> {
    let url = env::http_url(text).ok().filter(|url| url.username().is_empty() && url.password().is_none());
    let url = url.filter(|url| url.query().is_none() && url.fragment().is_none());
    url.ok_or_else(|| "must be the server's address alone, such as https://minio.example:9000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<StorageConfig, env::ConfigErrors> {
        let lookup = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let mut env = Environment::new(&lookup);
        let place = StorageConfig::read(&mut env);
        env.finish(place)
    }

    fn bucket(set: &[(&str, &str)]) -> Bucket {
        match read(set).unwrap() {
            StorageConfig::Bucket(bucket) => bucket,
            StorageConfig::Folder(path) => panic!("a folder: {path:?}"),
        }
    }

    #[test]
    fn is_a_folder_unless_it_is_a_bucket() {
        assert_eq!(read(&[]).unwrap(), StorageConfig::Folder("data/videos".into()));
        let bucket = bucket(&[("STORAGE_URL", "s3://videos/of/sora/")]);
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("videos", "of/sora"));
        assert_eq!((bucket.region.as_str(), bucket.path_style, bucket.endpoint), ("us-east-1", false, None));
        assert_eq!(bucket.credentials, Credentials::Platform(Vec::new()));
    }

    #[test]
    fn puts_the_bucket_into_the_path_where_the_host_is_given_or_would_fit_no_certificate() {
        let (url, endpoint) = (("STORAGE_URL", "s3://videos"), ("S3_ENDPOINT", "https://minio.example:9000"));
        assert!(bucket(&[url, endpoint]).path_style);
        assert!(!bucket(&[url, endpoint, ("S3_PATH_STYLE", "false")]).path_style);
        assert!(bucket(&[("STORAGE_URL", "s3://videos.example.com")]).path_style);
    }

    #[test]
    fn takes_what_the_platform_lends_only_where_there_are_no_keys() {
        let lent = ("AWS_ROLE_ARN", "arn:aws:iam::1:role/sora");
        let url = ("STORAGE_URL", "s3://videos");
        let platform = Credentials::Platform(vec![("AWS_ROLE_ARN", lent.1.to_owned())]);
        assert_eq!(bucket(&[url, lent]).credentials, platform);
        let keys = [url, lent, ("S3_ACCESS_KEY_ID", "id"), ("S3_SECRET_ACCESS_KEY", "hidden")];
        assert!(matches!(bucket(&keys).credentials, Credentials::Keys { .. }));
        assert!(!format!("{:?}", bucket(&keys)).contains("hidden"));
    }

    #[test]
    fn names_every_wrong_variable_and_no_value() {
        let wrong = [
            ("STORAGE_URL", "s3://videos"),
            ("S3_ENDPOINT", "http://minio.secret:9000"),
            ("S3_PATH_STYLE", "secret"),
            ("S3_ACCESS_KEY_ID", "secret"),
        ];
        let mistakes = read(&wrong).unwrap_err();
        let names: Vec<_> = mistakes.0.iter().map(|mistake| mistake.variable.as_str()).collect();
        assert_eq!(names, ["S3_ENDPOINT", "S3_PATH_STYLE", "S3_SECRET_ACCESS_KEY"]);
        assert!(!mistakes.to_string().contains("secret"), "{mistakes}");
        let [url, id] = [("STORAGE_URL", "s3://videos"), ("S3_ACCESS_KEY_ID", "id")];
        for wrong in [("S3_SECRET_ACCESS_KEY", "secr\net"), ("S3_REGION", "us\neast-secret")] {
            let mistakes =
                read(&[url, id, ("S3_SECRET_ACCESS_KEY", "key"), wrong].into_iter().rev().collect::<Vec<_>>());
            let mistakes = mistakes.unwrap_err();
            assert_eq!(mistakes.0.len(), 1);
            assert!(mistakes.0[0].variable == wrong.0 && !mistakes.to_string().contains("secret"), "{mistakes}");
        }
        for url in [
            "ftp://host/secret",
            "s3://",
            "s3:/secret",
            "s3:///secret",
            "s3://key:secret@videos",
            "s3://videos?key=secret",
        ] {
            let mistakes = read(&[("STORAGE_URL", url)]).unwrap_err();
            assert!(!mistakes.to_string().contains("secret"), "{mistakes}");
        }
    }
}
