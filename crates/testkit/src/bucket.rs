//! A private bucket on the test S3 server.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

/// An empty bucket.
pub struct Bucket {
    /// Name of the bucket.
    pub name: String,
    /// Address of the server: `127.0.0.1:PORT`.
    pub server: String,
}

impl Bucket {
    /// Creates a bucket with a unique name.
    pub async fn new() -> Self {
        let bucket =
            Self { name: format!("test-{}", Uuid::now_v7().simple()), server: crate::service("TEST_S3_SERVER") };
        let made = bucket.ask("PUT", "").await;
        assert!(made.starts_with("HTTP/1.1 200"), "the test S3 server did not create a bucket: {made}");
        bucket
    }

    /// Returns the variables that configure the bucket as a process's storage, under the prefix `sora`.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("STORAGE_URL", format!("s3://{}/sora", self.name)),
            ("S3_ENDPOINT", format!("http://{}", self.server)),
            ("S3_ALLOW_HTTP", "true".into()),
            ("S3_ACCESS_KEY_ID", "test".into()),
            ("S3_SECRET_ACCESS_KEY", "test".into()),
        ]
    }

    /// Returns the server's list of unfinished multipart uploads.
    pub async fn unfinished(&self) -> String {
        self.ask("GET", "?uploads").await
    }

    /// Returns the server's list of objects.
    pub async fn listed(&self) -> String {
        self.ask("GET", "?list-type=2").await
    }

    async fn ask(&self, method: &str, query: &str) -> String {
        let mut stream = TcpStream::connect(&self.server).await.expect("the tests' S3 server listens");
        let (name, server) = (&self.name, &self.server);
        // The server reads the service name from this header but does not verify a signature.
        let request = format!(
            "{method} /{name}{query} HTTP/1.1\r\nHost: {server}\r\nContent-Length: 0\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("the tests' S3 server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the tests' S3 server answers in text");
        answer
    }
}
