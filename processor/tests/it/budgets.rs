//! Budgets: what exceeds them is not sent, and what certainly cost nothing is given back.

use entity::clock::system_ms;
use entity::job::{Phase, Status};
use entity::spending;
use testkit::Database;

use crate::test_platform::TestPlatform;

#[tokio::test]
async fn a_job_over_budget_waits_and_refused_attempts_give_back_what_they_reserved() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let file = platform.folder().with_extension("toml");
        let catalogue = format!(
            r#"
            currency = "CNY"
            upstream = [{{ name = "relay", url = "{}" }}]

            [[model]]
            name = "sora2"
            seconds = [10]
            sizes = ["720x1280"]
            price = {{ per = "second", amount = 0.4 }}
            "#,
            platform.simulator.chat_url()
        );
        std::fs::write(&file, catalogue).unwrap();
        let _processor =
            platform.processor(&[("SORA_CATALOGUE", file.to_str().unwrap()), ("BUDGET_PER_USER_PER_DAY", "4.00")]);
        // Three attempts, each of which takes the whole budget: possible only if the first two give it back.
        let ended = platform.end(platform.submit("[sim:http-503*2]").await).await;
        assert_eq!((ended.status, ended.retries), (Status::Completed, 2));
        let attempts = platform.attempts(ended.id).await;
        assert!(attempts.iter().all(|sent| sent.cost == Some(400) && sent.currency.as_deref() == Some("CNY")));
        let db = &platform.database.connection;
        assert_eq!(spending::of_user(db, platform.user, "CNY").await.unwrap().day, 400);
        assert_eq!(platform.simulator.stats().total.requests, 3);

        let over = platform.submit("over budget").await;
        let waiting = platform.until(over, "the job waits", |job| job.phase == Some(Phase::Retrying)).await;
        assert_eq!((waiting.status, waiting.retries, waiting.may_have_been_charged), (Status::Pending, 0, false));
        let due = waiting.next_attempt_at.unwrap();
        assert!(due <= system_ms() + 3_600_000, "it asks again within an hour: the budget may have been raised");
        assert!(platform.attempts(over).await.is_empty());
        assert_eq!(platform.simulator.stats().total.requests, 3);
        std::fs::remove_file(file).unwrap();
    }
}
