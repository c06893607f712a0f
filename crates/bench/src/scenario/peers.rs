//! What the request path and whole jobs are compared with, on the same machine and database: the usual design in Node
//! (`peers/express.js`), and PostgreSQL alone, inserting the very row that `POST /api/videos` inserts.

use std::time::Duration;

use anyhow::Context as _;
use futures::{StreamExt, TryStreamExt, stream};
use sea_orm::{ConnectionTrait as _, Statement};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::arguments::Arguments;
use crate::platform::{Peer, Platform};
use crate::process::cpu_time_of_all;
use crate::upstream::Pace;
use crate::wrk::Load;

const CONNECTIONS: usize = 32;

const BODY: &str = r#"{"prompt":"A paper boat drifts down a rainy street, cinematic, 35mm","orientation":"portrait"}"#;

/// Jobs that are read in turn.
const JOBS: usize = 1_000;

/// Maximum time for all jobs to end.
const END_TIMEOUT: Duration = Duration::from_secs(300);

/// Runs the scenario.
pub(crate) async fn peers(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let time = Duration::from_secs(arguments.seconds);
    println!("peers: {CONNECTIONS} connections, {time:?} each; processor time per request in microseconds");
    let express = platform.start_express(&arguments.peers, None).await?;
    let token = token(&express).await?;
    let ids: Vec<String> =
        stream::iter(0..JOBS).map(|_| submit(&express, &token)).buffered(CONNECTIONS).try_collect().await?;
    let jobs: Vec<String> = ids.iter().map(|id| format!("/api/videos/jobs/{id}")).collect();
    let authorised = [("authorization", token.as_str())];
    let json = [authorised[0], ("content-type", "application/json")];
    let post = ["/api/videos".to_owned()];
    let post = Load { method: "POST", paths: &post, headers: &json, unique_header: None, body: Some(BODY) };
    let get = Load { method: "GET", paths: &jobs, headers: &authorised, unique_header: None, body: None };
    for (name, load) in [("POST", post), ("GET, 1,000 jobs", get)] {
        let used = || anyhow::Ok([express.process.cpu_time()?, cpu_time_of_all("postgres")?]);
        let before = used()?;
        let measured = load.run(platform.folder(), express.port, CONNECTIONS, time).await?;
        anyhow::ensure!(measured.errors == 0, "{} of {} requests failed", measured.errors, measured.requests);
        let after = used()?;
        let [node, postgres] = std::array::from_fn(|part| {
            (after[part] - before[part]).as_secs_f64() * 1e6 / measured.requests.max(1) as f64
        });
        let rate = measured.requests as f64 / measured.seconds;
        let (p50, p99) = (measured.p50, measured.p99);
        println!(
            "  Express {name:<18} {rate:>7.0} per s  p50 {p50:.2} ms  p99 {p99:.2} ms  node {node:.0}  PostgreSQL {postgres:.0}"
        );
    }
    express.process.kill().await?;
    whole_jobs(platform, arguments).await?;
    println!("  pgbench, the same row      {:>7.0} per s", inserts(platform, time).await?);
    Ok(())
}

async fn whole_jobs(platform: &Platform, arguments: &Arguments) -> anyhow::Result<()> {
    platform.upstream.set_pace(Pace { interval: Duration::ZERO, step: 100 });
    let express = platform.start_express(&arguments.peers, Some(platform.upstream.url())).await?;
    let (token, db) = (token(&express).await?, platform.database().await?);
    db.execute_unprepared("TRUNCATE express_jobs").await?;
    let (began, number) = (Instant::now(), arguments.jobs);
    stream::iter(0..number)
        .map(|_| submit(&express, &token))
        .buffer_unordered(CONNECTIONS)
        .map_ok(drop)
        .try_collect::<()>()
        .await?;
    let ended = async {
        let query = "SELECT count(*) AS completed FROM express_jobs WHERE status = 'completed'";
        let query = || Statement::from_string(db.get_database_backend(), query);
        loop {
            let row = db.query_one_raw(query()).await?.context("no count")?;
            if usize::try_from(row.try_get::<i64>("", "completed")?)? >= number {
                return anyhow::Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(END_TIMEOUT, ended).await??;
    println!("  Express whole jobs         {:>7.0} per s", number as f64 / began.elapsed().as_secs_f64());
    express.process.kill().await
}

async fn token(express: &Peer) -> anyhow::Result<String> {
    let answer = reqwest::get(format!("http://127.0.0.1:{}/token", express.port)).await?.error_for_status()?;
    Ok(format!("Bearer {}", answer.text().await?))
}

async fn submit(express: &Peer, token: &str) -> anyhow::Result<String> {
    let request = express.http.post(format!("http://127.0.0.1:{}/api/videos", express.port));
    let request = request.header("authorization", token).header("content-type", "application/json").body(BODY);
    let answer: serde_json::Value = request.send().await?.error_for_status()?.json().await?;
    Ok(answer["job"]["id"].as_str().context("the response has no job")?.to_owned())
}

/// Inserts jobs with `pgbench`, each in a statement and a transaction of its own. Returns how many a second.
async fn inserts(platform: &mut Platform, time: Duration) -> anyhow::Result<f64> {
    let user = platform.ensure_users(1).await?.remove(0).id;
    let script = platform.folder().join("insert.sql");
    std::fs::write(
        &script,
        format!(
            "INSERT INTO jobs (id, user_id, prompt, orientation, seconds, model, status, progress, seq, size, created_at) \
             VALUES (gen_random_uuid(), '{user}', 'A paper boat drifts down a rainy street, cinematic, 35mm', 'portrait', 10, \
             'sora-2', 'pending', 0, 1, '720x1280', 1700000000000);\n"
        ),
    )?;
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=1", &format!("--client={CONNECTIONS}")])
        .arg(format!("--time={}", time.as_secs()))
        .arg("--file")
        .arg(&script)
        .arg(platform.database_url())
        .output()
        .await
        .context("pgbench could not be started; install it with: apt-get install postgresql")?;
    // They would be processed in the scenarios that follow.
    platform.database().await?.execute_unprepared("DELETE FROM jobs WHERE status = 'pending'").await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.with_context(|| format!("pgbench printed no rate: {text}{}", String::from_utf8_lossy(&output.stderr)))
}
