//! What all frames so far have shown. Pure but for the times of the last changes.
//!
//! A failure is believed at the end of the stream, unless progress or a result contradicts it before. A stream that ends
//! with a candidate for its result is finished, whatever ended it: the download decides.

use std::collections::VecDeque;

use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::Event;
use crate::candidate::{Candidates, Found};
use crate::chat::frame::{Frame, StructuredProgress};
use crate::chat::framing::RawFrame;
use crate::chat::line::{Line, MAX_ESTIMATE, Reported};
use crate::chat::pending_failure::PendingFailure;
use crate::chat::transcript::{Kind, ReadLine, Transcript};
use crate::evidence::Evidence;
use crate::failure::{self, Failure};
use crate::outcome::Outcome;
use crate::prompt_echo::PromptEcho;
use crate::vocabulary::{Status, is_policy_finish};

/// The state of a stream.
pub(super) struct Reader {
    echo: PromptEcho,
    base: Url,
    reasoning: Transcript,
    content: Transcript,
    /// The model's own refusal so far.
    refusal: String,
    /// The last line of content.
    last_line: String,
    evidence: Evidence,
    candidates: Candidates,
    /// Whether a candidate was found since the last progress.
    fresh: bool,
    /// Whether the upstream said that it has finished.
    finished: bool,
    pending: PendingFailure,
    pub(super) events: VecDeque<Event>,
    ended: Option<Result<(), Failure>>,
    /// Whether anything at all was said: from then on an error does not prove that nothing was started.
    begun: bool,
    accepted: bool,
    /// How many frames came, and whether any was understood.
    frames: u64,
    readable: bool,
    progress: f32,
    /// When progress last changed; `None` before the first.
    pub(super) changed_at: Option<Instant>,
}

/// What a stream is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expecting {
    /// More of the generation.
    More,
    /// Only its end: the result is there.
    EndAfterResult,
    /// Only its end: a failure is there.
    EndAfterFailure,
}

impl Reader {
    /// A stream of a server at `base` that has not begun.
    pub(super) fn new(echo: PromptEcho, base: Url) -> Self {
        Self {
            echo,
            reasoning: Transcript::new(Kind::Reasoning, base.clone()),
            content: Transcript::new(Kind::Content, base.clone()),
            base,
            refusal: String::new(),
            last_line: String::new(),
            evidence: Evidence::default(),
            candidates: Candidates::default(),
            fresh: false,
            finished: false,
            pending: PendingFailure::default(),
            events: VecDeque::new(),
            ended: None,
            begun: false,
            accepted: false,
            frames: 0,
            readable: false,
            progress: -1.0,
            changed_at: None,
        }
    }

    /// How the stream ended, once it has.
    pub(super) fn ended(&self) -> Option<&Result<(), Failure>> {
        self.ended.as_ref()
    }

    /// The last of what the upstream sent.
    pub(super) fn evidence(&self) -> Option<String> {
        self.evidence.text()
    }

    /// What is still to come.
    pub(super) fn expecting(&self) -> Expecting {
        if self.pending.is_clear() {
            Expecting::EndAfterFailure
        } else if self.finished && self.candidates.has_credible() {
            Expecting::EndAfterResult
        } else {
            Expecting::More
        }
    }

    /// Takes in a frame.
    pub(super) fn take(&mut self, raw: &RawFrame) {
        let (data, error) = match raw {
            RawFrame::Noise(line) => return self.plain(line),
            RawFrame::Data(data) if data.starts_with("[DONE]") => return self.end(None),
            RawFrame::Data(data) => (data, false),
            RawFrame::Error(data) => (data, true),
        };
        let value = match serde_json::from_str(data) {
            Ok(value) => value,
            Err(_) if error => Value::String(data.clone()),
            Err(_) => return self.plain(data),
        };
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            self.frames += 1;
            let frame = Frame::read(&value, error, &self.base);
            self.readable |= frame.readable;
            if frame.content.is_empty() && frame.reasoning.is_empty() {
                self.evidence.push(&format!("{value}\n"));
            }
            self.frame(frame);
        }
    }

    /// Reads a line that is not JSON: some servers answer in plain text. Of a broken object only the links count.
    fn plain(&mut self, line: &str) {
        self.evidence.push(&format!("{line}\n"));
        // Bytes that are not UTF-8 are no text.
        if line.contains(char::REPLACEMENT_CHARACTER) {
            return;
        }
        let mut transcript = Transcript::new(Kind::Content, self.base.clone());
        for read in transcript.push(&format!("{line}\n"), &self.echo) {
            let broken = line.starts_with(['{', '[']);
            self.line(ReadLine { line: read.line.filter(|_| !broken), ..read });
        }
    }

    fn frame(&mut self, frame: Frame) {
        self.found(frame.found, true);
        if let Some(progress) = frame.progress {
            self.structured(&progress);
        }
        if !(frame.reasoning.is_empty() && frame.content.is_empty()) {
            self.evidence.push(&frame.reasoning);
            self.evidence.push(&frame.content);
            self.begin();
            let mut lines = self.thought(&frame.reasoning);
            let content = self.content.push(&frame.content, &self.echo);
            self.last_line = content.last().map_or(std::mem::take(&mut self.last_line), |line| line.text.clone());
            lines.extend(content);
            lines.into_iter().for_each(|line| self.line(line));
        }
        self.refusal.push_str(&frame.refusal);
        if let Some(error) = frame.error {
            self.pending.add(failure::of_error_frame(&error, self.begun, &self.echo), false);
        }
        match frame.finish_reason.map(|reason| reason.to_lowercase()).as_deref() {
            Some(reason) if is_policy_finish(reason) => self.finish_refused(reason),
            Some("error" | "failed" | "failure") => {
                self.pending.add(Failure::new(Outcome::Interrupted, "the upstream reports a failure"), false);
            }
            Some(_) => self.finished = true,
            None => {}
        }
    }

    /// Reads reasoning. Some servers write `[stage] (status) 50% …` in a chunk, without a line end.
    fn thought(&mut self, text: &str) -> Vec<ReadLine> {
        let whole = text.starts_with('[') && text.contains("] (");
        let mut lines: Vec<_> = whole.then(|| self.reasoning.finish_line(&self.echo)).flatten().into_iter().collect();
        lines.extend(self.reasoning.push(text, &self.echo));
        lines.extend(whole.then(|| self.reasoning.finish_line(&self.echo)).flatten());
        lines
    }

    fn line(&mut self, line: ReadLine) {
        let finished = line.line == Some(Line::Finished);
        self.found(line.found, finished);
        match line.line {
            Some(Line::Failed(reported)) => self.reported(reported),
            Some(line) => self.status(&line),
            None => {}
        }
    }

    fn status(&mut self, line: &Line) {
        self.accept();
        match *line {
            Line::Queued => self.news(Event::Queued, true),
            Line::Generating => self.news(Event::Generating, true),
            Line::Progress(percent) => {
                if percent > self.progress {
                    self.progress = percent;
                    self.changed_at = Some(Instant::now());
                }
                self.news(Event::Progress(percent), percent < 100.0);
            }
            Line::Restarted => {
                self.progress = -1.0;
                self.changed_at = self.changed_at.map(|_| Instant::now());
                self.news(Event::Generating, true);
            }
            Line::Finished => self.news(Event::Generating, false),
            Line::Named | Line::Failed(_) => {}
        }
    }

    /// The generation goes on: what was reported before it was no end, and links before it are not its result.
    fn news(&mut self, event: Event, running: bool) {
        self.pending = PendingFailure::default();
        self.fresh &= !running;
        self.events.push_back(event);
    }

    fn structured(&mut self, progress: &StructuredProgress) {
        self.begin();
        let message = &progress.message;
        match (progress.status, progress.percent) {
            (Some(Status::Failed | Status::Refused), _) => {
                let refused = progress.status == Some(Status::Refused);
                let error = Some(Value::from(message.as_str())).filter(|_| !message.is_empty());
                self.pending.add(failure::of_failed_generation(error.as_ref(), refused, &self.echo), false);
            }
            (_, Some(percent)) if progress.estimated => self.status(&Line::Progress(percent.min(MAX_ESTIMATE))),
            (_, Some(percent)) => self.status(&Line::Progress(percent)),
            (Some(Status::Queued), None) => self.status(&Line::Queued),
            (Some(Status::Finished), None) => self.status(&Line::Finished),
            (_, None) => self.status(&Line::Generating),
        }
    }

    /// Takes in addresses; `announced` says that they came as the result.
    fn found(&mut self, found: Vec<Found>, announced: bool) {
        let new = self.candidates.add(found, &self.echo);
        if new.is_empty() {
            return;
        }
        self.begin();
        self.accept();
        let credible = new.iter().any(|candidate| candidate.source.is_credible());
        self.pending.contradicted_by_candidate(credible);
        self.fresh = true;
        self.finished |= announced && credible;
        self.events.extend(new.into_iter().map(Event::Candidate));
    }

    fn begin(&mut self) {
        self.begun = true;
        self.pending.not_the_first();
    }

    fn accept(&mut self) {
        self.begun = true;
        if !std::mem::replace(&mut self.accepted, true) {
            self.events.push_back(Event::Accepted(None));
        }
    }

    fn reported(&mut self, reported: Reported) {
        let Reported { reason, policy, weak } = reported;
        let failure = if policy { Failure::refused(reason) } else { Failure::new(Outcome::Interrupted, reason) };
        self.pending.add(failure, weak);
    }

    /// The completion was ended by the upstream's policy: its reason is the refusal, or the last line, or else the code.
    fn finish_refused(&mut self, code: &str) {
        for line in self.content.finish(&self.echo) {
            if !line.text.is_empty() {
                self.last_line.clone_from(&line.text);
            }
            self.line(line);
        }
        let texts = [self.refusal.trim(), self.last_line.trim(), code];
        let reason = texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        self.pending.add(Failure::refused(reason), false);
    }

    /// Takes the stream's end: its own, or the failure that broke it.
    pub(super) fn end(&mut self, broken: Option<Failure>) {
        if self.ended.is_some() {
            return;
        }
        let last = [self.reasoning.finish(&self.echo), self.content.finish(&self.echo)].concat();
        last.into_iter().for_each(|line| self.line(line));
        if self.reasoning.has_unfinished_refusal() || !self.refusal.trim().is_empty() {
            self.pending.add(Failure::refused(self.refusal.trim()), false);
        }
        let ended = self.verdict(broken);
        if ended.is_ok() {
            self.events.push_back(Event::Finished);
        }
        self.ended = Some(ended);
    }

    fn verdict(&self, broken: Option<Failure>) -> Result<(), Failure> {
        let credible = self.candidates.has_credible();
        if let Some(failure) = self.pending.clear_refusal() {
            return Err(failure.clone());
        }
        match self.pending.clear_failure() {
            _ if credible => Ok(()),
            Some(failure) => Err(failure.clone()),
            None if self.fresh => Ok(()),
            // A notice above the progress does not explain why a stream broke off.
            None => Err(broken.or_else(|| self.pending.mentioned().cloned()).unwrap_or_else(|| self.nothing())),
        }
    }

    /// A stream that ended without a result and without a reason.
    fn nothing(&self) -> Failure {
        if self.frames > 0 && !self.readable {
            Failure::new(Outcome::Unreadable, "an answer in an unknown format")
        } else {
            Failure::new(Outcome::Interrupted, "the stream ended without a result")
        }
    }
}

#[cfg(test)]
mod tests;
