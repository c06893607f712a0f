//! Query parameters: reports *all* invalid ones at once. Empty parameters count as missing; unknown ones are ignored.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use entity::clock;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::{ApiError, FieldError};
use crate::http::body::Rule;
use crate::http::path::id;

/// Maximum number of rows per page.
const MAX_LIMIT: u64 = 100;

/// Maximum number of characters in a search.
const MAX_SEARCH_CHARACTERS: usize = 200;

/// Query parameters. Their type describes them in the OpenAPI document; `read` applies the rules.
pub(crate) trait QueryParameters: Sized {
    /// Reads the parameters in order; `query` collects the reasons why any are invalid.
    fn read(query: &mut Query) -> Self;
}

impl<A: QueryParameters, B: QueryParameters> QueryParameters for (A, B) {
    fn read(query: &mut Query) -> Self {
        (A::read(query), B::read(query))
    }
}

/// Query parameters that have been read and are valid.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: QueryParameters, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut query = Query::read(parts.uri.query());
        let parameters = T::read(&mut query);
        query.finish()?;
        Ok(Self(parameters))
    }
}

/// Selects one page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Maximum number of rows.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    pub(crate) limit: u64,
    /// `nextCursor` of the previous page.
    #[param(value_type = String, format = "uuid", required = false)]
    pub(crate) cursor: Option<Uuid>,
}

impl QueryParameters for Paging {
    fn read(query: &mut Query) -> Self {
        Self { cursor: query.cursor(), limit: query.limit() }
    }
}

/// The parameters, and the errors found so far.
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Query {
    /// Parses a query string.
    pub(crate) fn read(raw: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes());
        let pairs = pairs.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value.into()));
        Self { pairs: pairs.collect(), errors: Vec::new() }
    }

    /// Reads an optional parameter. If it is repeated, the last one counts.
    pub(crate) fn optional<T>(&mut self, name: &str, rule: impl Fn(&str) -> Rule<T>) -> Option<T> {
        self.values(name, rule).pop()
    }

    /// Reads a list: a parameter that may be repeated or hold comma-separated values.
    pub(crate) fn list<T>(&mut self, name: &str, rule: impl Fn(&str) -> Rule<T>) -> Vec<T> {
        self.values(name, |text| text.split(',').map(&rule).collect::<Rule<Vec<T>>>()).into_iter().flatten().collect()
    }

    /// Reads an optional list of ids, as many as a page has rows at most. Malformed ids are those of objects that do not
    /// exist.
    pub(crate) fn ids<T: From<Uuid>>(&mut self, name: &str) -> Option<Vec<T>> {
        let ids = self.list(name, |text| Ok(id(text)));
        if ids.len() as u64 > MAX_LIMIT {
            let message = format!("Must be at most {MAX_LIMIT} ids.");
            self.errors.push(FieldError { field: name.to_owned(), code: "too_many", message });
        }
        (!ids.is_empty()).then(|| ids.into_iter().flatten().collect())
    }

    /// Reads `limit`, the number of rows per page (default 20).
    pub(crate) fn limit(&mut self) -> u64 {
        let rule = |text: &str| {
            let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
            limit.ok_or_else(|| ("out_of_range", "Must be a whole number from 1 to 100.".to_owned()))
        };
        self.optional("limit", rule).unwrap_or(20)
    }

    /// Reads `cursor`, the last row of the previous page. Ids are ordered by creation, so pages neither repeat nor skip
    /// rows while new ones arrive.
    pub(crate) fn cursor<T: From<Uuid>>(&mut self) -> Option<T> {
        self.optional("cursor", |text| {
            id(text).ok_or_else(|| ("invalid_cursor", "Must be the nextCursor of an earlier response.".to_owned()))
        })
    }

    /// Reads `q`, the text to search for.
    pub(crate) fn search(&mut self) -> Option<String> {
        self.optional("q", |text| match text.chars().count() {
            _ if text.contains('\0') => Err(("invalid_characters", "Must not contain the character U+0000.".into())),
            0..=MAX_SEARCH_CHARACTERS => Ok(text.to_owned()),
            _ => Err(("too_long", format!("Must have at most {MAX_SEARCH_CHARACTERS} characters."))),
        })
    }

    /// Reads an RFC 3339 instant as epoch milliseconds.
    pub(crate) fn instant(&mut self, name: &str) -> Option<i64> {
        self.optional(name, |text| {
            let instant = clock::parse_rfc3339(text);
            instant
                .ok_or_else(|| ("invalid_instant", "Must be a date and time such as 2026-01-31T12:00:00Z.".to_owned()))
        })
    }

    /// Checks that no parameter was invalid.
    ///
    /// # Errors
    /// [`ApiError::InvalidFields`] with all errors.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::InvalidFields(self.errors)) }
    }

    fn values<T>(&mut self, name: &str, rule: impl Fn(&str) -> Rule<T>) -> Vec<T> {
        let mut values = Vec::new();
        for (_, text) in self.pairs.iter().filter(|(given, _)| given == name) {
            match rule(text) {
                Ok(value) => values.push(value),
                Err((code, message)) => self.errors.push(FieldError { field: name.to_owned(), code, message }),
            }
        }
        values
    }
}

/// Cuts `rows`, read with `limit + 1`, to one page. Returns the cursor of the next page, if there is one.
pub(crate) fn take_page<T, Id>(rows: &mut Vec<T>, limit: u64, id: impl Fn(&T) -> Id) -> Option<Id> {
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    rows.last().filter(|_| more).map(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::JobId;

    #[test]
    fn reports_all_invalid_parameters_at_once() {
        let mut query = Query::read(Some("q=a%25+b&limit=100&from=2026-01-31T12:00:00%2B01:00&x=1&cursor="));
        assert_eq!((query.search(), query.limit()), (Some("a% b".into()), 100));
        assert_eq!((query.instant("from"), query.cursor::<JobId>()), (Some(1_769_857_200_000), None));
        assert!(query.finish().is_ok());
        let long = format!("limit=0&q={}&cursor=abc&to=yesterday", "x".repeat(201));
        let mut query = Query::read(Some(&long));
        query.limit();
        query.search();
        query.cursor::<JobId>();
        query.instant("to");
        let Err(ApiError::InvalidFields(errors)) = query.finish() else { panic!() };
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["limit", "q", "cursor", "to"]);
    }

    #[test]
    fn rejects_limits_out_of_range() {
        assert_eq!(Query::read(None).limit(), 20);
        for wrong in ["limit=101", "limit=-1", "limit=ten", "limit=99999999999999999999"] {
            let mut query = Query::read(Some(wrong));
            query.limit();
            assert!(query.finish().is_err(), "{wrong}");
        }
    }

    #[test]
    fn returns_a_cursor_only_if_there_are_more_rows() {
        let mut rows = vec![3, 2, 1];
        assert_eq!((take_page(&mut rows, 2, |row| *row), rows.len()), (Some(2), 2));
        assert_eq!(take_page(&mut rows, 2, |row| *row), None);
    }
}
