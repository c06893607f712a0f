//! `/v1`: OpenAI's Videos API, so that its SDKs work with this server by `base_url` and key alone.
//!
//! One translation layer: it has the paths, fields, objects and errors of OpenAI, and calls what `/api` calls. Problem
//! documents never leave `/v1`, and OpenAI's error envelope never leaves `/api`. A video's id is its job's.
//!
//! | module | role |
//! |---|---|
//! | `surface` | what every request has in common: no cookies, the rate limit's headers |
//! | `envelope` | errors |
//! | `object` | videos and lists of them |
//! | `body`, `submission`, `reference`, `repetition` | a request for a video: its fields, limits, image, and repeated requests |
//! | `create`, `remix`, `read`, `content`, `delete`, `models` | the calls |
//! | `spritesheet` | pictures over the length of a video, which a processor makes on request |
//! | `unsupported` | operations of OpenAI that this server does not have |

mod body;
pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod envelope;
pub(crate) mod models;
mod object;
pub(crate) mod read;
mod reference;
pub(crate) mod remix;
mod repetition;
mod spritesheet;
mod submission;
pub(crate) mod surface;
pub(crate) mod unsupported;
