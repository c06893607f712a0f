//! What a process counts and measures: each metric is described once, stands at zero before anything happens, and has few
//! labels with known values.

use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// How long a request of a client takes: milliseconds to its bound of half a minute.
pub const REQUEST_SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How long jobs wait and are worked on: a second to a day.
pub const JOB_SECONDS: &[f64] =
    &[0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 3_600.0, 14_400.0, 86_400.0];

/// One metric of a process.
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
    /// One, with all its values.
    Known(&'static str, &'static [&'static str]),
    /// Values that show themselves as things happen.
    Open,
}

impl Metric {
    /// Counts what happens; its name ends in `_total`.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, help, labels: Labels::None }
    }

    /// Shows what is.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, help, labels: Labels::None }
    }

    /// Measures, in the unit that its name ends in, by these upper bounds.
    #[must_use]
    pub const fn histogram(name: &'static str, buckets: &'static [f64], help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram(buckets), help, labels: Labels::None }
    }

    /// The same by one label, whose values are known.
    #[must_use]
    pub const fn with_label(self, label: &'static str, values: &'static [&'static str]) -> Self {
        Self { labels: Labels::Known(label, values), ..self }
    }

    /// The same by labels whose values show themselves.
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

    /// Describes it to the recorder, and has it stand at zero.
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

/// What every process tells of itself.
const COMMON: [Metric; 2] = [
    Metric::gauge("sora_build_info", "Always 1; `version` is the program's version.")
        .with_label("version", &[env!("CARGO_PKG_VERSION")]),
    Metric::gauge("process_start_time_seconds", "Start time of the process, in seconds since 1970."),
];

/// Begins to record `metrics`; to be called once.
///
/// # Errors
/// They are recorded elsewhere already.
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
