//! Judges the answer to a call by the policy's `results`, and writes down what was found.

use crate::{
    audit::{AuditRecord, Decision, record::Shadow},
    config::Config,
    engine::{results::ResultFilter, tasks::TaskWatch},
    filter::{audit, host, metrics, shared_data::SharedData},
    mcp::{
        ResponseFormat,
        answer::{self, Reply},
        created_task::{CreatedTask, CreatedTasks},
    },
    results::{ResultRefusal, ResultReport, ResultStream},
};

use super::{Enforced, ResponseAborted, head::ResponseHead, record::ResponseRecord};

/// What becomes of an answer.
#[derive(Debug)]
pub(super) struct ResultStage {
    state: State,
    /// Who owns the tasks that the answer creates, and what is read of it.
    tasks: Option<(TaskWatch, Option<CreatedTasks>)>,
    /// The record of the request, to be written again with what was found.
    record: ResponseRecord,
    /// What was found so far.
    found: ResultReport,
}

const AFTER_END: ResponseAborted = ResponseAborted("more of a response comes after its end");
const WITHOUT_HEAD: ResponseAborted = ResponseAborted("a response comes without its head");

#[derive(Debug)]
enum State {
    /// The head has not come.
    Pending(Box<ResultFilter>),
    Body(Box<ResultStream>),
    /// The end has come: nothing may follow.
    Ended,
    /// Nothing is judged any more.
    Done,
}

impl ResultStage {
    pub(super) fn new(mut filter: Box<ResultFilter>, record: ResponseRecord) -> Self {
        let tasks = filter.tasks.take().map(|watch| (watch, None));
        let state = State::Pending(filter);
        Self { state, tasks, record, found: ResultReport::default() }
    }

    /// Takes the head; `None` if Envoy did not return it.
    ///
    /// # Errors
    /// What to reply in place of the response.
    pub(super) fn on_headers(&mut self, config: &Config, head: Option<&ResponseHead>) -> Result<(), Reply> {
        // Another head changes nothing.
        if !matches!(self.state, State::Pending(_)) {
            return Ok(());
        }
        let State::Pending(filter) = std::mem::replace(&mut self.state, State::Done) else { return Ok(()) };
        let head = head.ok_or_else(answer::failed)?;
        // The tasks of an answer that cannot be read are refused as unknown ones.
        self.tasks = self.tasks.take().and_then(|(watch, _)| {
            let format = head.format.filter(|_| head.is_plain)?;
            Some((watch, Some(CreatedTasks::new(format))))
        });
        // A GET is answered by messages only in an event stream; other pages are none of MCP's.
        let is_page = filter.request.ids.is_empty() && !head.is_stream;
        if is_page || filter.inspections.is_empty() {
            return Ok(());
        }
        if head.defers_answer(config) {
            let is_enforced = filter.inspections.enforced.is_some();
            return if is_enforced { Err(answer::accepted_empty()) } else { Ok(()) };
        }
        let why = match head.format {
            _ if !head.is_plain => Some(ResultRefusal::Compressed),
            // An error of Envoy or of a proxy is a text.
            None if head.is_success => Some(ResultRefusal::UnknownFormat),
            _ => None,
        };
        // So is what such an error labels as JSON, and no client reads a result in it.
        let format = head.format.filter(|format| head.is_success || *format == ResponseFormat::Sse);
        let ResultFilter { request, inspections, .. } = *filter;
        match why {
            Some(why) if inspections.enforced.is_none() => {
                self.note(config, ResultReport { shadow_refusal: Some(why), ..ResultReport::default() });
                Ok(())
            }
            Some(why) => {
                let reply = match request.ids.as_slice() {
                    [] => answer::failed(),
                    _ => Reply { status: 200, retry_after: None, body: request.refused(&why) },
                };
                self.note(config, ResultReport { refusal: Some(why), ..ResultReport::default() });
                Err(reply)
            }
            None => {
                host::remove_response_header("content-length").map_err(|_| answer::failed())?;
                self.state = State::Body(Box::new(ResultStream::new(request, inspections, format)));
                Ok(())
            }
        }
    }

    /// Takes a chunk, and returns what goes on of it. Of the response, `room` bytes may be held besides what is held.
    ///
    /// # Errors
    /// The response has to be reset, since its head has not come while something is enforced.
    pub(super) fn push(&mut self, config: &Config, chunk: &[u8], room: usize) -> Result<Vec<u8>, ResponseAborted> {
        match self.state {
            // A server began its answer before its request was judged. Only what is enforced needs the head.
            State::Pending(ref filter) if filter.inspections.enforced.is_none() => self.state = State::Done,
            State::Pending(_) => return Err(WITHOUT_HEAD),
            State::Ended if !chunk.is_empty() => return Err(AFTER_END),
            State::Ended | State::Body(_) | State::Done => {}
        }
        self.read_tasks(|tasks| tasks.push(chunk, room));
        let State::Body(stream) = &mut self.state else { return Ok(chunk.to_vec()) };
        let out = stream.push(chunk, room);
        let report = stream.take_report();
        self.note(config, report);
        Ok(out)
    }

    /// What goes on at the end.
    pub(super) fn finish(&mut self, config: &Config) -> Vec<u8> {
        self.read_tasks(CreatedTasks::end);
        if !matches!(self.state, State::Body(_)) {
            return Vec::new();
        }
        let State::Body(mut stream) = std::mem::replace(&mut self.state, State::Ended) else { return Vec::new() };
        let out = stream.end();
        self.note(config, stream.take_report());
        // A refusal is displayed already.
        if self.found.refusal.is_none() && !(self.found.counts.is_empty() && self.found.shadow_counts.is_empty()) {
            self.record.read(audit::display);
        }
        out
    }

    /// Whether one text is read as a whole, and whether anything of it can be refused.
    pub(super) fn whole_text(&self) -> Option<Enforced> {
        let State::Body(stream) = &self.state else { return None };
        stream.holds_all().then_some(stream.is_enforced())
    }

    /// Whether it changes anything in an event stream.
    pub(super) fn is_enforced_on_events(&self) -> bool {
        matches!(&self.state, State::Body(stream) if !stream.holds_all() && stream.is_enforced())
    }

    /// The bytes that are held.
    pub(super) fn held(&self) -> usize {
        let tasks = self.tasks.as_ref().and_then(|(_, tasks)| tasks.as_ref()).map_or(0, CreatedTasks::held);
        let stream = if let State::Body(stream) = &self.state { stream.held() } else { 0 };
        tasks.saturating_add(stream)
    }

    /// Remembers whose the tasks are that a part of the answer creates, before the caller learns of them.
    fn read_tasks(&mut self, read: impl FnOnce(&mut CreatedTasks) -> Vec<CreatedTask>) {
        let Some((watch, Some(tasks))) = &mut self.tasks else { return };
        let created = read(tasks);
        if created.is_empty() {
            return;
        }
        let Some(now) = host::current_time() else { return };
        for task in &created {
            watch.keep(task, &SharedData, now);
        }
    }

    /// Writes down what was found since the last time.
    fn note(&mut self, config: &Config, report: ResultReport) {
        if report.is_empty() {
            return;
        }
        let policy = self.record.read(|record| record.policy.clone());
        metrics::count_redactions(policy.as_deref(), &report.counts, &report.shadow_counts);
        let is_refusal = self.found.refusal.is_none() && report.refusal.is_some();
        self.found.merge(report);
        self.record.change(|record| write_found(&self.found, record));
        if is_refusal {
            self.record.read(|record| audit::write(config, record, None));
        } else {
            self.record.write();
        }
    }
}

/// Writes down what was found so far.
fn write_found(found: &ResultReport, record: &mut AuditRecord) {
    (record.redacted, record.shadow_redacted) = (found.counts, found.shadow_counts);
    if let Some(why) = &found.shadow_refusal {
        record.shadow = Some(Shadow { decision: Decision::Denied, rule: why.rule().to_owned() });
    }
    if let Some(why) = &found.refusal {
        record.decision = Decision::Denied;
        why.rule().clone_into(&mut record.rule);
        record.message = why.reason();
    }
}

/// What judges the answer to a request, if a rule does.
pub(super) fn stage(filter: Option<Box<ResultFilter>>, record: &ResponseRecord) -> Option<Box<ResultStage>> {
    filter.map(|filter| Box::new(ResultStage::new(filter, record.clone())))
}
