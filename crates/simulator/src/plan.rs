//! How one request will be answered. The plan is complete before the response begins.

pub(crate) mod download;
pub(crate) mod encoding;
pub(crate) mod ending;
pub(crate) mod progress;
pub(crate) mod result;
pub(crate) mod stream;
pub(crate) mod verdict;
pub(crate) mod videos;

use std::time::Duration;

use self::download::DownloadPlan;
use self::encoding::EncodingPlan;
use self::ending::Ending;
use self::progress::ProgressPlan;
use self::result::ResultPlan;
use self::stream::StreamPlan;
use self::verdict::VerdictPlan;
use self::videos::VideosPlan;
use crate::dialect::{Flavour, Variant};

/// How one request will be answered.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Time between two steps.
    pub(crate) pace: Duration,
    /// Number of progress reports in a complete generation.
    pub(crate) steps: u16,
    pub(crate) variant: Variant,
    pub(crate) flavour: Flavour,
    pub(crate) progress: ProgressPlan,
    pub(crate) ending: Ending,
    pub(crate) verdict: VerdictPlan,
    pub(crate) result: ResultPlan,
    pub(crate) encoding: EncodingPlan,
    /// `Retry-After` of 429 and 503 responses, in seconds.
    pub(crate) retry_after: Option<u64>,
    pub(crate) stream: StreamPlan,
    pub(crate) videos: VideosPlan,
    pub(crate) download: DownloadPlan,
}

impl Plan {
    /// A generation that succeeds, in the default dialects.
    pub(crate) fn new(pace: Duration, steps: u16) -> Self {
        Self {
            pace,
            steps,
            variant: Variant::default(),
            flavour: Flavour::default(),
            progress: ProgressPlan::default(),
            ending: Ending::Succeed,
            verdict: VerdictPlan::default(),
            result: ResultPlan::default(),
            encoding: EncodingPlan::default(),
            retry_after: None,
            stream: StreamPlan::default(),
            videos: VideosPlan::default(),
            download: DownloadPlan::default(),
        }
    }

    /// Removes everything that goes wrong; pace, steps, variant and flavour stay.
    pub(crate) fn reset_faults(&mut self) {
        *self = Self { variant: self.variant, flavour: self.flavour, ..Self::new(self.pace, self.steps) };
    }
}
