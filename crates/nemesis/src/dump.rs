//! Dumps the tables of a run as text, next to its logs.

use std::fmt::Write as _;
use std::path::Path;

use entity::DatabaseConnection;
use sea_orm::ConnectionTrait;

use crate::history::sql;

/// Dumped tables and their sort order.
const TABLES: [(&str, &str); 5] = [
    ("jobs", "id"),
    ("attempts", "job_id, number"),
    ("workers", "id"),
    ("nemesis.workers", "worker"),
    ("nemesis.states", "job, seq"),
];

/// Writes `tables.jsonl`: one row per line, the table's name followed by the row as JSON.
pub(crate) async fn write(db: &DatabaseConnection, folder: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    for (table, order) in TABLES {
        let rows =
            db.query_all_raw(sql(&format!("SELECT row_to_json(t)::text FROM {table} t ORDER BY {order}"))).await?;
        for row in rows {
            writeln!(text, "{table} {}", row.try_get_by_index::<String>(0)?)?;
        }
    }
    Ok(std::fs::write(folder.join("tables.jsonl"), text)?)
}
