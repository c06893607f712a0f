//! Streams of random bytes in lines of at most 64 KiB, generated while they are sent.

use bytes::Bytes;
use futures::{Stream, stream};

/// Length of a line, its end included.
const LINE: usize = 64 << 10;
const LINES_PER_MEGABYTE: u64 = (1 << 20) / LINE as u64;

/// So many MiB, the same bytes for the same seed.
pub(super) fn megabytes(size: u64, seed: u64) -> impl Stream<Item = Bytes> + use<> {
    stream::unfold((seed | 1, size * LINES_PER_MEGABYTE), |(mut state, left)| async move {
        let left = left.checked_sub(1)?;
        let line = line(&mut state);
        tokio::task::yield_now().await;
        Some((line, (state, left)))
    })
}

/// Random bytes (xorshift64) and a line feed.
fn line(state: &mut u64) -> Bytes {
    let mut line = Vec::with_capacity(LINE);
    while line.len() < LINE {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        line.extend_from_slice(&state.to_le_bytes());
    }
    line[LINE - 1] = b'\n';
    line.into()
}
