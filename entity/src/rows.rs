//! Statements that change several rows at once, each to a value of its own.

use sea_orm::Value;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, IntoColumnRef};

/// The rows that one statement changes: their keys, each with its values.
///
/// Each statement has a number of rows that is a power of two, so that there are few different ones and every connection keeps
/// them prepared. Excess places repeat the last row.
pub(crate) struct Rows<Key, V>(Vec<(Key, V)>);

impl<Key: Copy + Into<Value>, V: Clone> Rows<Key, V> {
    /// Collects the rows, at least one.
    pub(crate) fn new(rows: impl IntoIterator<Item = (Key, V)>) -> Self {
        let mut rows: Vec<(Key, V)> = rows.into_iter().collect();
        if let Some(last) = rows.last().cloned() {
            rows.resize(rows.len().next_power_of_two(), last);
        }
        Self(rows)
    }

    /// SQL: whether `column` is one of the keys.
    pub(crate) fn contain(&self, column: impl IntoColumnRef) -> Expr {
        Expr::col(column).is_in(self.0.iter().map(|(key, _)| *key))
    }

    /// SQL: the value that belongs to the row whose key is in `column`.
    pub(crate) fn value<T: Into<Expr>>(&self, column: impl IntoColumnRef + Copy, value: impl Fn(&V) -> T) -> Expr {
        let cases = self
            .0
            .iter()
            .fold(CaseStatement::new(), |cases, (key, values)| cases.case(Expr::col(column).eq(*key), value(values)));
        cases.into()
    }
}
