//! `generate`: never pays twice. The request has an idempotency key, which is kept while a lost answer is asked for again.

use std::io::{self, Read};
use std::path::Path;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, Job, json};
use crate::arguments::Generate;
use crate::commands::{download, interruptible, videos};
use crate::error::Error;
use crate::output::{json_line, line, note, printable};

/// Starts videos, and waits for them and downloads them if asked to.
///
/// # Errors
/// The server refuses, a video fails, or a file cannot be written.
pub(super) async fn generate(api: &Api, options: Generate, as_json: bool) -> Result<(), Error> {
    let target = options.output.as_deref();
    // Before anything is paid for.
    if let Some(path) = target {
        download::require_writable(path, options.force)?;
    }
    let prompt = prompt(&options.prompt)?;
    let image = match &options.image {
        Some(path) => Some(upload(api, path).await?),
        None => options.image_id.clone(),
    };
    let key = options.idempotency_key.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let advice = advice(&key, options.image.as_ref().and(image.as_deref()));
    let submitted = submit(api, body(&options, &prompt, image.as_deref()), &key);
    let submitted = interruptible(submitted, format!("Interrupted. {advice}")).await;
    let jobs = submitted.map_err(|error| if error.is_uncertain() { error.advise(advice) } else { error })?;
    let ids: Vec<String> = jobs.iter().map(|job| job.known.id.clone()).collect();
    if !options.wait && target.is_none() {
        if as_json {
            json_line(&json!({"jobs": jobs.iter().map(|job| &job.raw).collect::<Vec<_>>()}));
        } else {
            ids.iter().for_each(|id| line(id));
            note(&format!("Follow with: sora wait {}", ids.join(" ")));
        }
        return Ok(());
    }
    let ended = videos::wait_for(api, &ids, as_json).await?;
    if let (Some(path), Some(job)) = (target, ended.first()) {
        download::save(api, job, path).await?;
        if path != Path::new("-") {
            note(&format!("Saved as {}", path.display()));
        }
    } else if !as_json {
        ids.iter().for_each(|id| line(id));
    }
    Ok(())
}

/// Says how to repeat the command. `uploaded` is the image that it has uploaded: another upload would have another id, and the
/// server refuses a key with another request.
fn advice(key: &str, uploaded: Option<&str>) -> String {
    let image = uploaded.map(|id| format!(", and --image-id {} instead of --image", printable(id)));
    format!(
        "It may have been accepted. To find out without paying twice, repeat the command with --idempotency-key {key}{}",
        image.unwrap_or_default()
    )
}

async fn submit(api: &Api, body: Value, key: &str) -> Result<Vec<Job>, Error> {
    let request = || Ok(api.request(Method::POST, "api/videos")?.header("idempotency-key", key).json(&body));
    let mut accepted: Value = json(api.send(request).await?).await?;
    let jobs = accepted["jobs"].as_array_mut().map(std::mem::take).unwrap_or_default();
    jobs.into_iter().map(Job::new).collect()
}

fn body(options: &Generate, prompt: &str, image: Option<&str>) -> Value {
    let mut body = json!({
        "prompt": prompt,
        "model": options.model,
        "seconds": options.seconds,
        "orientation": options.orientation,
        "size": options.size,
        "remixOf": options.remix_of,
        "referenceImageId": image,
        "count": options.count,
    });
    if let Value::Object(fields) = &mut body {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

fn prompt(argument: &str) -> Result<String, Error> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    let read = io::stdin().lock().take(100_000).read_to_string(&mut text);
    read.map_err(|cause| Error::File("standard input".into(), cause))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Uploads an image, and returns its id. The server keeps one that is not used for a day.
async fn upload(api: &Api, path: &Path) -> Result<String, Error> {
    let bytes = tokio::fs::read(path).await.map_err(|cause| Error::File(path.to_owned(), cause))?;
    let request = || {
        let form = Form::new().part("image", Part::bytes(bytes.clone()).file_name("image"));
        Ok(api.request(Method::POST, "api/images")?.multipart(form))
    };
    let image: Value = json(api.send(request).await?).await?;
    Ok(image["id"].as_str().unwrap_or_default().to_owned())
}
