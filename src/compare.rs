//! What one configuration permits that another does not.
//!
//! * [`compare`]: all differences, from options to single rules
//! * `names`: which entries decide on the same names in both policies
//! * `effective`: what an entry, `all_tools`, `default` and `methods` together ask of a call
//! * `rules`: two of these side by side; `implication`: whether one condition holds wherever another does; `witness`, with
//!   `samples`: a call that shows a difference
//! * `methods`: which methods pass; `definitions`: which tools are pinned; `members`: which members of an option differ
//! * `counters`: calls that share a counter with a call that is decided otherwise
//!
//! A difference is certain where names, limits or comparable conditions differ, and possible (`may`) where only the calls
//! themselves could tell. Where nothing is reported, every call is decided alike, but for those that are too much to check.

mod counters;
mod definitions;
mod effective;
mod implication;
mod members;
mod methods;
mod names;
mod options;
mod results;
mod rules;
mod samples;
mod witness;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::{
    config::Config,
    json,
    policy::{Mode, Policy},
};

use self::{
    effective::Effective,
    names::{NameClass, name_classes},
    options::Pair,
};

/// A difference between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whether the new configuration permits more or less.
    pub direction: Direction,
    /// Whether there are such calls, or may be.
    pub is_certain: bool,
    /// The policy; empty for an option of the whole configuration.
    pub policy: String,
    /// Whose calls, by the bindings that select the policy; empty if all are bound to it.
    pub callers: Vec<String>,
    /// What calls reach: `the tool `pay``; several where the same holds of them.
    pub targets: Vec<String>,
    /// What differs.
    pub what: String,
}

/// Whether more is permitted, or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The new configuration permits calls that the old one does not.
    Wider,
    /// The old configuration permits calls that the new one does not.
    Narrower,
}

/// What a policy's entries are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tool,
    Prompt,
    Resource,
}

/// Compares two configurations, each given with its text. With `tools`, the names that a server lists, only these
/// tools are compared.
#[must_use]
pub fn compare(old: (&Config, &[u8]), new: (&Config, &[u8]), tools: Option<&[String]>) -> Vec<Difference> {
    let mut differences = Vec::new();
    let documents = [old.1, new.1].map(|text| json::parse(text, Config::MAX_DEPTH).ok());
    let pairs = options::compare([old.0, new.0], documents.each_ref().map(Option::as_ref), &mut differences);
    for Pair { old, new, name, callers } in pairs {
        let mut found = Findings { policy: name, callers, differences: Vec::new() };
        compare_policies(old, new, tools, &mut found);
        differences.extend(found.differences);
    }
    merge(differences)
}

/// The differences of one pair of policies.
struct Findings {
    policy: String,
    callers: Vec<String>,
    differences: Vec<Difference>,
}

impl Findings {
    fn add(&mut self, target: &str, finding: rules::Finding) {
        let rules::Finding { direction, is_certain, what } = finding;
        let (policy, callers) = (self.policy.clone(), self.callers.clone());
        let targets = vec![target.to_owned()];
        self.differences.push(Difference { direction, is_certain, policy, callers, targets, what });
    }

    /// A difference in both directions that only calls could show.
    fn may(&mut self, target: &str, what: &str) {
        for direction in [Direction::Wider, Direction::Narrower] {
            self.add(target, rules::Finding { direction, is_certain: false, what: what.to_owned() });
        }
    }
}

fn compare_policies(old: &Policy, new: &Policy, tools: Option<&[String]>, found: &mut Findings) {
    match (old.mode(), new.mode()) {
        (Mode::Shadow, Mode::Shadow) => return,
        (Mode::Enforce, Mode::Shadow) => {
            return found.add("every call", rules::Finding::new(Direction::Wider, "the policy only reports (`mode`)"));
        }
        (Mode::Shadow, Mode::Enforce) => {
            return found
                .add("every call", rules::Finding::new(Direction::Narrower, "the policy is enforced (`mode`)"));
        }
        (Mode::Enforce, Mode::Enforce) => {}
    }
    let mut sides = Vec::new();
    let (mut old_reach, mut new_reach) = (Reach::default(), Reach::default());
    for kind in [Kind::Tool, Kind::Prompt, Kind::Resource] {
        let listed = tools.filter(|_| kind == Kind::Tool);
        for class in name_classes(old, new, kind, listed) {
            let NameClass { target, outcomes, is_certain } = class;
            let [old, new] =
                [(old, outcomes.0), (new, outcomes.1)].map(|(policy, outcome)| Effective::new(policy, kind, outcome));
            old_reach.add(kind, is_certain, &old);
            new_reach.add(kind, is_certain, &new);
            let findings = rules::compare(kind, &old, &new);
            let differs = !findings.is_empty();
            for finding in findings {
                found.add(&target, rules::Finding { is_certain: finding.is_certain && is_certain, ..finding });
            }
            sides.push(counters::TargetCounters::new(target, differs, &old, &new));
        }
    }
    for target in counters::affected(&sides) {
        found.may(target, "shares a counter with calls that are decided otherwise");
    }
    // Which entry decides on the part of a URI before `?` or `#` depends on all keys.
    if !old.resources().keys().eq(new.resources().keys()) {
        found.may("resources whose URI has `?` or `#`", "other keys decide on the part before it");
    }
    methods::compare([old, new], [&old_reach, &new_reach], found);
    definitions::compare(old, new, found);
}

/// What the entries of one policy let pass, be it under conditions.
#[derive(Debug, Default)]
struct Reach {
    resource: Extent,
    prompt_reference: Extent,
    resource_reference: Extent,
}

/// Whether there is something that passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// There is nothing.
    #[default]
    Nothing,
    /// No name is known that passes, and there may be one.
    Perhaps,
    /// There is a name that passes.
    Something,
}

impl Reach {
    fn add(&mut self, kind: Kind, is_certain: bool, side: &Effective<'_>) {
        let extent = |passes: bool| match (passes, is_certain) {
            (false, _) => Extent::Nothing,
            (true, false) => Extent::Perhaps,
            (true, true) => Extent::Something,
        };
        let references = extent(!side.denies_references);
        match kind {
            Kind::Tool => {}
            Kind::Prompt => self.prompt_reference = self.prompt_reference.max(references),
            Kind::Resource => {
                self.resource = self.resource.max(extent(side.denied.is_none()));
                self.resource_reference = self.resource_reference.max(references);
            }
        }
    }
}

/// Merges differences that say the same about several targets.
fn merge(differences: Vec<Difference>) -> Vec<Difference> {
    let mut merged: Vec<Difference> = Vec::new();
    for difference in differences {
        let same = merged.iter_mut().find(|other| {
            (other.direction, other.is_certain) == (difference.direction, difference.is_certain)
                && (&other.policy, &other.callers, &other.what)
                    == (&difference.policy, &difference.callers, &difference.what)
        });
        match same {
            Some(other) => other.targets.extend(difference.targets),
            None => merged.push(difference),
        }
    }
    merged.sort_by_key(|difference| (difference.direction, !difference.is_certain));
    merged
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        })
    }
}
