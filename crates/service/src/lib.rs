//! What every process does at start: environment, telemetry, shutdown, probes
