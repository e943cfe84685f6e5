//! A policy as its author wrote it, one to one with the JSON; product contract, sections 1.1 to 1.3.
//!
//! Reading it checks shapes: keys, types, words, ranges. What the parts mean together is for
//! [`compile`](super::compile::compile).

mod definitions;
mod limit;
mod predicate;
mod results;
mod rule;

use crate::json::cursor::{Cursor, Keys};

use super::model::{ArgumentCheck, Effect, Mode};

pub use self::{
    definitions::{DEFINITION_KEYS, Definitions, MAX_DIGESTS, Pin},
    limit::{LIMIT_KEYS, Limit, RATE_KEYS, Rate},
    predicate::{APPROVAL_KEYS, CONDITION_KEYS, DEFAULT_EXPIRES, PATH_WITHIN_KEYS, PREDICATE_KEYS, Predicate},
    results::{DEFAULT_MAX_RESULT_BYTES, DEFAULT_REPLACEMENT, FINDER_KEYS, REDACTION_KEYS, RESULTS_KEYS, Results},
    rule::{Action, Checks, RULE_KEYS, Rule, SHARED_RULE_KEYS},
};

/// A policy document.
#[derive(Debug)]
pub struct Policy<'w, 'a> {
    /// `default`
    pub default: Effect,
    /// `mode`
    pub mode: Mode,
    /// `hide`
    pub hide: Vec<Name<'w, 'a>>,
    /// `rules`
    pub shared_rules: Vec<(Name<'w, 'a>, Checks<'w, 'a>)>,
    /// `all_tools`
    pub all_tools: Option<Rule<'w, 'a>>,
    /// `tools`
    pub tools: Vec<(Name<'w, 'a>, Rule<'w, 'a>)>,
    /// `resources`
    pub resources: Vec<(Name<'w, 'a>, Rule<'w, 'a>)>,
    /// `prompts`
    pub prompts: Vec<(Name<'w, 'a>, Rule<'w, 'a>)>,
    /// `methods`
    pub methods: Vec<(Name<'w, 'a>, Effect)>,
    /// `definitions`, `on_drift` and `unpinned`
    pub definitions: Option<Definitions<'w, 'a>>,
    /// `arguments`
    pub arguments: Option<(Cursor<'w, 'a>, ArgumentCheck)>,
}

/// A name or pattern, and its place in the document.
#[derive(Debug)]
pub struct Name<'w, 'a> {
    /// The name.
    pub text: &'w str,
    /// Its place, for complaints.
    pub at: Cursor<'w, 'a>,
}

/// The keys of a policy.
pub const POLICY_KEYS: Keys = Keys {
    known: &[
        "version",
        "default",
        "description",
        "hide",
        "rules",
        "all_tools",
        "tools",
        "resources",
        "prompts",
        "methods",
        "definitions",
        "on_drift",
        "unpinned",
        "arguments",
        "mode",
    ],
};

/// Bytes of a name, a URI or a pattern: no call names anything longer.
const MAX_NAME: usize = 8192;

const EFFECTS: [(&str, Effect); 2] = [("allow", Effect::Allow), ("deny", Effect::Deny)];
const MODES: [(&str, Mode); 2] = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow)];

impl<'w, 'a> Policy<'w, 'a> {
    /// Reads a policy; `None` if it is not an object. What is wrong or missing is reported, and read as its default, so that all
    /// other mistakes are found as well.
    pub fn read(at: &Cursor<'w, 'a>) -> Option<Self> {
        let fields = at.fields(POLICY_KEYS)?;
        if let Some(version) = fields.required("version") {
            version.index_of(&["1"]);
        }
        let default = fields.required("default").and_then(|default| default.choice(&EFFECTS));
        if let Some(description) = fields.get("description") {
            description.string();
        }
        let mode = read_mode(fields.get("mode"));
        let hide = fields.get("hide").and_then(|hide| hide.items()).unwrap_or_default();
        let hide = hide.into_iter().filter_map(Name::read).collect();
        let shared_rules = read_entries(fields.get("rules"), Checks::read);
        let all_tools = fields.get("all_tools").and_then(|rule| Rule::read(&rule));
        let tools = read_entries(fields.get("tools"), Rule::read);
        let resources = read_entries(fields.get("resources"), Rule::read);
        let prompts = read_entries(fields.get("prompts"), Rule::read);
        let methods = fields.get("methods").and_then(|methods| methods.entries()).unwrap_or_default();
        let methods = methods.into_iter().filter_map(|(text, at)| {
            let effect = at.choice(&EFFECTS)?;
            Some((Name { text, at }.check()?, effect))
        });
        let methods = methods.collect();
        Some(Self {
            default: default.unwrap_or(Effect::Deny),
            mode: mode.unwrap_or_default(),
            hide,
            shared_rules,
            all_tools,
            tools,
            resources,
            prompts,
            methods,
            definitions: Definitions::read(&fields),
            arguments: definitions::read_arguments(&fields),
        })
    }
}

/// A map of names to rules.
fn read_entries<'w, 'a, R>(
    at: Option<Cursor<'w, 'a>>,
    read: fn(&Cursor<'w, 'a>) -> Option<R>,
) -> Vec<(Name<'w, 'a>, R)> {
    let entries = at.and_then(|at| at.entries()).unwrap_or_default();
    let rules = entries.into_iter().filter_map(|(text, at)| {
        let rule = read(&at)?;
        Some((Name { text, at }.check()?, rule))
    });
    rules.collect()
}

/// Reads `mode`, of a policy or of a rule.
pub fn read_mode(at: Option<Cursor<'_, '_>>) -> Option<Mode> {
    at.map_or(Some(Mode::Enforce), |mode| mode.choice(&MODES))
}

impl<'w, 'a> Name<'w, 'a> {
    fn read(at: Cursor<'w, 'a>) -> Option<Self> {
        let text = at.string()?;
        Self { text, at }.check()
    }

    fn check(self) -> Option<Self> {
        if self.text.len() > MAX_NAME {
            self.at.report(format!("the name is longer than {MAX_NAME} bytes, which no call can have"));
            return None;
        }
        if self.text.is_empty() {
            self.at.report("the name is empty; write a name, or a pattern such as `get_*`");
            return None;
        }
        Some(self)
    }
}
