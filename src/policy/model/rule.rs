//! What one entry of a policy asks of a call.

use std::sync::Arc;

use super::{ArgumentCheck, ArgumentRule, CallerDenials, Cost, Limit, LimitKey, Mode, ResultRules};
use crate::policy::condition::Condition;

/// What one entry of a policy asks of a call.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Whether it is enforced.
    pub mode: Mode,
    /// The shared rules that it uses, in order.
    pub shared: Vec<Arc<Checks>>,
    /// Its own lists, which come after those of the shared rules.
    pub own: Checks,
    /// What the lists have, by [`Self::note_contents`].
    pub contents: Contents,
}

/// Which lists have entries, and what they do whatever the call. Each call asks, and each tool of a list, so it is found out once: for a
/// shared rule once for all entries that use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// `require`
    pub require: bool,
    /// `deny_if`
    pub deny_if: bool,
    /// `require_approval`
    pub approval: bool,
    /// `limits`
    pub limits: bool,
    /// Whether a condition or a limit reads arguments.
    pub arguments: bool,
    /// Whether arguments are compared with the pinned schema.
    pub schema: bool,
    /// Whether a predicate of `deny_if` has no condition, so that it denies every call.
    pub denies: bool,
    /// Whether a limit never has room.
    pub has_no_room: bool,
}

/// The lists of a rule, of an entry's own or of one that several entries use.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// Each must hold.
    pub require: Vec<Predicate>,
    /// One that holds denies.
    pub deny_if: Vec<Predicate>,
    /// One that holds asks for approval.
    pub approval: Vec<Predicate>,
    /// All must have room.
    pub limits: Vec<Limit>,
    /// What answers may hold.
    pub results: Option<ResultRules>,
    /// How arguments are compared with the pinned schema.
    pub arguments: Option<ArgumentRule>,
    /// What the lists have, by [`Self::note_contents`].
    pub contents: Contents,
}

/// Conditions that hold together, or not at all.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// Its place: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// All of them; none always hold.
    pub conditions: Vec<Condition>,
    /// The policy author's reason, which the agent gets.
    pub reason: Option<Box<str>>,
    /// How long an approval lives, in seconds; 60 to 86,400.
    pub expires: u32,
    /// Its number among the predicates that can deny a caller whatever it sends; `None` if it is not one.
    pub caller_index: Option<u32>,
}

impl Contents {
    /// What either has.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            require: self.require | other.require,
            deny_if: self.deny_if | other.deny_if,
            approval: self.approval | other.approval,
            limits: self.limits | other.limits,
            arguments: self.arguments | other.arguments,
            schema: self.schema | other.schema,
            denies: self.denies | other.denies,
            has_no_room: self.has_no_room | other.has_no_room,
        }
    }
}

impl Checks {
    /// Finds out what its lists have. Call it when they are complete.
    pub fn note_contents(&mut self) {
        let Self { require, deny_if, approval, limits, arguments, .. } = &*self;
        self.contents = Contents {
            require: !require.is_empty(),
            deny_if: !deny_if.is_empty(),
            approval: !approval.is_empty(),
            limits: !limits.is_empty(),
            arguments: self.finds_arguments(),
            schema: arguments.as_ref().is_some_and(|rule| rule.check > ArgumentCheck::Any),
            denies: deny_if.iter().any(|predicate| predicate.conditions.is_empty()),
            has_no_room: limits.iter().any(Limit::never_has_room),
        };
    }

    fn finds_arguments(&self) -> bool {
        let predicates = self.require.iter().chain(&self.deny_if).chain(&self.approval);
        let counts = |limit: &Limit| matches!(limit.key, Some(LimitKey::Arguments(_)));
        let costs = || self.limits.iter().any(|limit| matches!(limit.cost, Cost::Argument(_)) || counts(limit));
        predicates.flat_map(|predicate| &predicate.conditions).any(|condition| condition.args_path().is_some())
            || costs()
    }
}

impl Rule {
    /// Finds out what its lists have. Call it when they are complete.
    pub fn note_contents(&mut self) {
        self.own.note_contents();
        self.contents = self.checks().fold(Contents::default(), |all, checks| all.or(checks.contents));
    }

    /// Its lists: those of the shared rules, then its own.
    pub fn checks(&self) -> impl Iterator<Item = &Checks> {
        self.shared.iter().map(|shared| &**shared).chain([&self.own])
    }

    /// Each must hold.
    pub fn require(&self) -> impl Iterator<Item = &Predicate> {
        self.checks().flat_map(|checks| &checks.require)
    }

    /// One that holds denies.
    pub fn deny_if(&self) -> impl Iterator<Item = &Predicate> {
        self.checks().flat_map(|checks| &checks.deny_if)
    }

    /// One that holds asks for approval.
    pub fn approval(&self) -> impl Iterator<Item = &Predicate> {
        self.checks().flat_map(|checks| &checks.approval)
    }

    /// All must have room.
    pub fn limits(&self) -> impl Iterator<Item = &Limit> {
        self.checks().flat_map(|checks| &checks.limits)
    }

    /// What answers may hold.
    pub fn results(&self) -> impl Iterator<Item = &ResultRules> {
        self.checks().filter_map(|checks| checks.results.as_ref())
    }

    /// How arguments are compared with the pinned schema: the strictest that its lists say. `None` if they say nothing.
    #[must_use]
    pub fn arguments(&self) -> Option<&ArgumentRule> {
        self.checks().filter_map(|checks| checks.arguments.as_ref()).max_by_key(|rule| rule.check)
    }

    /// Whether it can ask for approval.
    #[must_use]
    pub fn asks_for_approval(&self) -> bool {
        self.contents.approval
    }

    /// Whether no call whatever passes. A rule in shadow denies nothing.
    #[must_use]
    pub fn denies_unconditionally(&self) -> bool {
        self.mode == Mode::Enforce && self.contents.denies
    }

    /// Whether no call whatever passes: it denies without a condition, or a limit never has room.
    #[must_use]
    pub fn never_allows(&self) -> bool {
        self.mode == Mode::Enforce && (self.contents.denies || self.contents.has_no_room)
    }

    /// Whether it denies a caller whatever it sends. A rule in shadow denies nothing.
    #[must_use]
    pub fn denies_caller(&self, caller: &CallerDenials) -> bool {
        let denies = |predicate: &Predicate| predicate.caller_index.is_some_and(|index| caller.has(index));
        !caller.is_empty() && self.mode == Mode::Enforce && self.require().chain(self.deny_if()).any(denies)
    }

    /// Whether it looks at arguments.
    #[must_use]
    pub fn reads_arguments(&self) -> bool {
        self.contents.arguments
    }
}
