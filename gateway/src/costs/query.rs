//! The query parameters of reports.

use entity::cost::{Filter, Groups};
use entity::{UserId, clock, submission};
use utoipa::IntoParams;

use crate::http::body::Rule;
use crate::http::path::id;
use crate::http::query::{Query, QueryParameters};

const DAY_MS: i64 = 86_400_000;

/// Number of days of a report without `from`.
const DEFAULT_DAYS: i64 = 30;

/// Selects attempts by the day on which they were sent.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct CostQuery {
    /// First UTC day; by default 29 days before `to`.
    #[param(value_type = Option<String>, format = "date")]
    pub(super) from: Option<i64>,
    /// Last UTC day; by default today.
    #[param(value_type = Option<String>, format = "date")]
    pub(super) to: Option<i64>,
    /// What the rows are grouped by, comma-separated: `day`, `model`, and for administrators `upstream`, `user`. By default
    /// all of them.
    #[param(value_type = Option<String>)]
    pub(super) by: Vec<Group>,
    /// `json`, or `csv` for a file of the rows without the totals.
    #[param(value_type = Option<String>)]
    pub(super) format: Format,
}

/// Selects the jobs of one user.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfUser {
    /// Id of the user. The account may be deleted.
    #[param(value_type = Option<String>, format = "uuid")]
    pub(super) user: Option<UserId>,
}

impl QueryParameters for OfUser {
    fn read(query: &mut Query) -> Self {
        let user = query.optional("user", |text| id(text).ok_or(("unknown_value", "Must be the id of a user.".into())));
        Self { user }
    }
}

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Day,
    Model,
    Upstream,
    User,
}

/// The format of the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Json,
    Csv,
}

impl QueryParameters for CostQuery {
    fn read(query: &mut Query) -> Self {
        Self {
            from: query.optional("from", day),
            to: query.optional("to", day),
            by: query.list("by", group),
            format: query.optional("format", format).unwrap_or_default(),
        }
    }
}

impl CostQuery {
    /// The days of the report: from the first to the last.
    pub(super) fn days(&self) -> (i64, i64) {
        let today = i64::from(submission::day_of(clock::system_ms()));
        let last = self.to.unwrap_or(today);
        (self.from.unwrap_or(last - (DEFAULT_DAYS - 1)), last)
    }

    /// The attempts of these days.
    pub(super) fn filter(&self, user: Option<UserId>) -> Filter {
        let (first, last) = self.days();
        Filter { from: first.saturating_mul(DAY_MS), to: last.saturating_add(1).saturating_mul(DAY_MS), user }
    }

    pub(super) fn groups(&self) -> Groups {
        let is_grouped = |group| self.by.is_empty() || self.by.contains(&group);
        Groups {
            day: is_grouped(Group::Day),
            model: is_grouped(Group::Model),
            upstream: is_grouped(Group::Upstream),
            user: is_grouped(Group::User),
        }
    }
}

/// Days since 1970-01-01.
fn day(text: &str) -> Rule<i64> {
    let day = (text.len() == "2026-11-27".len()).then(|| clock::parse_rfc3339(&format!("{text}T00:00:00Z"))).flatten();
    let day = day.map(|midnight| midnight.div_euclid(DAY_MS));
    day.ok_or_else(|| ("invalid_date", "Must be a day such as 2026-01-31.".to_owned()))
}

fn group(text: &str) -> Rule<Group> {
    match text {
        "day" => Ok(Group::Day),
        "model" => Ok(Group::Model),
        "upstream" => Ok(Group::Upstream),
        "user" => Ok(Group::User),
        _ => Err(("unknown_value", "Must be day, model, upstream or user.".into())),
    }
}

fn format(text: &str) -> Rule<Format> {
    match text {
        "json" => Ok(Format::Json),
        "csv" => Ok(Format::Csv),
        _ => Err(("unknown_value", "Must be json or csv.".into())),
    }
}
