//! Decides how a request is answered: the server's flags, then the tags of the prompt.

use std::time::Duration;

use axum::http::StatusCode;

use crate::behaviour::Behaviours;
use crate::behaviour::tag::Tags;
use crate::config::Config;
use crate::http::error::ApiError;
use crate::plan::Plan;
use crate::state::AppState;
use crate::stats::counters::StatsKey;

/// Counts a request under its prompt and plans its response.
///
/// # Errors
/// 400 if a tag in the prompt is not a known behaviour.
pub(crate) fn plan_request(app: &AppState, prompt: &str, image: bool) -> Result<(StatsKey, Plan), ApiError> {
    let tags = Tags::parse(prompt);
    let key = StatsKey::new(prompt, &tags.label);
    let nth = app.counters.record_request(&key, image);
    let tagged = tags.behaviours.map_err(|error| {
        ApiError::invalid(StatusCode::BAD_REQUEST, error.to_string()).param("prompt").code("unknown_behaviour")
    })?;
    Ok((key, plan(&app.config, &tagged, nth)))
}

/// The plan for the `nth` request with a prompt. Tags override flags.
fn plan(config: &Config, tagged: &Behaviours, nth: u64) -> Plan {
    let mut plan = Plan::new(Duration::from_millis(config.pace), config.steps);
    (plan.variant, plan.flavour) = (config.variant, config.flavour);
    config.behaviour.apply(nth, &mut plan);
    plan.download.begin_overrides();
    tagged.apply(nth, &mut plan);
    plan
}
