//! A request for a video: the job that it asks for, and the checks that name what a model cannot do.

use ::catalogue::{Catalogue, Size};
use axum::Json;
use axum::response::{IntoResponse, Response};
use entity::job::View;
use entity::{ImageId, JobId, UserId};
use serde_json::json;
use service::Trace;

use crate::auth::NO_STORE;
use crate::error::ApiError;
use crate::http::body::Rule;
use crate::openai::object::{POLL_AFTER, Video};
use crate::openai::reference::{Reference, renamed};
use crate::openai::repetition::Repetition;
use crate::secret;
use crate::state::Gateway;
use crate::videos::choice::{Choices, offered_model};
use crate::videos::create::{self, CreateVideoRequest, NewJobs};
use crate::videos::{idempotency, views};

/// A request for a video, whose fields are valid.
pub(super) struct Submission {
    pub(super) prompt: String,
    pub(super) model: Option<String>,
    pub(super) seconds: Option<i32>,
    pub(super) size: Option<Size>,
    pub(super) reference: Option<Reference>,
    pub(super) remix_of: Option<JobId>,
}

/// Who sends a request, and whether it is a repetition.
pub(super) struct Sender {
    pub(super) user: UserId,
    pub(super) trace: Trace,
    pub(super) repetition: Repetition,
}

/// Accepts a job, or returns the one that an earlier request led to.
///
/// # Errors
/// The same as `POST /api/videos`, and those of the image.
pub(super) async fn submit(
    gateway: &Gateway,
    sender: Sender,
    mut submission: Submission,
) -> Result<Response, ApiError> {
    let user = sender.user;
    let key = sender.repetition.key(&submission.fingerprint())?;
    let image = match submission.reference.take() {
        Some(reference) => {
            // Before the image is stored, which a repetition would leave unused.
            if let Some(before) = idempotency::replayed(gateway, user, key.as_ref()).await? {
                return answer(views(gateway, before).await, true);
            }
            create::require_quota(gateway, user, 1).await?;
            Some(reference.store(gateway, user).await?)
        }
        None => None,
    };
    let new = submission.into_request(image).into_job(&gateway.config.catalogue, user, &sender.trace);
    let (jobs, replayed) = create::accept(gateway, NewJobs { new, count: 1, key }).await.map_err(renamed)?;
    answer(jobs, replayed)
}

fn answer(jobs: Vec<View>, replayed: bool) -> Result<Response, ApiError> {
    let video: Video = jobs.into_iter().next().ok_or(ApiError::Gone)?.into();
    let replayed = replayed.then_some([idempotency::REPLAYED]);
    Ok(([NO_STORE], [POLL_AFTER], replayed, Json(video)).into_response())
}

impl Submission {
    /// Returns a hash that is the same for equal requests, however they were encoded.
    fn fingerprint(&self) -> String {
        let size = self.size.map(|size| size.to_string());
        let reference = self.reference.as_ref().map(Reference::fingerprint);
        let fields = json!([self.prompt, self.model, self.seconds, size, reference, self.remix_of]);
        secret::sha256(fields.to_string())
    }

    fn into_request(self, reference_image_id: Option<ImageId>) -> CreateVideoRequest {
        CreateVideoRequest {
            prompt: self.prompt,
            orientation: None,
            seconds: self.seconds,
            model: self.model,
            size: self.size,
            remix_of: self.remix_of,
            reference_image_id,
            count: None,
        }
    }
}

/// Accepts a model that new videos can be made with.
pub(super) fn supported_model(catalogue: &Catalogue, name: &str) -> Rule<String> {
    let model = offered_model(catalogue, name);
    model.map(|model| model.name.clone()).map_err(|(_, message)| ("model_not_found", message))
}

/// Accepts a length of the model, as text.
pub(super) fn supported_seconds(choices: &Choices<'_>, text: &str) -> Rule<i32> {
    let seconds = text.parse::<i64>().ok().filter(|seconds| seconds.to_string() == text);
    choices.seconds(seconds.unwrap_or_default()).map_err(unsupported)
}

/// Accepts a size of the model.
pub(super) fn supported_size(choices: &Choices<'_>, size: &str) -> Rule<Size> {
    choices.size(size, None).map_err(unsupported)
}

/// Uses OpenAI's code for a value that the model does not accept.
pub(super) fn unsupported((code, message): (&'static str, String)) -> (&'static str, String) {
    (if code == "required" { code } else { "unsupported_parameter" }, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(prompt: &str) -> Submission {
        let (model, seconds, size) = (None, Some(10), Some("720x1280".parse().unwrap()));
        Submission { prompt: prompt.into(), model, seconds, size, reference: None, remix_of: None }
    }

    #[test]
    fn equal_requests_have_equal_fingerprints() {
        let file = |bytes: &'static [u8]| Some(Reference::File(bytes.into()));
        let of = |submission: Submission| submission.fingerprint();
        assert_eq!(of(submission("a")), of(submission("a")));
        assert_ne!(of(submission("a")), of(submission("a ")));
        assert_ne!(of(submission("a")), of(Submission { seconds: None, ..submission("a") }));
        let with_file = |bytes| of(Submission { reference: file(bytes), ..submission("a") });
        assert_eq!(with_file(b"x"), with_file(b"x"));
        assert_ne!(with_file(b"x"), with_file(b"y"));
        assert_ne!(with_file(b"x"), of(submission("a")));
    }

    #[test]
    fn rejects_what_the_model_does_not_support() {
        let sizes = ["1280x720", "720x1280"].map(|size| size.parse().unwrap());
        let catalogue = Catalogue::from_models(vec!["sora-2".into(), "sora-2-pro".into()], &[4, 8], &sizes, false);
        let choices = Choices::new(&catalogue, Some(Some("sora-2-pro")));
        assert_eq!(supported_seconds(&choices, "8"), Ok(8));
        let (code, message) = supported_seconds(&choices, "20").unwrap_err();
        assert_eq!((code, &*message), ("unsupported_parameter", "Must be one of 4, 8 with the model sora-2-pro."));
        assert!(supported_seconds(&choices, "08").is_err() && supported_seconds(&choices, "4.0").is_err());
        assert!(supported_size(&choices, "1x1").unwrap_err().1.contains("1280x720, 720x1280"));
        assert_eq!(supported_model(&catalogue, "sora-3").unwrap_err().0, "model_not_found");
    }
}
