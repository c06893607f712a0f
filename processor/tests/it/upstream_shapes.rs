//! Answers of upstreams in the wild, as the simulator imitates them: a job that was paid for gets its video, a refusal is
//! final, and nothing is submitted twice.

use entity::job::{self, ResultAdded, Status};
use entity::{attempt_result, upstream_state};
use simulator::Config;
use testkit::{Database, Process, eventually};

use crate::test_platform::TestPlatform;

/// What must come of a tag, in the `chat` and in the `videos` dialect. `-`: the tag means nothing there.
const SHAPES: &[(&str, &str, &str)] = &[
    ("poster-tag", "completed", "-"),
    ("escaped-link", "completed", "-"),
    ("relative-link", "completed", "-"),
    ("protocol-relative-link", "completed", "-"),
    ("json-delta-answer,click-here-link", "completed", "-"),
    ("prose-link", "completed", "-"),
    ("bold-link", "completed", "-"),
    ("one-line-fence", "completed", "-"),
    ("no-line-ends", "completed", "-"),
    ("bare-link,no-done", "completed", "-"),
    ("raw-path-link", "completed", "-"),
    ("punctuated-link", "completed", "-"),
    ("bracket-link", "completed", "-"),
    ("angle-link", "completed", "-"),
    ("reasoning-link", "completed", "-"),
    ("page-first", "completed", "-"),
    ("cover-first", "completed", "-"),
    ("preview-first", "completed", "-"),
    ("page-only", "unfetchable", "-"),
    ("content-parts", "completed", "-"),
    ("result-field=video_url", "completed", "completed"),
    ("result-field=resultJson,no-content", "completed", "completed"),
    ("no-content-url-only", "completed", "completed"),
    ("metadata-url", "completed", "completed"),
    ("content-json", "completed", "completed"),
    ("content-json-private", "unfetchable", "unfetchable"),
    ("gzip", "completed", "completed"),
    ("gzip-unannounced", "completed", "completed"),
    ("deflate", "completed", "completed"),
    ("brotli", "completed", "completed"),
    ("text-plain-json", "completed", "completed"),
    ("bom", "completed", "completed"),
    ("content-filter", "refused", "refused"),
    ("refusal-field", "refused", "refused"),
    ("event-error", "refused", "refused"),
    ("moderation-message", "refused", "refused"),
    ("guardrails", "refused", "refused"),
    ("http-400-moderated", "refused", "refused"),
    ("poll-400-moderated", "-", "refused"),
    ("notice-failure", "completed", "-"),
    ("a1,cloudflare-429,done-literal", "interrupted", "-"),
    ("status-words=done", "-", "completed"),
    ("status-words=Ready", "-", "completed"),
    ("status-words=rejected", "-", "refused"),
    ("status-words=nsfw", "-", "refused"),
    ("status-words=aborted", "-", "interrupted"),
    ("unknown-status-with-result", "-", "completed"),
    ("unknown-status-with-error", "-", "interrupted"),
    ("empty-id", "-", "completed"),
    ("task-id-data", "-", "completed"),
    ("nested-task-id", "-", "completed"),
    ("data-beside-status,no-content", "-", "completed"),
    ("new-api-task,no-content", "-", "completed"),
    ("outer-status", "-", "completed"),
    ("replica-404", "-", "completed"),
    ("truncated-clean", "unfetchable", "unfetchable"),
    ("truncated-clean*1", "completed", "completed"),
    ("partial-206", "completed", "completed"),
    ("file-gzip", "completed", "completed"),
    ("audio", "unfetchable", "unfetchable"),
    ("picture", "unfetchable", "unfetchable"),
    ("quicktime", "completed", "completed"),
    ("fragmented", "completed", "completed"),
    ("webm", "completed", "completed"),
    ("hls", "completed", "completed"),
    ("hls-missing-segment", "unfetchable", "unfetchable"),
    ("hls-private", "unfetchable", "unfetchable"),
];

async fn platform() -> TestPlatform {
    TestPlatform::with(Database::sqlite().await, Config { pace: 0, poll_after: Some(20), ..Config::default() }).await
}

fn processor(platform: &TestPlatform, dialect: &str, variables: &[(&str, &str)]) -> Process {
    let urls = (platform.simulator.chat_url(), platform.simulator.videos_url());
    let url = if dialect == "chat" { urls.0.as_str() } else { urls.1.as_str() };
    // Four replicas answer in turn, so a generation is unknown to three polls in a row.
    let mut all = vec![("SORA_API_URL", url), ("SORA_LOST_AFTER", "30s")];
    all.extend(variables);
    platform.processor(&all)
}

/// Runs all shapes of a dialect at once. Those that may cost money are submitted exactly once, whatever the budget, and
/// refusals as well.
async fn run(dialect: &str, resubmits: &str) {
    let platform = platform().await;
    let _processor = processor(&platform, dialect, &[("SORA_MAX_RESUBMITS", resubmits), ("SORA_RETRY_BASE", "1ms")]);
    let shapes = SHAPES.iter().map(|(tags, chat, videos)| (*tags, if dialect == "chat" { *chat } else { *videos }));
    let shapes = shapes.filter(|(_, expected)| *expected != "-");
    let shapes: Vec<_> = shapes.filter(|(_, expected)| resubmits == "0" || *expected != "interrupted").collect();
    let mut jobs = Vec::new();
    for (tags, expected) in &shapes {
        jobs.push((*tags, *expected, platform.submit(&format!("[sim:{tags}]")).await));
    }
    let mut wrong = Vec::new();
    for (tags, expected, id) in jobs {
        let job = platform.end(id).await;
        let outcome = job.error_code.clone().unwrap_or_else(|| "completed".into());
        let submissions = platform.simulator.stats_of(&format!("[sim:{tags}]")).submissions;
        let at_most = u64::from(tags != "http-400-moderated");
        if outcome != expected || submissions != at_most || platform.attempts(id).await.len() != 1 {
            let details = platform.attempts(id).await.into_iter().map(|attempt| attempt.detail).collect::<Vec<_>>();
            wrong.push(format!("{tags}: {outcome}, not {expected}; {submissions} submissions; {details:?}"));
        }
    }
    assert!(wrong.is_empty(), "{dialect}, {} of {}:\n{}", wrong.len(), shapes.len(), wrong.join("\n"));
}

#[tokio::test]
async fn chat_streams_in_the_wild_end_as_they_should() {
    run("chat", "0").await;
}

#[tokio::test]
async fn videos_in_the_wild_end_as_they_should() {
    run("videos", "0").await;
}

#[tokio::test]
async fn a_budget_of_resubmissions_buys_nothing_twice() {
    run("chat", "2").await;
    run("videos", "2").await;
}

#[tokio::test]
async fn keeps_the_last_words_of_a_lost_generation_and_downloads_what_an_administrator_adds() {
    let platform = platform().await;
    let _processor = processor(&platform, "chat", &[]);
    let lost = platform.end(platform.submit("[sim:cut@60%]").await).await;
    assert_eq!(lost.error_code.as_deref(), Some("interrupted"));
    let attempt = platform.attempts(lost.id).await.remove(0);
    assert!(attempt.evidence.is_some_and(|evidence| !evidence.is_empty() && evidence.len() <= 4096));

    let whole = platform.end(platform.submit("whole").await).await;
    let url = platform.attempts(whole.id).await.remove(0).result_url.unwrap();
    let db = &platform.database.connection;
    let added = job::add_result(db, lost.id, attempt.id, &url, platform.user).await.unwrap();
    assert!(matches!(added, ResultAdded::Queued(_)));
    let rescued = platform.end(lost.id).await;
    assert_eq!((rescued.status, rescued.may_have_been_charged), (Status::Completed, false));
    assert_eq!(platform.video(&rescued).await, platform.video(&whole).await);
    assert_eq!(platform.simulator.stats_of("[sim:cut@60%]").submissions, 1);
}

#[tokio::test]
async fn records_every_address_that_the_upstream_named() {
    let platform = platform().await;
    let _processor = processor(&platform, "chat", &[]);
    let job = platform.end(platform.submit("[sim:page-first]").await).await;
    let attempt = platform.attempts(job.id).await.remove(0);
    let results = attempt_result::of_attempt(&platform.database.connection, attempt.id).await.unwrap();
    assert!(results.len() >= 2, "{results:?}");
    assert!(results.iter().any(|result| Some(&result.url) == attempt.result_url.as_ref()));
}

#[tokio::test]
async fn stops_submitting_after_three_unreadable_answers_until_resumed() {
    let platform = platform().await;
    let listen = format!("127.0.0.1:{}", testkit::free_port().await);
    let _processor = processor(&platform, "videos", &[("METRICS_LISTEN", listen.as_str())]);
    for n in 0..3 {
        let job = platform.end(platform.submit(&format!("{n} [sim:unreadable]")).await).await;
        assert_eq!((job.error_code.as_deref(), job.may_have_been_charged), (Some("unreadable"), true));
    }
    let waiting = platform.submit("held back").await;
    let held = platform.until(waiting, "the job is deferred", |job| job.next_attempt_at.is_some()).await;
    assert_eq!((held.retries, held.resubmits), (0, 0));
    assert_eq!(platform.simulator.stats_of("held back").requests, 0);
    let ready = testkit::get(&listen, "/readyz").await;
    assert!(ready.contains("\"upstreamAnswers\":\"suspended\""), "{ready}");
    let metrics = testkit::get(&listen, "/metrics").await;
    assert!(metrics.contains("sora_upstream_suspended 1"), "{metrics}");

    let db = &platform.database.connection;
    let state = upstream_state::all(db).await.unwrap().remove(0);
    assert!(!state.sample.is_empty() && state.sample.len() <= 1024);
    assert!(upstream_state::resume(db, &state.upstream).await.unwrap());
    eventually("the job is submitted", async || {
        (platform.simulator.stats_of("held back").submissions == 1).then_some(())
    })
    .await;
    assert_eq!(platform.end(waiting).await.status, Status::Completed);
}
