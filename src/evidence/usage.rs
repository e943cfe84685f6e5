//! A policy for what a log shows to be used: what passed, at the rates at which it passed.
//!
//! A call that was refused is a probe or a mistake, so nothing is permitted because of it; nor is what shadow mode would have
//! refused. Unverified callers can be anyone, so their calls count only where that is asked for.

mod policy;
mod rates;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;

use std::collections::{BTreeMap, HashSet};

use crate::{
    identity::{Grant, SourceKind},
    mcp::{MAX_NAME, Method},
    text::MAX_CHARS,
    time::Timestamp,
};

pub use self::policy::Row;
use self::rates::Rates;

use super::{
    log_line::{self, Found},
    ordered::{Dated, Ordered},
    record::Record,
};

/// What a log shows to be used.
#[derive(Debug, Default)]
pub struct Usage {
    options: Options,
    calls: Ordered,
    targets: BTreeMap<Target, TargetUsage>,
    methods: BTreeMap<String, u64>,
    rates: Rates,
    callers: HashSet<String>,
    span: Option<(Timestamp, Timestamp)>,
    passed: u64,
    counts: LeftOut,
    policies: BTreeMap<String, u64>,
}

/// Which calls count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Also those of callers whose identity is not verified.
    pub all_callers: bool,
    /// Only those that this policy decided on.
    pub policy: Option<String>,
}

/// What a policy names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A tool.
    Tool(String),
    /// A resource, by its URI.
    Resource(String),
    /// A prompt.
    Prompt(String),
}

/// How a target was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetUsage {
    /// The calls that passed.
    pub calls: u64,
    /// Those that an approver approved.
    pub approved: u64,
}

/// Records that do not count, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LeftOut {
    refused: u64,
    in_shadow: u64,
    unverified: u64,
    /// These count, but records do not say whether clients have chosen the address.
    by_address: u64,
    of_another_policy: u64,
    unnamable: u64,
    beyond: u64,
    subscriptions: u64,
    batches: u64,
}

/// Names that a policy is suggested for.
const MAX_TARGETS: usize = 10_000;
/// Callers that are counted.
const MAX_CALLERS: usize = 100_000;

impl Usage {
    /// Counts the calls that `options` let count.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// Takes the next line of the log.
    pub fn add_line(&mut self, line: &str) {
        let Found::Records(found) = log_line::find(line) else { return };
        for found in found {
            let Some(mut record) = Record::read(&found.record) else { continue };
            record.forget_answer_in_shadow();
            if let Some(call) = self.calls.push(record, found.context) {
                self.add(call);
            }
        }
    }

    /// The log has ended.
    pub fn finish(&mut self) {
        while let Some(call) = self.calls.pop() {
            self.add(call);
        }
        self.rates.finish();
    }

    fn add(&mut self, Dated { at, record, .. }: Dated) {
        if !record.is_of_a_decision() {
            return;
        }
        let counter = match &record {
            other if self.options.policy.as_ref().is_some_and(|policy| *policy != other.policy) => {
                Some(&mut self.counts.of_another_policy)
            }
            refused if !refused.is_allowed() => Some(&mut self.counts.refused),
            shadow if shadow.shadow.is_some() => Some(&mut self.counts.in_shadow),
            unverified if !self.options.all_callers && !Grant::from_name(&unverified.grant).is_verified() => {
                Some(&mut self.counts.unverified)
            }
            _ => None,
        };
        if let Some(counter) = counter {
            *counter = counter.saturating_add(1);
            return;
        }
        self.passed = self.passed.saturating_add(1);
        if SourceKind::of_grant(&record.grant) == Some(SourceKind::Address) {
            add_one(&mut self.counts.by_address);
        }
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        let of_policy = self.policies.entry(record.policy.clone()).or_default();
        *of_policy = of_policy.saturating_add(1);
        if self.callers.len() < MAX_CALLERS && !self.callers.contains(&record.grant) {
            self.callers.insert(record.grant.clone());
        }
        self.add_target(at, record);
    }

    fn add_target(&mut self, at: Timestamp, record: Record) {
        let approved = record.approval.as_ref().is_some_and(|approval| !approval.approver.is_empty());
        let (is_namable, Record { method, tool, grant, .. }) = (is_namable(&record), record);
        let target = match &*method {
            "tools/call" => Target::Tool(tool),
            "prompts/get" => Target::Prompt(tool),
            "resources/read" | "resources/subscribe" => Target::Resource(tool),
            "subscriptions/listen" => return add_one(&mut self.counts.subscriptions),
            "(batch)" => return add_one(&mut self.counts.batches),
            // Requests without a message pass under every policy.
            bodiless if bodiless.starts_with('(') => return,
            odd if !is_namable_method(odd) => return add_one(&mut self.counts.unnamable),
            _ if self.methods.len() < MAX_TARGETS => return add_one(self.methods.entry(method).or_default()),
            _ => return add_one(&mut self.counts.beyond),
        };
        if !is_namable {
            return add_one(&mut self.counts.unnamable);
        }
        if self.targets.len() >= MAX_TARGETS && !self.targets.contains_key(&target) {
            return add_one(&mut self.counts.beyond);
        }
        self.rates.add(&target, &grant, at);
        let usage = self.targets.entry(target).or_default();
        usage.calls = usage.calls.saturating_add(1);
        usage.approved = usage.approved.saturating_add(u64::from(approved));
    }

    /// How many calls count.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// The policies that decided on them, by their names.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.policies.keys().map(String::as_str)
    }
}

fn add_one(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// Whether a policy can name what was called: an exact key, neither cut nor a pattern.
fn is_namable(record: &Record) -> bool {
    let name = &record.tool;
    let is_plain = !name.is_empty() && !name.contains('*') && !name.contains(char::is_control);
    is_plain && !record.has_long_target() && name.len() <= MAX_NAME
}

/// Whether a policy can name a method: neither cut nor a pattern, nor one that only a lenient server takes for a method of MCP.
fn is_namable_method(method: &str) -> bool {
    !method.contains('*') && method.chars().count() < MAX_CHARS && Method::folded_match(method).is_none()
}
