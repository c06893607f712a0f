//! A client of S3 for one bucket.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::client::Connector;
use crate::config::{Bucket, Credentials};

/// How often a request is repeated that came to nothing.
const RETRIES: usize = 4;
/// How long it is repeated: who waits for longer is better told.
const PATIENCE: Duration = Duration::from_secs(15);

/// A client for `bucket`, which need not answer yet.
pub(crate) fn open(bucket: &Bucket) -> object_store::Result<Arc<dyn ObjectStore>> {
    let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: PATIENCE };
    let mut builder = AmazonS3Builder::new()
        .with_http_connector(Connector)
        .with_client_options(ClientOptions::new().with_allow_http(bucket.allow_http))
        .with_retry(retry)
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_virtual_hosted_style_request(!bucket.path_style);
    if let Some(endpoint) = &bucket.endpoint {
        builder =
            builder.with_endpoint(if bucket.path_style { plain(endpoint) } else { hosted(endpoint, &bucket.name) });
    }
    builder = match &bucket.credentials {
        Credentials::Keys { id, secret } => {
            builder.with_access_key_id(id.expose()).with_secret_access_key(secret.expose())
        }
        Credentials::Platform(set) => set.iter().try_fold(builder, |builder, (name, value)| {
            let key: AmazonS3ConfigKey = name.to_ascii_lowercase().parse()?;
            Ok::<_, object_store::Error>(builder.with_config(key, value))
        })?,
    };
    let store = builder.build()?;
    Ok(match bucket.prefix.as_str() {
        "" => Arc::new(store),
        prefix => Arc::new(PrefixStore::new(store, Path::from(prefix))),
    })
}

fn plain(endpoint: &Url) -> String {
    endpoint.as_str().trim_end_matches('/').to_owned()
}

/// The address with the bucket before the host.
fn hosted(endpoint: &Url, bucket: &str) -> String {
    plain(endpoint).replacen("://", &format!("://{bucket}."), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_the_bucket_before_the_host() {
        let endpoint = Url::parse("https://oss.example:9000/").unwrap();
        assert_eq!(hosted(&endpoint, "videos"), "https://videos.oss.example:9000");
    }
}
