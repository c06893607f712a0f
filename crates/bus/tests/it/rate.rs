//! Rate counters.

use std::time::Duration;

use bus::Bus;
use testkit::eventually;

#[tokio::test]
async fn gateways_share_counters() {
    let namespace = testkit::namespace();
    let gateways = [(); 2].map(|()| Bus::new(&testkit::redis_url(), &namespace).unwrap());
    let window = Duration::from_secs(60);
    for (n, gateway) in (1..=4).zip(gateways.iter().cycle()) {
        let counted = gateway.count("writes:ada", window).await.unwrap();
        assert_eq!(counted.count, n);
        assert!(counted.left <= window && counted.left > window / 2);
    }
    assert_eq!(gateways[0].count("writes:eve", window).await.unwrap().count, 1);
    gateways[1].reset_count("writes:ada").await.unwrap();
    assert_eq!(gateways[0].count("writes:ada", window).await.unwrap().count, 1);
}

#[tokio::test]
async fn counting_does_not_extend_the_window() {
    let bus = testkit::bus();
    let window = Duration::from_millis(300);
    bus.count("reads", window).await.unwrap();
    eventually("a new window starts", async || (bus.count("reads", window).await.unwrap().count == 1).then_some(()))
        .await;
}

#[tokio::test]
async fn a_window_that_ends_too_late_is_cut() {
    let bus = testkit::bus();
    let (long, short) = (Duration::from_secs(3_600), Duration::from_millis(300));
    bus.count("after a clock was set back", long).await.unwrap();
    assert_eq!(bus.count("after a clock was set back", short).await.unwrap().left, short);
    eventually("a new window starts", async || {
        (bus.count("after a clock was set back", short).await.unwrap().count == 1).then_some(())
    })
    .await;
}
