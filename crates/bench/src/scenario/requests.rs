//! The request path: how many requests of a kind a gateway answers, and the processor time that each costs in the gateway,
//! PostgreSQL and Redis. The rate depends on what else the machine does, `wrk` included; the processor time hardly.
//!
//! Without limits per user, and with the default log level. There is no processor, so all jobs wait.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use crate::arguments::Arguments;
use crate::platform::Platform;
use crate::process::cpu_time_of_all;
use crate::wrk::Load;

/// Jobs that are read in turn.
const JOBS: usize = 1_000;

/// Connections of a light and of a heavy load.
const CONNECTIONS: [usize; 2] = [1, 32];

const BODY: &str = r#"{"prompt":"A paper boat drifts down a rainy street, cinematic, 35mm","orientation":"portrait"}"#;

/// Runs the scenario.
pub(crate) async fn requests(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let user = platform.ensure_users(1).await?.remove(0);
    let jobs: Vec<String> =
        stream::iter(0..JOBS).map(|_| platform.submit(&user, "a cat")).buffered(8).try_collect().await?;
    let etag = platform.etag(&user, &jobs[0]).await?;
    let paths = |jobs: &[String]| jobs.iter().map(|job| format!("/api/videos/jobs/{job}")).collect::<Vec<_>>();
    let time = Duration::from_secs(arguments.seconds);
    println!("requests: PostgreSQL, {time:?} each; processor time per request in microseconds");
    println!(
        "  {:<24} {:>11} {:>9} {:>9} {:>9}  gateway  PostgreSQL  Redis",
        "", "connections", "per s", "p50 ms", "p99 ms"
    );
    let token = format!("Bearer {}", user.token);
    let authorised = [("authorization", token.as_str())];
    let json = [authorised[0], ("content-type", "application/json")];
    let (livez, post_path, list) =
        (["/livez".to_owned()], ["/api/videos".to_owned()], ["/api/videos/jobs?limit=20".to_owned()]);
    let unchanged = [authorised[0], ("if-none-match", etag.as_str())];
    let get = |paths, headers| Load { method: "GET", paths, headers, unique_header: None, body: None };
    let post =
        |unique_header| Load { method: "POST", paths: &post_path, headers: &json, unique_header, body: Some(BODY) };
    let (all, first) = (paths(&jobs), paths(&jobs[..1]));
    let loads = [
        ("livez", get(&livez, &[])),
        ("POST", post(None)),
        ("POST, Idempotency-Key", post(Some("idempotency-key"))),
        ("GET, 1,000 jobs", get(&all, &authorised)),
        ("GET, unchanged (304)", get(&first, &unchanged)),
        ("list of 20", get(&list, &authorised)),
    ];
    for (name, load) in &loads {
        for connections in CONNECTIONS {
            measure(platform, name, load, connections, time).await?;
        }
    }
    Ok(())
}

async fn measure(
    platform: &Platform,
    name: &str,
    load: &Load<'_>,
    connections: usize,
    time: Duration,
) -> anyhow::Result<()> {
    let used = || -> anyhow::Result<[Duration; 3]> {
        Ok([platform.gateway()?.cpu_time()?, cpu_time_of_all("postgres")?, platform.redis()?.cpu_time()?])
    };
    let before = used()?;
    let measured = load.run(platform.folder(), platform.port, connections, time).await?;
    anyhow::ensure!(measured.errors == 0, "{} of {} requests failed", measured.errors, measured.requests);
    let after = used()?;
    let number = measured.requests.max(1) as f64;
    let [gateway, postgres, redis] =
        std::array::from_fn(|index| (after[index] - before[index]).as_secs_f64() * 1e6 / number);
    let rate = number / measured.seconds;
    println!(
        "  {name:<24} {connections:>11} {rate:>9.0} {:>9.2} {:>9.2}  {gateway:>7.0}  {postgres:>10.0}  {redis:>5.0}",
        measured.p50, measured.p99
    );
    Ok(())
}
