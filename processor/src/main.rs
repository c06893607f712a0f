//! The processor: reads its environment, begins to log, works until it is asked to stop.

use std::process::ExitCode;

use processor::{Config, run};
use service::{env, shutdown, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let config = env::or_exit(Config::read);
    if let Err(error) = telemetry::init(config.settings.log_format, &config.settings.log_level) {
        eprintln!("{error}");
        return ExitCode::from(78);
    }
    let ended = match shutdown::on_signal() {
        Ok(stop) => run(config, stop).await,
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
