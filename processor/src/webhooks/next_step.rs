//! What follows from a response: a pure function.

use std::time::Duration;

use entity::webhook_delivery::NextStep;
use fetch::Reply;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Delay before each retry.
const DELAYS: [Duration; 7] = [
    Duration::from_secs(5),
    MINUTE.saturating_mul(5),
    MINUTE.saturating_mul(30),
    HOUR.saturating_mul(2),
    HOUR.saturating_mul(5),
    HOUR.saturating_mul(10),
    HOUR.saturating_mul(10),
];

/// A receiver cannot ask for a longer delay.
const MAX_RETRY_AFTER: Duration = HOUR.saturating_mul(10);

/// Decides by the response, the attempts that failed before, and `jitter` (0..1). Delays vary by a tenth, so that the
/// retries of many events do not arrive at once. `Retry-After` can lengthen a delay and not shorten it.
pub(super) fn next_step(reply: &Result<Reply, String>, failures: i32, jitter: f64) -> NextStep {
    match reply {
        Ok(Reply { status: 200..300, .. }) => return NextStep::Done,
        Ok(Reply { status: 410, .. }) => return NextStep::Disable,
        _ => {}
    }
    let Some(delay) = usize::try_from(failures).ok().and_then(|failures| DELAYS.get(failures)) else {
        return NextStep::GiveUp;
    };
    let asked = reply.as_ref().ok().and_then(|reply| reply.retry_after).unwrap_or_default().min(MAX_RETRY_AFTER);
    NextStep::RetryAfter(delay.mul_f64(0.95 + jitter / 10.0).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, retry_after: Option<u64>) -> Result<Reply, String> {
        Ok(Reply { status, retry_after: retry_after.map(Duration::from_secs), excerpt: String::new() })
    }

    #[test]
    fn only_2xx_succeeds_and_410_disables() {
        for status in [200, 204, 299] {
            assert_eq!(next_step(&reply(status, None), 0, 0.5), NextStep::Done);
        }
        assert_eq!(next_step(&reply(410, None), 0, 0.5), NextStep::Disable);
        for status in [100, 301, 307, 400, 404, 409, 429, 500, 503] {
            assert_eq!(next_step(&reply(status, None), 0, 0.5), NextStep::RetryAfter(DELAYS[0]), "{status}");
        }
    }

    #[test]
    fn retries_for_more_than_a_day_with_growing_delays() {
        let failed = Err("connection refused".to_owned());
        let mut total = Duration::ZERO;
        for (failures, delay) in (0..).zip(DELAYS) {
            assert_eq!(next_step(&failed, failures, 0.5), NextStep::RetryAfter(delay));
            let (NextStep::RetryAfter(least), NextStep::RetryAfter(most)) =
                (next_step(&failed, failures, 0.0), next_step(&failed, failures, 1.0))
            else {
                panic!("gave up")
            };
            assert!(least < delay && delay < most && most < delay * 2);
            total += delay;
        }
        assert!(total > HOUR * 24);
        assert_eq!(next_step(&failed, 7, 0.5), NextStep::GiveUp);
        assert_eq!(next_step(&failed, -1, 0.5), NextStep::GiveUp);
    }

    #[test]
    fn honours_retry_after_within_bounds() {
        let after = |seconds, failures| next_step(&reply(503, Some(seconds)), failures, 0.5);
        assert_eq!(after(60, 0), NextStep::RetryAfter(MINUTE));
        assert_eq!(after(1, 1), NextStep::RetryAfter(MINUTE * 5));
        assert_eq!(after(u64::MAX, 0), NextStep::RetryAfter(MAX_RETRY_AFTER));
    }
}
