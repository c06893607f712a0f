//! Many jobs at once, written directly into the database.

use entity::DatabaseConnection;
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

/// Rows per statement.
const ROWS: u32 = 50_000;

/// Inserts finished jobs of a user, one per second of the past, each with a different prompt.
pub(crate) async fn fill(db: &DatabaseConnection, user: Uuid, number: u32) -> anyhow::Result<()> {
    for from in (1..=number).step_by(ROWS as usize) {
        let to = (from + ROWS - 1).min(number);
        // The ids are UUIDs of version 7 of the time at which the job was created.
        db.execute_unprepared(&format!(
            "INSERT INTO jobs (id, user_id, prompt, orientation, seconds, model, status, progress, seq, size, created_at, \
             started_at, finished_at, error_code, error_message) \
             SELECT overlay(overlay(gen_random_uuid()::text placing left(lpad(to_hex(at), 12, '0'), 8) from 1 for 8) \
             placing right(lpad(to_hex(at), 12, '0'), 4) || '-7' from 10 for 6)::uuid, '{user}', \
             'A ' || (ARRAY['red','blue','green','tiny','huge','silent','golden','wooden'])[1 + number % 8] || ' ' || \
             (ARRAY['boat','train','fox','kite','city','river','robot'])[1 + number % 7] || ' drifts past house ' || number, \
             'landscape', 10, 'sora-2', 'failed', 0, 4, '1280x720', at, at, at + 60000, 'upstream_failed', \
             'The upstream reported a failure' \
             FROM (SELECT number, (extract(epoch FROM now()) * 1000)::bigint - number::bigint * 1000 - 3600000 AS at \
             FROM generate_series({from}, {to}) AS number) AS times"
        ))
        .await?;
    }
    db.execute_unprepared("ANALYZE jobs").await?;
    Ok(())
}
