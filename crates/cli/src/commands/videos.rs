//! `models`, `list`, `show`, `wait` and `cancel`.

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::api::{Api, Job, json, segment};
use crate::arguments::List;
use crate::commands::interruptible;
use crate::error::Error;
use crate::follow;
use crate::output::{self, Progress, json_line, line, printable};

/// Maximum number of videos that are followed at a time; the server allows a user eight streams and websockets.
const MAX_STREAMS: usize = 4;

/// Number of rows of a page of the API.
const PAGE: usize = 100;

/// Lists the models.
pub(super) async fn models(api: &Api, as_json: bool) -> Result<(), Error> {
    let models: Value = api.get("api/models").await?;
    if as_json {
        json_line(&models);
        return Ok(());
    }
    for model in models["models"].as_array().into_iter().flatten() {
        let list = |name: &str| {
            let values = model[name].as_array().into_iter().flatten();
            values
                .map(|value| value.as_str().map_or_else(|| value.to_string(), printable))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let text = |value: &Value| printable(value.as_str().unwrap_or_default());
        let default = if model["default"] == json!(true) { "  (default)" } else { "" };
        let retires_on =
            model["retiresOn"].as_str().map(|day| format!(", until {}", printable(day))).unwrap_or_default();
        let status =
            if model["status"] == "deprecated" { format!("  (deprecated{retires_on})") } else { String::new() };
        let id = text(&model["id"]);
        line(&format!("{id}{default}{status}\n  seconds: {}\n  sizes: {}", list("seconds"), list("sizes")));
        if let price @ Value::Object(_) = &model["price"] {
            let [amount, currency, per] = ["amount", "currency", "per"].map(|name| text(&price[name]));
            line(&format!("  price: {amount} {currency} per {per}"));
        }
        match model["referenceImage"].as_str() {
            Some("required") => line("  needs a reference image"),
            Some("no") => line("  takes no reference image"),
            _ => {}
        }
    }
    Ok(())
}

/// Lists videos, newest first.
pub(super) async fn list(api: &Api, options: List, as_json: bool) -> Result<(), Error> {
    let mut jobs = Vec::new();
    let mut cursor = None::<String>;
    while jobs.len() < options.limit {
        let mut query = Serializer::new(String::new());
        query.append_pair("limit", &(options.limit - jobs.len()).min(PAGE).to_string());
        for status in &options.status {
            query.append_pair("status", status.as_str());
        }
        for (name, value) in [("q", &options.search), ("cursor", &cursor)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let mut page: Value = api.get(&format!("api/videos/jobs?{}", query.finish())).await?;
        for job in page["data"].as_array_mut().map(std::mem::take).unwrap_or_default() {
            jobs.push(Job::new(job)?);
        }
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    if as_json {
        json_line(&json!({"jobs": jobs.iter().map(|job| &job.raw).collect::<Vec<_>>(), "nextCursor": cursor}));
    } else {
        jobs.iter().for_each(output::row);
    }
    Ok(())
}

/// Shows a video.
pub(super) async fn show(api: &Api, id: &str, as_json: bool) -> Result<(), Error> {
    let job = api.job(id).await?;
    if as_json {
        json_line(&job.raw);
    } else {
        output::details(&job);
    }
    Ok(())
}

/// Waits until videos have ended.
pub(super) async fn wait(api: &Api, ids: Vec<String>, as_json: bool) -> Result<(), Error> {
    wait_for(api, &ids, as_json).await.map(drop)
}

/// Waits until videos have ended. Returns them.
///
/// # Errors
/// One of them failed or was cancelled, or the server cannot be reached.
pub(super) async fn wait_for(api: &Api, ids: &[String], as_json: bool) -> Result<Vec<Job>, Error> {
    let progress = Progress::new(as_json);
    let again = format!("sora wait {}", ids.join(" "));
    let waits = ids.iter().map(|id| {
        let mut shown = progress.of(id);
        async move { follow::until_ended(api, id, |job| shown.show(job)).await }
    });
    let waits = stream::iter(waits).buffered(MAX_STREAMS).try_collect();
    let waiting = interruptible(waits, format!("The generation goes on. Follow it with: {again}"));
    let jobs: Vec<Job> = waiting.await.map_err(|error| match error.is_uncertain() {
        true => error.advise(format!("The generation goes on. Follow it with: {again}")),
        false => error,
    })?;
    jobs.iter().try_for_each(Job::require_success)?;
    Ok(jobs)
}

/// Cancels videos.
pub(super) async fn cancel(api: &Api, ids: &[String], as_json: bool) -> Result<(), Error> {
    for id in ids {
        let path = format!("api/videos/jobs/{}/cancel", segment(id)?);
        let job = Job::new(json(api.send(|| api.request(Method::POST, &path)).await?).await?)?;
        if as_json {
            json_line(&job.raw);
        } else {
            let stopping = job.raw["cancelling"] == json!(true);
            line(&format!("{id} {}", if stopping { "is being cancelled" } else { job.known.status.as_str() }));
        }
    }
    Ok(())
}
