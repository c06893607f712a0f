//! Writes log lines in a thread of its own, so that a reader of standard error that stands still stops no other thread.
//!
//! Lines wait in a bounded queue. While it is full, lines are dropped and counted; the number is logged as soon as writing
//! works again. Warnings and errors find room for longer than other lines.

use std::io::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use metrics::counter;
use tracing::Level;

/// Maximum number of lines that wait.
const MAX_LINES: usize = 8_192;

/// Maximum size of the lines that wait, in bytes.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The same for lines below the level of a warning.
const MAX_INFO_BYTES: usize = 6 * 1024 * 1024;

/// Number of lines after which those below the level of a warning are dropped.
const MAX_INFO_LINES: usize = 6_144;

/// Maximum number of requests to flush that wait.
const MAX_FLUSHES: usize = 8;

/// Pause between two lines about dropped lines.
const SUMMARY_PAUSE: Duration = Duration::from_secs(1);

/// Maximum time for the lines that wait at the end of the process.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

enum Item {
    Line(String),
    /// Is answered once all lines before it are written.
    Flush(SyncSender<()>),
}

/// How much waits, and how much was dropped since that was last logged.
#[derive(Default)]
struct Counts {
    lines: AtomicUsize,
    bytes: AtomicUsize,
    dropped: AtomicU64,
    dropped_errors: AtomicU64,
}

/// The queue's sending half.
#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Item>,
    counts: Arc<Counts>,
}

/// The writer of this process, for [`flush`].
static WRITER: OnceLock<Writer> = OnceLock::new();

/// Waits until all log lines are written, for at most a second. Call it before the process ends.
pub fn flush() {
    if let Some(writer) = WRITER.get() {
        writer.flush();
    }
}

impl Writer {
    /// Starts the thread. `summary` formats the line about dropped lines, of which the second number were errors.
    ///
    /// # Errors
    /// Fails if the thread cannot be started.
    pub(super) fn start(
        output: impl Write + Send + 'static,
        summary: impl Fn(u64, u64) -> String + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(MAX_LINES + MAX_FLUSHES);
        let counts = Arc::new(Counts::default());
        let counted = counts.clone();
        thread::Builder::new()
            .name("log".into())
            .spawn(move || write(&waiting, &counted, output, summary))
            .map(|_| Self { queue, counts })
    }

    /// Makes it the writer that [`flush`] waits for.
    pub(super) fn register(&self) {
        WRITER.get_or_init(|| self.clone());
    }

    /// Queues a line, or drops it.
    pub(super) fn write(&self, level: Level, line: String) {
        let Counts { lines, bytes, .. } = &*self.counts;
        let (max_lines, max_bytes) =
            if level <= Level::WARN { (MAX_LINES, MAX_BYTES) } else { (MAX_INFO_LINES, MAX_INFO_BYTES) };
        let size = line.len();
        let lines = lines.fetch_add(1, Ordering::Relaxed);
        let bytes = bytes.fetch_add(size, Ordering::Relaxed);
        let fits = lines < max_lines && bytes + size <= max_bytes;
        if !fits || self.queue.try_send(Item::Line(line)).is_err() {
            self.drop_line(level, size);
        }
    }

    fn drop_line(&self, level: Level, size: usize) {
        let counts = &self.counts;
        counts.lines.fetch_sub(1, Ordering::Relaxed);
        counts.bytes.fetch_sub(size, Ordering::Relaxed);
        counts.dropped.fetch_add(1, Ordering::Relaxed);
        if level == Level::ERROR {
            counts.dropped_errors.fetch_add(1, Ordering::Relaxed);
        }
        counter!("sora_log_lines_dropped_total").increment(1);
    }

    fn flush(&self) {
        let (done, flushed) = sync_channel(1);
        // A failure means that the reader stands still: the remaining lines are lost.
        if self.queue.try_send(Item::Flush(done)).is_ok() {
            flushed.recv_timeout(FLUSH_TIMEOUT).ok();
        }
    }
}

/// The thread: writes line by line, so that lines of this and other processes do not mix. Errors of the output are ignored.
fn write(waiting: &Receiver<Item>, counts: &Counts, mut output: impl Write, summary: impl Fn(u64, u64) -> String) {
    let mut reported = None;
    loop {
        let dropped = counts.dropped.load(Ordering::Relaxed) > 0;
        let item = match if dropped { waiting.recv_timeout(SUMMARY_PAUSE) } else { waiting.recv().map_err(Into::into) }
        {
            Ok(item) => Some(item),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if let Some(Item::Line(line)) = &item {
            output.write_all(line.as_bytes()).ok();
            counts.lines.fetch_sub(1, Ordering::Relaxed);
            counts.bytes.fetch_sub(line.len(), Ordering::Relaxed);
        }
        let paused = reported.is_none_or(|reported: Instant| reported.elapsed() >= SUMMARY_PAUSE);
        if paused || matches!(item, Some(Item::Flush(_))) {
            let (lines, errors) =
                (counts.dropped.swap(0, Ordering::Relaxed), counts.dropped_errors.swap(0, Ordering::Relaxed));
            if lines > 0 {
                reported = Some(Instant::now());
                output.write_all(summary(lines, errors).as_bytes()).ok();
            }
        }
        if let Some(Item::Flush(done)) = item {
            done.try_send(()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, MutexGuard};

    /// An output that stands still while the test holds its lock.
    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<String>>);

    impl Output {
        fn lock(&self) -> MutexGuard<'_, String> {
            self.0.lock().unwrap()
        }
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.lock().push_str(str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn writer(output: &Output) -> Writer {
        Writer::start(output.clone(), |lines, errors| format!("dropped {lines}, {errors} of them errors\n")).unwrap()
    }

    #[test]
    fn drops_and_reports_lines_while_the_output_stands_still() {
        let output = Output::default();
        let (writer, stopped) = (writer(&output), output.lock());
        for _ in 0..MAX_LINES {
            writer.write(Level::INFO, "info\n".into());
        }
        // Room that only warnings and errors use.
        for _ in 0..MAX_LINES {
            writer.write(Level::ERROR, "error\n".into());
        }
        writer.flush();
        drop(stopped);
        writer.flush();
        let written = output.lock();
        let (infos, errors) = (written.matches("info").count(), written.matches("error\n").count());
        // The thread may already have taken the first line.
        assert!((MAX_INFO_LINES..=MAX_INFO_LINES + 1).contains(&infos), "{infos}");
        assert!((MAX_LINES - MAX_INFO_LINES..=MAX_LINES - MAX_INFO_LINES + 1).contains(&errors), "{errors}");
        let (lines, errors) = (2 * MAX_LINES - infos - errors, MAX_LINES - errors);
        assert!(written.contains(&format!("dropped {lines}, {errors} of them errors\n")));
    }

    #[test]
    fn limits_the_size_of_waiting_lines() {
        let output = Output::default();
        let (writer, stopped) = (writer(&output), output.lock());
        for _ in 0..100 {
            writer.write(Level::ERROR, "x".repeat(MAX_BYTES / 10));
        }
        assert!(writer.counts.bytes.load(Ordering::Relaxed) <= MAX_BYTES);
        drop(stopped);
        writer.flush();
        assert!(output.lock().contains("dropped 90, 90 of them errors"));
        writer.write(Level::INFO, "works again".into());
        writer.flush();
        assert!(output.lock().ends_with("works again"));
    }
}
