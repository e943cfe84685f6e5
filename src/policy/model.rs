//! What a policy means. Every value here is one that can be enforced.

mod caller;
mod definitions;
mod limit;
mod results;
mod rule;
mod work;

use std::{collections::HashMap, fmt, sync::Arc};

use super::{pattern::Table, uri};
use crate::{
    json::fold,
    window::{Algorithm, Window},
};

pub(super) use self::caller::reads_caller;
pub use self::{
    caller::CallerDenials,
    definitions::{ArgumentCheck, ArgumentRule, Definitions, OnDrift, Pin},
    limit::{Cost, Limit, LimitKey, Scope},
    results::{BuiltIn, Expression, Finder, MergedResults, Redaction, ResultRules, Treatment},
    rule::{Checks, Contents, Predicate, Rule},
};

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

/// What a policy says of a name.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'p> {
    /// It is hidden, which beats everything.
    Hidden,
    /// A rule decides.
    Rule(&'p Rule),
    /// No entry names it: the default decides.
    NoMatch,
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
    /// What the policy says of a tool.
    #[must_use]
    pub fn tool(&self, name: &str) -> Lookup<'_> {
        if self.hides(name) { Lookup::Hidden } else { look_up(&self.tools, name) }
    }

    /// Whether an entry of `tools` is this tool's own, or its definition is pinned.
    #[must_use]
    pub fn names_tool(&self, tool: &str) -> bool {
        self.tools.has_name(tool) || self.definitions().is_some_and(|definitions| definitions.pin(tool).is_some())
    }

    /// Whether a tool is hidden.
    #[must_use]
    pub fn hides(&self, tool: &str) -> bool {
        self.hidden.get(tool).is_some()
    }

    /// What the policy says of a prompt.
    #[must_use]
    pub fn prompt(&self, name: &str) -> Lookup<'_> {
        look_up(&self.prompts, name)
    }

    /// What the policy says of a resource.
    #[must_use]
    pub fn resource(&self, uri: &str) -> Lookup<'_> {
        look_up(&self.resources, &uri::normalize(uri))
    }

    /// Whether another entry decides on the part of a URI that some servers read alone, and no key is the whole URI.
    #[must_use]
    pub fn splits_resource(&self, uri: &str) -> bool {
        let whole = uri::normalize(uri);
        let Some(part) = uri::part_read_alone(&whole).filter(|_| !self.resources.has_name(&whole)) else {
            return false;
        };
        let entry = self.resources.get(part);
        entry.is_some_and(|entry| !self.resources.get(&whole).is_some_and(|other| std::ptr::eq(entry, other)))
    }

    /// Whether some resource whose URI begins with `front` could be read.
    #[must_use]
    pub fn permits_prefix(&self, front: &str, caller: &CallerDenials) -> bool {
        self.resources
            .any_with_prefix(&uri::normalize(front), |rule| self.may_allow(rule, caller))
            .unwrap_or(self.default == Effect::Allow)
    }

    /// Whether an entry with this rule lets some call of a caller through. One in shadow permits nothing that the default denies.
    #[must_use]
    pub fn may_allow(&self, rule: &Rule, caller: &CallerDenials) -> bool {
        match rule.mode {
            Mode::Enforce => !rule.never_allows() && !rule.denies_caller(caller),
            Mode::Shadow => self.default == Effect::Allow,
        }
    }

    /// The keys that fit a name, the one that decides first.
    #[must_use]
    pub fn matching_keys<'p>(&'p self, section: Section, name: &str) -> Vec<&'p str> {
        match section {
            Section::Hide => self.hidden.matching_keys(name),
            Section::Tools => self.tools.matching_keys(name),
            Section::Resources => {
                let keys = self.resources.matching_keys(&uri::normalize(name));
                keys.into_iter().map(|key| self.written_uri(key)).collect()
            }
            Section::Prompts => self.prompts.matching_keys(name),
        }
    }

    /// A key of `resources` as the policy writes it.
    #[must_use]
    pub fn written_uri<'p>(&'p self, key: &'p str) -> &'p str {
        self.written_uris.get(key).map_or(key, |written| written)
    }

    /// What the policy says of a whole method.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<&MethodRule> {
        self.methods.get(name)
    }

    /// The method of `methods` that a lenient server would take `name` for: equal only after trimming, folding case or
    /// leaving out control characters.
    #[must_use]
    pub fn folded_method(&self, name: &str) -> Option<&str> {
        if self.folded_methods.is_empty() {
            return None;
        }
        let known = self.folded_methods.get(&*folded(name))?;
        (**known != *name).then_some(known)
    }

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

/// A method's name without what lenient servers ignore: outer white space, case and control characters.
pub(super) fn folded(method: &str) -> Box<str> {
    let mut folded = Vec::with_capacity(method.len());
    fold::fold_into(method.trim_matches(|c: char| c.is_whitespace() || c.is_control()), &mut folded);
    // It is UTF-8, as every folded text.
    String::from_utf8(folded).unwrap_or_default().into()
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

fn look_up<'p>(table: &'p Table<Rule>, name: &str) -> Lookup<'p> {
    table.get(name).map_or(Lookup::NoMatch, Lookup::Rule)
}
