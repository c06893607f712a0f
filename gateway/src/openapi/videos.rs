//! The calls about videos and links to them.

use entity::job::{Orientation, View};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::images::ImagePage;
use crate::openapi::bodies::{ShareRequest, VideoRequest};
use crate::openapi::call::{Access, Call};
use crate::openapi::sample;
use crate::videos::{Accepted, Attempts, Defaults, JobPage, Model, Models, Share, SharedVideo};

/// What the header of that name does.
const ONCE: &str = "1 to 255 visible ASCII characters. Within a day the same key with the same body gives the same jobs \
                    and starts nothing new.";

pub(super) fn calls() -> Vec<Call> {
    asking().into_iter().chain(jobs()).chain(files()).chain(shares()).chain(images()).collect()
}

fn asking() -> Vec<Call> {
    let job = sample::waiting();
    let accepted = Accepted { job: job.clone(), jobs: vec![job], message: "Video generation started" };
    let body = json!({"prompt": "A paper boat drifts down a rainy street", "orientation": "portrait", "seconds": 10});
    vec![
        Call::get("/api/models", "listModels", "What can be asked for").by(Access::Read).answers(
            200,
            "The models, and what is taken when nothing is said.",
            &models(),
        ),
        Call::post("/api/videos", "createVideo", "Ask for a video")
            .about("Accepted once it is on record: from then on it ends, whatever fails in between.")
            .by(Access::Create)
            .takes::<VideoRequest>(&body)
            .header("Idempotency-Key", ONCE)
            .answers(202, "The jobs, which wait for their turn. `Location` is where to follow the first.", &accepted)
            .refuses([ApiError::TooManyWaiting(1_000), ApiError::DailySubmissions(3_600)])
            .refuses([ApiError::IdempotencyKeyReused, ApiError::Gone, full()]),
        Call::get("/api/ws", "follow", "Follow one's jobs live")
            .about("A websocket with the protocol `sora.v1`. A bad token is told by close code 4401.")
            .answers_nothing(101, "The websocket is open.")
            .refuses([ApiError::UpgradeRequired, ApiError::ForbiddenOrigin]),
    ]
}

fn jobs() -> Vec<Call> {
    let page = JobPage { data: vec![sample::completed(), sample::waiting()], next_cursor: None };
    let act = |path, id, summary| Call::post(path, id, summary).by(Access::Create);
    vec![
        filtered(Call::get("/api/videos/jobs", "listJobs", "One's jobs, newest first"))
            .about("With an `ETag`; while one of the jobs is active, `Retry-After` says when to ask again.")
            .by(Access::Read)
            .header("If-None-Match", "The `ETag` of the answer before.")
            .answers(200, "A page of them.", &page)
            .answers_nothing(304, "Nothing has changed."),
        Call::get("/api/videos/jobs/{job}", "readJob", "A job")
            .about("With an `ETag`; while the job is active, `Retry-After` says when to ask again.")
            .by(Access::Read)
            .header("If-None-Match", "The `ETag` of the answer before.")
            .answers(200, "The job.", &sample::completed())
            .answers_nothing(304, "Nothing has changed."),
        Call::get("/api/videos/jobs/{job}/attempts", "listAttempts", "Each request sent upstream for a job")
            .about("First to last. Says for each whether it may have cost money.")
            .by(Access::Read)
            .answers(200, "All of them.", &Attempts { data: vec![sample::attempt()] }),
        Call::delete("/api/videos/jobs/{job}", "deleteJob", "Delete a job that has ended, with its video")
            .by(Access::Create)
            .answers_nothing(204, "Both are gone.")
            .refuses([ApiError::WrongState("An active job cannot be deleted: cancel it first.")]),
        act("/api/videos/jobs/{job}/cancel", "cancelJob", "Cancel a job").answers(
            200,
            "The job: cancelled, about to be (`cancelling`), or as it had ended before.",
            &View { status: entity::job::Status::Cancelled, ..sample::waiting() },
        ),
        act("/api/videos/jobs/{job}/retry", "retryJob", "Start a failed or cancelled job anew")
            .header("Idempotency-Key", ONCE)
            .answers(202, "The job, which waits anew.", &sample::waiting())
            .refuses([ApiError::WrongState("Only a failed or cancelled job can be started anew.")])
            .refuses([ApiError::TooManyWaiting(1_000), ApiError::IdempotencyKeyReused, ApiError::Gone]),
        act("/api/videos/jobs/{job}/fetch", "fetchJob", "Fetch a finished video again whose download failed")
            .about("Asks the upstream for nothing new.")
            .answers(202, "The job, which waits for its download.", &sample::waiting())
            .refuses([ApiError::WrongState("Only a job whose download failed can be fetched again.")]),
    ]
}

/// What a list of jobs can be narrowed by.
pub(super) fn filtered(call: Call) -> Call {
    let states: Value = json!(["pending", "processing", "completed", "failed", "cancelled"]);
    let instant = json!({"type": "string", "format": "date-time"});
    let states = json!({"type": "array", "items": {"type": "string", "enum": states}});
    call.query("status", "In one of these states; separated by commas, or several times.", &states)
        .search("With this in the prompt, whatever its case.")
        .query("from", "Made at this instant or later.", &instant)
        .query("to", "Made before this instant.", &instant)
        .pages()
}

fn files() -> Vec<Call> {
    vec![
        Call::get("/api/videos/{video}", "readVideo", "What is known of a video").by(Access::Read).answers(
            200,
            "The video.",
            &sample::video(),
        ),
        content(Call::get("/api/videos/{video}/content", "readContent", "A video's file")).by(Access::Read),
        poster(Call::get("/api/videos/{video}/poster", "readPoster", "A still of a video")).by(Access::Read),
    ]
}

fn content(call: Call) -> Call {
    call.query("download", "1: browsers save it.", &json!({"type": "string"}))
        .header("Range", "One range of bytes.")
        .header("If-None-Match", "The `ETag` of the answer before.")
        .answers_text(200, "The whole file.", "video/mp4")
        .answers_text(206, "The part that was asked for.", "video/mp4")
        .answers_nothing(304, "Nothing has changed.")
        .refuses([ApiError::RangeNotSatisfiable { size: 1_048_576 }])
}

fn poster(call: Call) -> Call {
    call.about("It is made after the video: `hasPoster` of the job says when it is there.")
        .header("If-None-Match", "The `ETag` of the answer before.")
        .answers_text(200, "A JPEG.", "image/jpeg")
        .answers_nothing(304, "Nothing has changed.")
        .refuses([ApiError::NoPoster])
}

fn shares() -> Vec<Call> {
    let token = format!("{}_{}", sample::SHARE, "0123456789abcdef".repeat(4));
    let share = Share {
        id: sample::id(sample::SHARE),
        url: format!("https://sora.example/share/{token}"),
        token,
        expires_at: sample::LATER.into(),
    };
    let shared = SharedVideo {
        orientation: Orientation::Portrait,
        seconds: 10,
        has_poster: true,
        content_type: "video/mp4".into(),
        size: 1_048_576,
        expires_at: sample::LATER.into(),
    };
    vec![
        Call::post("/api/videos/{video}/shares", "shareVideo", "Make a link that shows a video to whoever has it")
            .by(Access::Create)
            .takes::<ShareRequest>(&json!({"expiresIn": 86_400}))
            .answers(201, "The link.", &share),
        Call::delete("/api/videos/{video}/shares", "unshareVideo", "Take all links to a video back")
            .by(Access::Create)
            .answers_nothing(204, "They show nothing any more."),
        Call::get("/api/shares/{token}", "readShared", "What a link shows")
            .about("Nothing of the owner, the prompt, or how the video came about.")
            .answers(200, "The video.", &shared),
        content(Call::get("/api/shares/{token}/content", "readSharedContent", "The file that a link shows")),
        poster(Call::get("/api/shares/{token}/poster", "readSharedPoster", "A still of what a link shows")),
    ]
}

fn images() -> Vec<Call> {
    let page = ImagePage { data: vec![sample::image()], next_cursor: None };
    let picture = "image/png";
    vec![
        Call::get("/api/images", "listImages", "One's images, newest first")
            .by(Access::Read)
            .pages()
            .answers(200, "A page of them.", &page),
        Call::post("/api/images", "uploadImage", "Send an image that a video is to start from")
            .about(
                "PNG, JPEG or WebP by its content, at most 20 MiB and 40 million pixels. It is kept without metadata, and \
                 for a day unless a job refers to it.",
            )
            .by(Access::Create)
            .takes_file("image", "The picture.")
            .answers(201, "The image as it is kept; its `id` is `referenceImageId` of a new job.", &sample::image())
            .refuses([full()]),
        Call::get("/api/images/{image}", "readImage", "What is known of an image").by(Access::Read).answers(
            200,
            "The image.",
            &sample::image(),
        ),
        Call::get("/api/images/{image}/content", "readImageContent", "An image's file")
            .by(Access::Read)
            .header("If-None-Match", "The `ETag` of the answer before.")
            .answers_text(200, "The file.", picture)
            .answers_nothing(304, "Nothing has changed."),
        Call::delete("/api/images/{image}", "deleteImage", "Delete an image that no job refers to")
            .by(Access::Create)
            .answers_nothing(204, "It is gone.")
            .refuses([ApiError::WrongState("A job starts from this picture: delete the job first.")]),
    ]
}

/// There is no room left for what is the user's.
fn full() -> ApiError {
    ApiError::QuotaExceeded { used: 10_737_500_000, quota: 10_737_418_240 }
}

fn models() -> Models {
    let (model, orientation, seconds) = ("sora2".to_owned(), Orientation::Landscape, 10);
    let orientations = vec![orientation, Orientation::Portrait];
    let (size, sizes) = ("1280x720".to_owned(), vec!["1280x720".to_owned(), "720x1280".to_owned()]);
    Models {
        models: vec![Model { id: model.clone(), orientations, seconds: vec![10, 15], sizes, default: true }],
        defaults: Defaults { model, orientation, seconds, size },
        free: false,
    }
}
