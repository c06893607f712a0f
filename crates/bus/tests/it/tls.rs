//! Redis with TLS and a password.

use bus::Bus;

#[tokio::test]
async fn rejects_a_certificate_of_an_unknown_issuer() {
    let bus = Bus::new(&testkit::redis_tls_url(), &testkit::namespace()).unwrap();
    let error = format!("{:?}", bus.check().await.unwrap_err());
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}
