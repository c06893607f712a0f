//! HTTP client for S3 that uses this project's TLS setup and certificates instead of the library's.
//!
//! Ignores proxy variables and does not follow redirects. A transfer has an idle timeout but no total timeout, because
//! videos are large and clients may be slow.

use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::client::{
    ClientConfigKey, ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use reqwest::{Body, Client, redirect, retry};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A request fails after this long without receiving a byte; the upload of a part must finish within it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Creates the clients: one for objects, one for the platform's credentials.
#[derive(Debug)]
pub(crate) struct Connector;

#[derive(Debug)]
struct Service(Client);

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        service::tls::install_provider();
        let plain = options.get_config_value(&ClientConfigKey::AllowHttp).as_deref() == Some("true");
        let client = Client::builder()
            .https_only(!plain)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(IDLE_TIMEOUT)
            .build();
        let client = client.map_err(|error| object_store::Error::Generic { store: "S3", source: error.into() })?;
        Ok(HttpClient::new(Service(client)))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = request.map(Body::wrap).try_into().map_err(failed)?;
        let response: http::Response<Body> = self.0.execute(request).await.map_err(failed)?.into();
        Ok(response.map(|body| HttpResponseBody::new(body.map_err(failed))))
    }
}

/// Converts an error. The kind decides whether the library retries; the URL is removed because the library adds it.
fn failed(error: reqwest::Error) -> HttpError {
    let kind = if error.is_builder() {
        HttpErrorKind::Unknown
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_timeout() {
        HttpErrorKind::Timeout
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error.without_url())
}
