//! What another policy would have decided on the calls of a log: each call is sent again, in the order and at the time in which
//! it came, so that counters fill and windows end as they would have.
//!
//! A record holds less than the call: by default the names of the arguments only, never a claim of the caller's token or its
//! session. Where the answer hangs on what is missing, it is [`Outcome::CannotTell`]. Options that refuse a request before any
//! policy reads it (`protocol`) and services are left out; what they refused is not replayed. A call that no server got, as the line
//! says, is given back what it was charged. Whether a call failed at the server, no record says: it counts, whatever `refund` says. Answers are
//! not replayed: where `results` refused one, the call itself had passed. A
//! call that was denied since a definition had changed is decided again only under a policy that does not deny that.

mod changes;
mod gateway;
mod unknown;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;

use crate::config::Config;

use self::gateway::ReplayGateway;
pub use self::{
    changes::{Change, Doubt, Report},
    unknown::Missing,
};

use super::{
    log_line::{self, Found},
    ordered::{Dated, Ordered},
    record::Record,
};

/// Sends the calls of a log again.
#[derive(Debug)]
pub struct Replay {
    new: ReplayGateway,
    /// What the new policy is compared with; `None` for what was recorded.
    old: Option<ReplayGateway>,
    calls: Ordered,
    report: Report,
}

/// What a policy makes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A decision.
    Decided(Decided),
    /// The record lacks what the answer hangs on.
    CannotTell(Missing),
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// As records name it.
    pub decision: String,
    /// What shadow mode would have decided, as records name it.
    pub shadow: Option<String>,
    /// The rule that decided; in shadow mode, the one that would have.
    pub rule: String,
}

impl Replay {
    /// Compares `new` with `old`, or with what was recorded.
    #[must_use]
    pub fn new(new: Config, old: Option<Config>) -> Self {
        Self {
            new: ReplayGateway::new(new),
            old: old.map(ReplayGateway::new),
            calls: Ordered::default(),
            report: Report::default(),
        }
    }

    /// Takes the next line of the log.
    pub fn add_line(&mut self, line: &str) {
        let Found::Records(found) = log_line::find(line) else { return };
        for found in found {
            let record = Record::read(&found.record).filter(Record::is_of_a_decision);
            let Some(mut record) = record else {
                self.report.skip();
                continue;
            };
            record.forget_answer();
            if found.context.time.is_none() {
                self.report.add_untimed();
            }
            if let Some(call) = self.calls.push(record, found.context) {
                self.decide(&call);
            }
        }
    }

    /// The log has ended.
    #[must_use]
    pub fn finish(mut self) -> Report {
        while let Some(call) = self.calls.pop() {
            self.decide(&call);
        }
        self.report
    }

    fn decide(&mut self, Dated { at, record, context, .. }: &Dated) {
        let new = self.new.decide(record, context, *at);
        let old = match &self.old {
            Some(old) => old.decide(record, context, *at),
            None => Outcome::Decided(Decided::recorded(record)),
        };
        self.report.add(record, *at, old, new);
    }
}

impl Decided {
    /// What was recorded.
    fn recorded(record: &Record) -> Self {
        let shadow = record.shadow.as_ref().map(|shadow| shadow.decision.clone());
        Self { decision: record.decision.clone(), shadow, rule: record.rule.clone() }
    }

    /// Whether both decide the same; the rules may differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.decision == other.decision && self.shadow == other.shadow
    }
}
