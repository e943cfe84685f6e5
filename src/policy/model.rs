//! What a policy means. Every value here is one that can be enforced.

mod caller;
mod definitions;
mod limit;
mod lookup;
mod results;
mod rule;
mod work;

use std::{collections::HashMap, fmt, sync::Arc};

use super::pattern::Table;
use crate::window::{Algorithm, Window};

pub use self::{
    caller::CallerDenials,
    definitions::{ArgumentCheck, ArgumentRule, Definitions, OnDrift, Pin},
    limit::{Cost, Limit, LimitKey, Scope},
    lookup::Lookup,
    results::{BuiltIn, Expression, Finder, MergedResults, Redaction, ResultRules, Treatment},
    rule::{Checks, Contents, Predicate, Rule},
};
pub(super) use self::{caller::reads_caller, lookup::folded};

/// A compiled policy.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) default: Effect,
    pub(super) mode: Mode,
    pub(super) hidden: Table<()>,
    /// Those of `rules` that an entry uses, each once.
    pub(super) shared_rules: Vec<Arc<Checks>>,
    pub(super) all_tools: Rule,
    pub(super) tools: Table<Rule>,
    /// By the form in which URIs are compared.
    pub(super) resources: Table<Rule>,
    /// The keys of `resources` that were written in another form, by the one in which they are compared.
    pub(super) written_uris: HashMap<Box<str>, Box<str>>,
    pub(super) prompts: Table<Rule>,
    pub(super) methods: HashMap<Box<str>, MethodRule>,
    /// The methods of `methods`, by their name after case folding.
    pub(super) folded_methods: HashMap<Box<str>, Box<str>>,
    /// Whether some rule has `require_approval`.
    pub(super) asks_for_approval: bool,
    /// The pinned definitions, if there are any.
    pub(super) definitions: Option<Box<Definitions>>,
    /// `arguments`: for tools whose rule says nothing of it.
    pub(super) arguments: Option<ArgumentRule>,
    /// Whether some rule, or the policy, has arguments compared with pinned schemas.
    pub(super) checks_arguments: bool,
    /// `results` of the rules that are enforced, as many as it takes to have each of their finders, for answers whose call is
    /// not known.
    pub(super) results: Vec<ResultRules>,
    /// The same of the rules in shadow.
    pub(super) shadow_results: Vec<ResultRules>,
    /// The claims that conditions read, by their top-level names.
    pub(super) claims: Vec<Box<str>>,
    /// The predicates that can deny a caller whatever it sends.
    pub(super) caller_predicates: u32,
    /// The counters that conditions read.
    pub(super) observed: Vec<ObservedCounter>,
}

/// A counter that conditions read, as the limits that name it count.
#[derive(Clone, Debug)]
pub struct ObservedCounter {
    /// Its name.
    pub name: Box<str>,
    /// The length of the window.
    pub window: Window,
    /// How the count is forgotten.
    pub algorithm: Algorithm,
    /// Whose calls count together.
    pub scope: Scope,
}

/// A part of a policy whose keys are names or patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `hide`
    Hide,
    /// `tools`
    Tools,
    /// `resources`
    Resources,
    /// `prompts`
    Prompts,
}

/// Whether something passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It passes.
    Allow,
    /// It is denied.
    Deny,
}

/// Whether a verdict is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    #[default]
    Enforce,
    /// It is only reported.
    Shadow,
}

/// What `methods` says of one method.
#[derive(Clone, Debug)]
pub struct MethodRule {
    /// Its place: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// Whether the method passes.
    pub effect: Effect,
}

/// As a policy names it.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "`allow`",
            Self::Deny => "`deny`",
        })
    }
}

impl Policy {
    /// Whether some rule can ask for approval.
    #[must_use]
    pub fn asks_for_approval(&self) -> bool {
        self.asks_for_approval
    }

    /// Whether a rule on this tool can ask for approval.
    #[must_use]
    pub fn asks_about_tool(&self, name: &str) -> bool {
        let asks = |rule: &Rule| rule.approval().next().is_some();
        self.asks_for_approval
            && (asks(self.all_tools()) || matches!(self.tool(name), Lookup::Rule(rule) if asks(rule)))
    }

    /// The pinned definitions of tools, if the policy has them.
    #[must_use]
    pub fn definitions(&self) -> Option<&Definitions> {
        self.definitions.as_deref()
    }

    /// The claims that conditions read, by their top-level names.
    #[must_use]
    pub fn claims(&self) -> &[Box<str>] {
        &self.claims
    }

    /// The counters that conditions read.
    #[must_use]
    pub fn observed(&self) -> &[ObservedCounter] {
        &self.observed
    }

    /// `results` of the rules of one mode, as many as it takes to have each of their finders, for answers whose call is not known.
    #[must_use]
    pub fn results(&self, mode: Mode) -> &[ResultRules] {
        match mode {
            Mode::Enforce => &self.results,
            Mode::Shadow => &self.shadow_results,
        }
    }

    /// Whether some rule says what answers may hold.
    #[must_use]
    pub fn has_results(&self) -> bool {
        !self.results.is_empty() || !self.shadow_results.is_empty()
    }

    /// The entries of `methods`, in no order.
    pub fn methods(&self) -> impl Iterator<Item = (&str, &MethodRule)> {
        self.methods.iter().map(|(name, rule)| (&**name, rule))
    }

    /// The rule that every tool call has to pass besides its own.
    #[must_use]
    pub fn all_tools(&self) -> &Rule {
        &self.all_tools
    }

    /// All limits of all rules, in no order; those of a shared rule once.
    pub fn limits(&self) -> impl Iterator<Item = &Limit> {
        self.checks().flat_map(|checks| &checks.limits)
    }

    /// The lists of all rules, in no order; those of a shared rule once.
    pub fn checks(&self) -> impl Iterator<Item = &Checks> {
        let tables = [&self.tools, &self.resources, &self.prompts].into_iter().flat_map(Table::entries);
        let own = [&self.all_tools].into_iter().chain(tables).map(|rule| &rule.own);
        self.shared_rules.iter().map(|shared| &**shared).chain(own)
    }

    /// What happens to what no entry names.
    #[must_use]
    pub fn default(&self) -> Effect {
        self.default
    }

    /// Whether the policy is enforced.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

impl Section {
    /// Its key in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Prompts => "prompts",
        }
    }
}

/// Its parts, for those who look at a policy as a whole.
impl Policy {
    /// The entries of `hide`.
    #[must_use]
    pub fn hidden(&self) -> &Table<()> {
        &self.hidden
    }

    /// The entries of `tools`.
    #[must_use]
    pub fn tools(&self) -> &Table<Rule> {
        &self.tools
    }

    /// The entries of `prompts`.
    #[must_use]
    pub fn prompts(&self) -> &Table<Rule> {
        &self.prompts
    }

    /// The entries of `resources`.
    #[must_use]
    pub fn resources(&self) -> &Table<Rule> {
        &self.resources
    }
}
