//! Starting: the time until a process is ready, its memory while it has nothing to do, and the size of its program.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::arguments::Arguments;
use crate::platform::Platform;

/// Starts of each process.
const STARTS: usize = 5;

/// Time between a start and the look at the memory.
const IDLE: Duration = Duration::from_secs(5);

/// Runs the scenario.
pub(crate) async fn startup(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    println!("startup: medians of {STARTS}");
    let mut times = [Vec::new(), Vec::new()];
    let mut memories = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        platform.stop_gateway().await?;
        let began = Instant::now();
        platform.start_gateway().await?;
        times[0].push(began.elapsed());
        let began = Instant::now();
        platform.start_processor()?;
        platform.processor_is_ready().await?;
        times[1].push(began.elapsed());
        sleep(IDLE).await;
        memories[0].push(platform.gateway()?.memory()?);
        memories[1].push(platform.processor()?.memory()?);
        platform.stop_processor().await?;
    }
    for (part, name) in ["gateway", "processor"].into_iter().enumerate() {
        let (ready, memory) = (median(&mut times[part]).as_secs_f64() * 1e3, median(&mut memories[part]) >> 20);
        let size = std::fs::metadata(arguments.binaries.join(name))?.len() >> 20;
        println!("  {name:<9}  ready after {ready:>4.0} ms  idle {memory:>3} MiB  program {size:>4} MiB");
    }
    Ok(())
}

fn median<T: Ord + Copy>(values: &mut [T]) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}
