//! Webhooks from the end of a job to the receiver.

use entity::webhook_delivery::{self as delivery, DeliveryStatus};
use entity::webhook_endpoint::{self as endpoint, DisabledReason};
use entity::{WebhookEndpointId, clock, job};
use serde_json::Value;
use testkit::{Database, eventually};

use crate::test_platform::{TestPlatform, terminate};
use crate::webhook_receiver::Receiver;

impl TestPlatform {
    /// Registers an endpoint of the platform's user.
    async fn webhook(&self, url: &str) -> WebhookEndpointId {
        testkit::webhook(&self.database.connection, self.user, url).await.id
    }

    async fn deliveries(&self, endpoint: WebhookEndpointId) -> Vec<delivery::Model> {
        delivery::page(&self.database.connection, endpoint, None, None, 5_000).await.unwrap()
    }

    /// Creates jobs and cancels them.
    async fn cancelled_jobs(&self, count: usize) {
        for n in 0..count {
            self.create(&format!("job {n}")).await;
        }
        let cancelled = job::cancel_all(&self.database.connection, self.user, false).await.unwrap();
        assert_eq!(cancelled.cancelled.len(), count);
    }

    /// Waits for the first attempt of the newest delivery.
    async fn attempted(&self, endpoint: WebhookEndpointId) -> delivery::Model {
        eventually("an attempt is recorded", async || {
            let newest = self.deliveries(endpoint).await.into_iter().next();
            newest.filter(|row| row.duration_ms.is_some())
        })
        .await
    }
}

#[tokio::test]
async fn tells_the_receiver_of_a_completed_job() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let receiver = Receiver::start().await;
        let hook = platform.webhook(&receiver.url("/ok")).await;
        let _processor = platform.processor(&[("WEBHOOK_ALLOW", receiver.address())]);
        let job = platform.submit("tell me").await;
        let received = eventually("the event arrives", async || receiver.received().pop()).await;
        let ended = platform.end(job).await;
        let body: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!((body["id"].as_str(), body["type"].as_str()), (Some(&*received.id), Some("video.completed")));
        assert_eq!(body["data"]["id"], job.to_string());
        assert_eq!(body["data"]["job"]["videoId"], ended.video_id.unwrap().to_string());
        assert!((clock::system_ms() / 1_000 - received.timestamp).abs() < 120);
        assert!(received.signature.starts_with("v1,"), "{received:?}");
        let row = eventually("the delivery is recorded", async || {
            platform.deliveries(hook).await.into_iter().find(|row| row.status == DeliveryStatus::Delivered)
        });
        assert_eq!(row.await.payload, received.body);
    }
}

#[tokio::test]
async fn a_slow_receiver_delays_nobody_else() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let receiver = Receiver::start().await;
        let slow = platform.webhook(&receiver.url("/hang")).await;
        let quick = platform.webhook(&receiver.url("/ok")).await;
        platform.cancelled_jobs(60).await;
        let _processor = platform.processor(&[("WEBHOOK_ALLOW", receiver.address())]);
        eventually("the quick receiver has everything", async || (receiver.received().len() == 60).then_some(())).await;
        assert!(platform.deliveries(quick).await.iter().all(|row| row.attempts == 1));
        let waiting = platform.deliveries(slow).await.iter().filter(|row| row.attempts == 0).count();
        assert!(waiting >= 40, "{waiting} events wait for the slow receiver");
    }
}

#[tokio::test]
async fn records_why_a_receiver_could_not_be_told() {
    let platform = TestPlatform::new(Database::postgres().await, 0).await;
    let receiver = Receiver::start().await;
    let closed = format!("127.0.0.1:{}", testkit::free_port().await);
    // Its certificate is signed by an authority that nobody trusts.
    let tls = testkit::redis_tls_url();
    let tls = tls.rsplit('@').next().unwrap().trim_end_matches('/');
    let allowed = format!("{},{closed},{tls}", receiver.address());
    let cases = [
        (receiver.url("/error"), Some(503), "status 503"),
        (receiver.url("/redirect"), Some(307), "status 307; redirects are not followed"),
        (receiver.url("/hang"), None, "no response within 10 seconds"),
        (format!("http://{closed}/"), None, "Connection refused (os error 111)"),
        (format!("https://{tls}/"), None, "invalid peer certificate: UnknownIssuer"),
        ("https://10.0.0.1/".into(), None, "the address is not an https address on the public network"),
        ("http://1.1.1.1/".into(), None, "the address is not an https address on the public network"),
        ("https://localhost:1/".into(), None, "localhost has no address on the public network"),
    ];
    let mut hooks = Vec::new();
    for (url, ..) in &cases {
        hooks.push(platform.webhook(url).await);
    }
    platform.cancelled_jobs(1).await;
    let _processor = platform.processor(&[("WEBHOOK_ALLOW", &allowed)]);
    for (hook, (url, status, error)) in hooks.into_iter().zip(cases) {
        let row = platform.attempted(hook).await;
        assert_eq!((row.response_status, row.error.as_deref()), (status, Some(error)), "{url}");
        assert_eq!(row.status, DeliveryStatus::Pending, "{url}");
        if status == Some(503) {
            assert_eq!(row.response_body, Some("é".repeat(512)), "the first KiB");
        }
    }
    assert!(receiver.received().is_empty(), "a redirect was followed");
}

#[tokio::test]
async fn reads_little_of_an_endless_response() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let receiver = Receiver::start().await;
    let hook = platform.webhook(&receiver.url("/endless")).await;
    platform.cancelled_jobs(1).await;
    let _processor = platform.processor(&[("WEBHOOK_ALLOW", receiver.address())]);
    let row = platform.attempted(hook).await;
    assert_eq!((row.status, row.response_status), (DeliveryStatus::Delivered, Some(200)));
    assert_eq!(row.response_body.unwrap().len(), 1_024);
    // What the kernel's buffers take, on top of the 64 KiB that are read.
    assert!(receiver.endless_bytes() < 32 * 1024 * 1024, "{} bytes were sent", receiver.endless_bytes());
}

#[tokio::test]
async fn repeats_after_a_failure_and_stops_at_410() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let receiver = Receiver::start().await;
        let hook = platform.webhook(&receiver.url("/gone")).await;
        platform.cancelled_jobs(1).await;
        let _processor = platform.processor(&[("WEBHOOK_ALLOW", receiver.address())]);
        let row = platform.attempted(hook).await;
        assert_eq!((row.status, row.response_status), (DeliveryStatus::Failed, Some(410)));
        let db = &platform.database.connection;
        let disabled = endpoint::find(db, hook, platform.user).await.unwrap().unwrap();
        assert_eq!((disabled.enabled, disabled.disabled_reason), (false, Some(DisabledReason::Gone)));

        let failing = platform.webhook(&receiver.url("/error")).await;
        platform.cancelled_jobs(1).await;
        let row = platform.attempted(failing).await;
        let wait = row.next_attempt_at.unwrap() - row.last_attempt_at.unwrap();
        assert!((4_750..20_000).contains(&wait), "{wait} ms");
        let changes = endpoint::Changes { url: Some(receiver.url("/ok")), ..endpoint::Changes::default() };
        endpoint::update(db, failing, platform.user, changes).await.unwrap().unwrap();
        eventually("the second attempt arrives", async || receiver.received().pop()).await;
    }
}

#[tokio::test]
async fn a_crash_around_a_request_loses_no_event_and_repeats_it_under_the_same_id() {
    for (database, point, sent) in
        [(Database::sqlite().await, "webhook-before-send", 0), (Database::postgres().await, "webhook-after-send", 1)]
    {
        let platform = TestPlatform::new(database, 0).await;
        let receiver = Receiver::start().await;
        let hook = platform.webhook(&receiver.url("/ok")).await;
        platform.cancelled_jobs(1).await;
        let allow = ("WEBHOOK_ALLOW", receiver.address());
        assert_eq!(platform.processor(&[allow, ("FAULT_POINT", point)]).exit().await, None);
        assert_eq!(receiver.received().len(), sent, "{point}");
        let _second = platform.processor(&[allow]);
        eventually("the event arrives after the lease", async || (receiver.received().len() > sent).then_some(()))
            .await;
        assert_eq!(receiver.by_event().len(), 1, "{point}: another id");
        eventually("it is recorded", async || {
            (platform.deliveries(hook).await[0].status == DeliveryStatus::Delivered).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_job_that_ended_just_before_a_crash_is_reported() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let receiver = Receiver::start().await;
    platform.webhook(&receiver.url("/ok")).await;
    let job = platform.submit("crash after the commit").await;
    let allow = ("WEBHOOK_ALLOW", receiver.address());
    let crashing = platform.processor(&[allow, ("FAULT_POINT", "after-commit")]);
    tokio::select! { _ = crashing.exit() => {}, _ = platform.end(job) => {} }
    let _second = platform.processor(&[allow]);
    let received = eventually("the event arrives", async || receiver.received().pop()).await;
    assert!(received.body.contains(&job.to_string()));
}

#[tokio::test]
async fn a_thousand_ends_all_arrive_although_processors_are_killed() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let receiver = Receiver::start().await;
        let hook = platform.webhook(&receiver.url("/ok")).await;
        platform.cancelled_jobs(1_000).await;
        let allow = ("WEBHOOK_ALLOW", receiver.address());
        for kills in 1..=3 {
            let [first, second] = [platform.processor(&[allow]), platform.processor(&[allow])];
            let due = 200 * kills;
            eventually("events arrive", async || (receiver.received().len() >= due).then_some(())).await;
            first.kill().await;
            second.kill().await;
        }
        let last = platform.processor(&[allow]);
        eventually("every event arrives", async || (receiver.by_event().len() == 1_000).then_some(())).await;
        eventually("every delivery is recorded", async || {
            platform.deliveries(hook).await.iter().all(|row| row.status == DeliveryStatus::Delivered).then_some(())
        })
        .await;
        for (event, requests) in receiver.by_event() {
            assert!(requests.iter().all(|one| one.body == requests[0].body), "{event} has several bodies");
        }
        assert_eq!(terminate(last).await, Some(0));
    }
}
