//! How often a request is sent, as the upstream counts it.

use entity::job::Status;
use testkit::Database;

use crate::world::World;

#[tokio::test]
async fn what_surely_started_nothing_is_sent_again_up_to_five_times() {
    for database in Database::each().await {
        let world = World::new(database, 0).await;
        let _processor = world.processor(&[]);
        let mut jobs = Vec::new();
        for tag in ["http-503", "http-500"] {
            jobs.push((
                tag,
                world.submit(&format!("[sim:{tag}*5]")).await,
                world.submit(&format!("[sim:{tag}]")).await,
            ));
        }
        for (tag, lucky, unlucky) in jobs {
            let (lucky, unlucky) = (world.end(lucky).await, world.end(unlucky).await);
            assert_eq!((lucky.status, lucky.retries), (Status::Completed, 5), "{tag}");
            assert_eq!((unlucky.status, unlucky.retries), (Status::Failed, 5), "{tag}");
            assert_eq!(world.attempts(unlucky.id).await.len(), 6);
            assert!(!unlucky.may_have_been_charged);
        }
        let total = world.simulator.stats().total;
        assert_eq!((total.requests, total.submissions), (24, 2));
    }
}

#[tokio::test]
async fn a_generation_that_breaks_off_is_not_bought_again_unasked() {
    let world = World::new(Database::sqlite().await, 0).await;
    let _processor = world.processor(&[]);
    let ended = world.end(world.submit("[sim:cut@60%]").await).await;
    assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("interrupted")));
    assert!(ended.may_have_been_charged);
    assert_eq!(world.simulator.stats().total.submissions, 1);
}

#[tokio::test]
async fn a_generation_that_breaks_off_is_bought_again_within_the_budget() {
    let world = World::new(Database::sqlite().await, 0).await;
    let _processor = world.processor(&[("SORA_MAX_RESUBMITS", "1")]);
    let lucky = world.end(world.submit("[sim:cut@60%*1]").await).await;
    assert_eq!((lucky.status, lucky.resubmits), (Status::Completed, 1));
    assert!(lucky.may_have_been_charged, "its first request brought nothing and may have cost");
    let unlucky = world.end(world.submit("[sim:cut@60%]").await).await;
    assert_eq!((unlucky.status, unlucky.resubmits), (Status::Failed, 1));
    assert_eq!(world.simulator.stats().total.submissions, 4);
}

#[tokio::test]
async fn a_stream_cut_after_its_result_has_brought_it() {
    let world = World::new(Database::sqlite().await, 0).await;
    let _processor = world.processor(&[]);
    let ended = world.end(world.submit("[sim:cut-after-result]").await).await;
    assert_eq!(ended.status, Status::Completed);
}
