//! Definition and recording of metrics. Each metric is described once, is exported as zero from the start, and has few
//! labels, with known values where possible.

use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Histogram buckets for client requests: from milliseconds to their timeout of 30 seconds.
pub const REQUEST_SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Histogram buckets for the waiting and processing times of jobs, up to a day.
pub const JOB_SECONDS: &[f64] =
    &[0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 3_600.0, 14_400.0, 86_400.0];

/// Definition of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    labels: Labels,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Counter,
    Gauge,
    Histogram(&'static [f64]),
}

#[derive(Clone, Copy, Debug)]
enum Labels {
    None,
    /// One label and all its values.
    Known(&'static str, &'static [&'static str]),
    /// Labels whose values are not known in advance.
    Open,
}

impl Metric {
    /// Defines a counter; its name ends in `_total`.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, help, labels: Labels::None }
    }

    /// Defines a gauge.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, help, labels: Labels::None }
    }

    /// Defines a histogram with these upper bounds, in the unit that its name ends in.
    #[must_use]
    pub const fn histogram(name: &'static str, buckets: &'static [f64], help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram(buckets), help, labels: Labels::None }
    }

    /// Adds a label whose values are known.
    #[must_use]
    pub const fn with_label(self, label: &'static str, values: &'static [&'static str]) -> Self {
        Self { labels: Labels::Known(label, values), ..self }
    }

    /// Allows labels whose values are not known in advance.
    #[must_use]
    pub const fn with_dynamic_labels(self) -> Self {
        Self { labels: Labels::Open, ..self }
    }

    fn unit(&self) -> Unit {
        let stem = self.name.trim_end_matches("_total");
        if stem.ends_with("_seconds") {
            Unit::Seconds
        } else if stem.ends_with("_bytes") {
            Unit::Bytes
        } else {
            Unit::Count
        }
    }

    /// Registers the description and, unless its label values are unknown, initializes the metric to zero.
    fn announce(&self) {
        let Self { name, help, .. } = *self;
        match self.kind {
            Kind::Counter => describe_counter!(name, self.unit(), help),
            Kind::Gauge => describe_gauge!(name, self.unit(), help),
            Kind::Histogram(_) => describe_histogram!(name, self.unit(), help),
        }
        match self.labels {
            Labels::None => self.stand(None),
            Labels::Known(label, values) => values.iter().for_each(|value| self.stand(Some((label, *value)))),
            Labels::Open => {}
        }
    }

    fn stand(&self, label: Option<(&'static str, &'static str)>) {
        let labels: Vec<_> = label.into_iter().collect();
        match self.kind {
            Kind::Counter => counter!(self.name, &labels).increment(0),
            Kind::Gauge => gauge!(self.name, &labels).set(0),
            Kind::Histogram(_) => drop(histogram!(self.name, &labels)),
        }
    }
}

/// Metrics that every process exports.
const COMMON: &[Metric] = &[
    Metric::gauge("sora_build_info", "Always 1; `version` is the program's version.")
        .with_label("version", &[env!("CARGO_PKG_VERSION")]),
    Metric::counter(
        "sora_http_connections_evicted_total",
        "Connections closed to make room for others, those without progress first.",
    ),
    Metric::counter(
        "sora_http_connections_stalled_total",
        "Connections closed because the client did not read a response.",
    ),
    Metric::counter(
        "sora_log_lines_dropped_total",
        "Log lines dropped because standard error was not read fast enough.",
    ),
    Metric::gauge("process_start_time_seconds", "Start time of the process, in seconds since 1970."),
];

/// Installs the recorder and registers `metrics`. Call it once; fails if a recorder is already installed.
pub(crate) fn record(metrics: &[Metric]) -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in metrics {
        if let Kind::Histogram(buckets) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
        }
    }
    let handle = builder.install_recorder()?;
    COMMON.iter().chain(metrics).for_each(Metric::announce);
    gauge!("sora_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    gauge!("process_start_time_seconds").set(now.as_secs_f64());
    Ok(handle)
}
