//! Text search in columns.

use sea_orm::DbBackend;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Func};

/// SQL: `column` contains `text` literally, ignoring case. SQLite ignores the case of ASCII letters only.
pub(crate) fn contains(backend: DbBackend, column: impl ColumnTrait, text: &str) -> Expr {
    let position = if backend == DbBackend::Postgres { "strpos" } else { "instr" };
    let (haystack, needle) = (Func::lower(Expr::col(column.as_column_ref())), Func::lower(Expr::val(text)));
    Expr::expr(Func::cust(position).arg(haystack).arg(needle)).gt(0)
}
