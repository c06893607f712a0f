//! Configuration of the storage (`STORAGE_URL`): a folder or an S3-compatible bucket.

use std::path::PathBuf;

use service::Secret;
use service::env::{self, Environment};
use url::Url;

/// Location of the stored files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageConfig {
    /// `STORAGE_URL=PATH`: a folder (default `data/videos`), shared by all processes.
    Folder(PathBuf),
    /// `STORAGE_URL=s3://bucket/prefix`.
    Bucket(Bucket),
}

/// An S3 bucket and how to connect to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Name of the bucket.
    pub name: String,
    /// Prefix of all paths; may be empty.
    pub prefix: String,
    /// `S3_ENDPOINT`: URL of the server, such as `https://minio.example:9000`; unset = Amazon S3.
    pub endpoint: Option<Url>,
    /// `S3_ALLOW_HTTP`: whether `S3_ENDPOINT` may be plain `http://` (default `false`).
    pub allow_http: bool,
    /// `S3_PATH_STYLE`: whether the bucket is part of the URL's path or of its host. Default `true` with `S3_ENDPOINT`
    /// or if the bucket's name contains a dot, else `false`.
    pub path_style: bool,
    /// `S3_REGION` (default `us-east-1`).
    pub region: String,
    /// Credentials for the bucket.
    pub credentials: Credentials,
}

/// Credentials for a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `S3_ACCESS_KEY_ID` and `S3_SECRET_ACCESS_KEY`.
    Keys {
        /// Access key ID.
        id: Secret,
        /// Secret access key.
        secret: Secret,
    },
    /// Without keys, the platform's own credentials: from the variables that it sets ([`PLATFORM`]), or else from the
    /// instance metadata service.
    Platform(Vec<(&'static str, String)>),
}

/// Variables that Amazon's platforms set to provide a process with credentials.
const PLATFORM: [&str; 6] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// Minimum size of a part of an S3 multipart upload, other than the last.
pub(crate) const BUCKET_PART: usize = 5 * 1024 * 1024;

impl StorageConfig {
    /// Returns the maximum file size in bytes, if there is a limit: S3 allows at most 10,000 parts per file.
    #[must_use]
    pub fn max_file_size(&self) -> Option<u64> {
        matches!(self, Self::Bucket(_)).then_some(BUCKET_PART as u64 * 10_000)
    }

    /// Reads the configuration.
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
        // A wildcard certificate covers only one label, so a bucket name with a dot would not match it.
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
    env.reject(absent, "is not set; set both halves of the key, or neither to use the platform's own credentials");
    None
}

enum Address {
    Folder(PathBuf),
    Bucket { name: String, prefix: String },
}

/// Accepts text that is valid in a request header; any other would make every request panic.
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
    fn defaults_to_a_folder_and_parses_bucket_urls() {
        assert_eq!(read(&[]).unwrap(), StorageConfig::Folder("data/videos".into()));
        let bucket = bucket(&[("STORAGE_URL", "s3://videos/of/sora/")]);
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("videos", "of/sora"));
        assert_eq!((bucket.region.as_str(), bucket.path_style, bucket.endpoint), ("us-east-1", false, None));
        assert_eq!(bucket.credentials, Credentials::Platform(Vec::new()));
    }

    #[test]
    fn uses_path_style_with_an_endpoint_or_a_dotted_bucket_name() {
        let (url, endpoint) = (("STORAGE_URL", "s3://videos"), ("S3_ENDPOINT", "https://minio.example:9000"));
        assert!(bucket(&[url, endpoint]).path_style);
        assert!(!bucket(&[url, endpoint, ("S3_PATH_STYLE", "false")]).path_style);
        assert!(bucket(&[("STORAGE_URL", "s3://videos.example.com")]).path_style);
    }

    #[test]
    fn uses_platform_credentials_only_without_keys() {
        let lent = ("AWS_ROLE_ARN", "arn:aws:iam::1:role/sora");
        let url = ("STORAGE_URL", "s3://videos");
        let platform = Credentials::Platform(vec![("AWS_ROLE_ARN", lent.1.to_owned())]);
        assert_eq!(bucket(&[url, lent]).credentials, platform);
        let keys = [url, lent, ("S3_ACCESS_KEY_ID", "id"), ("S3_SECRET_ACCESS_KEY", "hidden")];
        assert!(matches!(bucket(&keys).credentials, Credentials::Keys { .. }));
        assert!(!format!("{:?}", bucket(&keys)).contains("hidden"));
    }

    #[test]
    fn names_every_invalid_variable_without_values() {
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
