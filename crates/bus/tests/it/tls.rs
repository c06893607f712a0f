//! Redis with TLS and a password.

use bus::Bus;

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_is_not_spoken_to() {
    let bus = Bus::new(&testkit::redis_tls_url(), &testkit::namespace()).unwrap();
    let error = format!("{:?}", bus.ping().await.unwrap_err());
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}
