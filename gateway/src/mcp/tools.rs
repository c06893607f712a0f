//! Names, descriptions and schemas of the tools. Assistants decide by them what to call, so they say what costs money.

use std::sync::Arc;

use ::catalogue::{Catalogue, Model, ReferenceImage};
use entity::job::Orientation;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::mcp::MAX_WAIT_SECONDS;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToolName {
    ListModels,
    GenerateVideo,
    GetVideo,
    WaitForVideo,
    ListVideos,
    CancelVideo,
}

const ALL: [ToolName; 6] = [
    ToolName::ListModels,
    ToolName::GenerateVideo,
    ToolName::GetVideo,
    ToolName::WaitForVideo,
    ToolName::ListVideos,
    ToolName::CancelVideo,
];

impl ToolName {
    fn as_str(self) -> &'static str {
        match self {
            Self::ListModels => "list_models",
            Self::GenerateVideo => "generate_video",
            Self::GetVideo => "get_video",
            Self::WaitForVideo => "wait_for_video",
            Self::ListVideos => "list_videos",
            Self::CancelVideo => "cancel_video",
        }
    }

    /// Returns the tool of this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        ALL.into_iter().find(|tool| tool.as_str() == name)
    }
}

/// Describes all tools.
pub(super) fn all(catalogue: &Catalogue) -> Vec<Tool> {
    ALL.into_iter().map(|tool| describe(tool, catalogue)).collect()
}

/// Describes a tool. The schema of `generate_video` names the models, lengths and sizes of this server.
pub(super) fn describe(tool: ToolName, catalogue: &Catalogue) -> Tool {
    let (title, description) = texts(tool);
    let cost = match (tool, catalogue.free) {
        (ToolName::GenerateVideo, true) => " Generations on this server are free.",
        (ToolName::GenerateVideo, false) => " Each video may cost the user money.",
        _ => "",
    };
    let hints = match tool {
        ToolName::GenerateVideo => ToolAnnotations::new().read_only(false).destructive(false).idempotent(true),
        ToolName::CancelVideo => ToolAnnotations::new().read_only(false).destructive(true).idempotent(true),
        _ => ToolAnnotations::new().read_only(true),
    };
    Tool::new(tool.as_str(), format!("{description}{cost}"), arguments(tool, catalogue))
        .with_title(title)
        .with_raw_output_schema(result(tool))
        .with_annotations(hints.open_world(matches!(tool, ToolName::GenerateVideo)))
}

fn texts(tool: ToolName) -> (&'static str, &'static str) {
    match tool {
        ToolName::ListModels => (
            "List models",
            "Lists the models with their lengths, sizes and prices, and the defaults. Each model has its own.",
        ),
        ToolName::GenerateVideo => (
            "Generate a video",
            "Starts the generation of a video, or of several, from a description. Returns their ids at once, before they \
             are finished; follow them with wait_for_video. An equal call within 45 minutes returns the same videos and \
             starts nothing new, so a call whose result was lost can be repeated.",
        ),
        ToolName::GetVideo => (
            "Get a video",
            "Returns the state of a video and, once it is finished, a link to its file that needs no credentials.",
        ),
        ToolName::WaitForVideo => (
            "Wait for a video",
            "Waits until a video has ended, 50 seconds at most, and returns its state. Videos take minutes: call it again \
             until the status is completed, failed or cancelled.",
        ),
        ToolName::ListVideos => ("List videos", "Lists the user's videos, newest first."),
        ToolName::CancelVideo => (
            "Cancel a video",
            "Cancels a video that is waiting or being generated. What has been generated may still be charged.",
        ),
    }
}

fn arguments(tool: ToolName, catalogue: &Catalogue) -> Arc<JsonObject> {
    let id = json!({"type": "string", "description": "Id of the video."});
    match tool {
        ToolName::ListModels => schema(&json!({}), &[]),
        ToolName::GenerateVideo => schema(&generate_arguments(catalogue), &["prompt"]),
        ToolName::GetVideo | ToolName::CancelVideo => schema(&json!({"id": id}), &["id"]),
        ToolName::WaitForVideo => {
            let wait = wait("How long to wait, in seconds. As long as possible if left out.");
            schema(&json!({"id": id, "wait_seconds": wait}), &["id"])
        }
        ToolName::ListVideos => {
            let states = ["pending", "processing", "completed", "failed", "cancelled"];
            let limit =
                json!({"type": "integer", "minimum": 1, "maximum": 100, "description": "How many; 20 if left out."});
            let cursor = json!({"type": "string", "description": "next_cursor of the page before."});
            let status = json!({"type": "string", "enum": states, "description": "Only videos in this state."});
            schema(&json!({"status": status, "limit": limit, "cursor": cursor}), &[])
        }
    }
}

/// The values of all models; which of them fit together, the descriptions say.
fn generate_arguments(catalogue: &Catalogue) -> Value {
    let names: Vec<&str> = catalogue.offered().map(|model| &*model.name).collect();
    let default = catalogue.default_model().map_or("", |model| &model.name);
    let mut arguments = json!({
        "prompt": {
            "type": "string", "minLength": 1, "maxLength": 4000,
            "description": "What the video shows, 1 to 4,000 characters.",
        },
        "model": {"type": "string", "enum": names, "description": format!("Model; {default} if left out.")},
        "seconds": choice(catalogue, "integer", "Length in seconds", |model| model.seconds.clone()),
        "orientation": choice(catalogue, "string", "Shape", |model| {
            model.orientations().into_iter().map(Orientation::as_str).collect()
        }),
        "size": choice(catalogue, "string", "Width and height in pixels, instead of the orientation", |model| {
            model.sizes.iter().map(ToString::to_string).collect()
        }),
        "count": {
            "type": "integer", "minimum": 1, "maximum": 4,
            "description": "How many videos of this description; 1 if left out. Each is generated, and charged, by itself.",
        },
        "wait_seconds": wait("How long to wait for the result, in seconds; 0 if left out."),
        "idempotency_key": {
            "type": "string", "minLength": 1, "maxLength": 255,
            "description": "Any new text, such as a UUID. Calls with the same key and arguments within a day stand for one \
                            generation. Needed only to generate the same description again on purpose.",
        },
    });
    let image = "Id of an image that the video starts from, which the user uploaded with POST /api/images.";
    let takes_image = |model: &Model| model.reference_image != ReferenceImage::No;
    let remix = "Id of the user's video that this one is a variation of.";
    for (name, description, can) in [
        ("remix_of", remix, models_that(catalogue, |model| model.remix)),
        ("reference_image_id", image, models_that(catalogue, takes_image)),
    ] {
        arguments[name] = json!({"type": "string", "description": format!("{description}{can}")});
    }
    arguments
}

/// An argument whose values and default depend on the model.
fn choice<T: PartialEq + serde::Serialize + ToString>(
    catalogue: &Catalogue,
    kind: &str,
    what: &str,
    values: impl Fn(&Model) -> Vec<T>,
) -> Value {
    let mut all: Vec<T> = Vec::new();
    for value in catalogue.offered().flat_map(&values) {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    let first = |model: &Model| values(model).first().map(ToString::to_string).unwrap_or_default();
    let is_same = catalogue.offered().all(|model| Some(values(model)) == catalogue.offered().next().map(&values));
    let description = if is_same {
        format!("{what}; {} if left out.", catalogue.default_model().map(first).unwrap_or_default())
    } else {
        let of = |model: &Model| {
            let values: Vec<String> = values(model).iter().map(ToString::to_string).collect();
            format!("{}: {}", model.name, values.join(", "))
        };
        let models: Vec<String> = catalogue.offered().map(of).collect();
        format!("{what}, by model; the first if left out. {}.", models.join("; "))
    };
    json!({"type": kind, "enum": all, "description": description})
}

/// Names the models that can do something, unless all can.
fn models_that(catalogue: &Catalogue, can: impl Fn(&Model) -> bool) -> String {
    let (able, unable): (Vec<&Model>, Vec<&Model>) = catalogue.offered().partition(|model| can(model));
    let names: Vec<&str> = able.iter().map(|model| &*model.name).collect();
    match (unable.is_empty(), names.is_empty()) {
        (true, _) => String::new(),
        (false, true) => " No model supports this.".to_owned(),
        (false, false) => format!(" Only with {}.", names.join(", ")),
    }
}

fn wait(description: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "description": description})
}

fn result(tool: ToolName) -> Arc<JsonObject> {
    let videos = json!({"type": "array", "items": video_schema()});
    match tool {
        ToolName::ListModels => schema_of_result(
            &json!({
                "models": {"type": "array", "items": {"type": "object"}},
                "defaults": {"type": "object"},
                "free": {"type": "boolean", "description": "Whether generations cost nothing."},
            }),
            &["models", "defaults", "free"],
        ),
        ToolName::GenerateVideo => schema_of_result(
            &json!({
                "videos": videos,
                "already_existed": {"type": "boolean", "description": "Whether an earlier call started them."},
                "note": {"type": "string"},
            }),
            &["videos", "already_existed", "note"],
        ),
        ToolName::ListVideos => {
            schema_of_result(&json!({"videos": videos, "next_cursor": {"type": "string"}}), &["videos"])
        }
        ToolName::GetVideo | ToolName::WaitForVideo | ToolName::CancelVideo => object(video_schema()),
    }
}

fn video_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "string", "enum": ["pending", "processing", "completed", "failed", "cancelled"]},
            "progress": {"type": "integer", "description": "Percentage."},
            "prompt": {"type": "string"},
            "model": {"type": "string"},
            "seconds": {"type": "integer"},
            "size": {"type": "string"},
            "created_at": {"type": "string", "format": "date-time"},
            "queue_position": {"type": "integer", "description": "1 is the next."},
            "usual_seconds_to_generate": {"type": "integer"},
            "error_code": {"type": "string"},
            "error_message": {"type": "string"},
            "may_have_been_charged": {"type": "boolean", "description": "Whether it may have cost money without a result."},
            "file": {
                "type": "object",
                "properties": {
                    "url": {"type": "string", "description": "Needs no credentials."},
                    "url_expires_at": {"type": "string", "format": "date-time"},
                    "content_type": {"type": "string"},
                    "size_bytes": {"type": "integer"},
                },
                "required": ["url", "url_expires_at", "content_type", "size_bytes"],
            },
            "next_step": {"type": "string"},
        },
        "required": ["id", "status", "progress", "prompt", "model", "seconds", "size", "created_at", "next_step"],
    })
}

/// The schema of arguments: further ones are not allowed.
fn schema(properties: &Value, required: &[&str]) -> Arc<JsonObject> {
    object(json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false}))
}

/// The schema of a result, which may have further members in later versions.
fn schema_of_result(properties: &Value, required: &[&str]) -> Arc<JsonObject> {
    object(json!({"type": "object", "properties": properties, "required": required}))
}

fn object(schema: Value) -> Arc<JsonObject> {
    Arc::new(if let Value::Object(members) = schema { members } else { JsonObject::new() })
}
