//! The models on offer: those of the catalogue file, or else of the variables.

use ::catalogue::{Catalogue, Size};
use entity::job::Orientation;
use service::env::{self, Environment};

/// Reads `SORA_CATALOGUE`, the path of a catalogue file, or without it:
///
/// - `SORA_MODELS`: comma-separated model names (default `sora2`), the default first.
/// - `SORA_SECONDS`: comma-separated lengths in seconds (default `10,15`), the default first.
/// - `SORA_SIZES`: comma-separated widths and heights (default `1280x720,720x1280`); the first of each orientation is its
///   default.
/// - `SORA_FREE`: whether generations are free, as with the simulator (default `false`). The page shows it.
///
/// Returns `None` if `env` has collected errors.
pub(super) fn read(env: &mut Environment<'_>) -> Option<Catalogue> {
    if let Some(catalogue) = Catalogue::read_file(env)? {
        return Some(catalogue);
    }
    let models = env.or("SORA_MODELS", "sora2", |text| list(text, model));
    let seconds = env.or("SORA_SECONDS", "10,15", |text| list(text, seconds));
    let sizes = env.or("SORA_SIZES", "1280x720,720x1280", sizes);
    let free = env.or("SORA_FREE", "false", env::flag);
    Some(Catalogue::from_models(models?, &seconds?, &sizes?, free?))
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(|entry| parse(entry.trim())).collect()
}

fn model(text: &str) -> Result<String, String> {
    let proper = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if proper { Ok(text.to_owned()) } else { Err("must be comma-separated names such as sora2,sora2-pro".into()) }
}

fn seconds(text: &str) -> Result<i32, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3_600).contains(seconds));
    seconds.ok_or_else(|| "must be comma-separated whole seconds such as 10,15".to_owned())
}

/// Parses the sizes, landscape first: without an orientation, videos are landscape. Each orientation needs a size, because a
/// request may name the orientation alone.
fn sizes(text: &str) -> Result<Vec<Size>, String> {
    let wrong = |_| "must be comma-separated sizes with unequal sides, such as 1280x720,720x1280".to_owned();
    let mut sizes: Vec<Size> = list(text, str::parse).map_err(wrong)?;
    sizes.sort_by_key(|size| size.orientation() == Orientation::Portrait);
    let has = |shape| sizes.iter().any(|size| size.orientation() == shape);
    if has(Orientation::Landscape) && has(Orientation::Portrait) {
        Ok(sizes)
    } else {
        Err("must include a landscape and a portrait size".into())
    }
}
