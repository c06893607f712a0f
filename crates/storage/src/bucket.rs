//! S3 client for one bucket.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::client::Connector;
use crate::config::{Bucket, Credentials};

/// Maximum number of retries of a failed request.
const RETRIES: usize = 4;
/// Maximum time spent on retries; after that the caller gets the error.
const PATIENCE: Duration = Duration::from_secs(15);

/// Creates a client for `bucket` without connecting to it.
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

/// Returns the endpoint with the bucket name as a subdomain of its host.
fn hosted(endpoint: &Url, bucket: &str) -> String {
    plain(endpoint).replacen("://", &format!("://{bucket}."), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prepends_the_bucket_to_the_host() {
        let endpoint = Url::parse("https://oss.example:9000/").unwrap();
        assert_eq!(hosted(&endpoint, "videos"), "https://videos.oss.example:9000");
    }
}
