//! A rule as it is written; product contract, section 1.2.

use crate::{
    json::cursor::{Cursor, Fields, Keys},
    policy::model::{ArgumentCheck, Mode},
};

use super::{Limit, Predicate, Rate, Results, definitions::read_arguments, predicate, read_mode};

/// The rule document of an entry.
#[derive(Debug)]
pub struct Rule<'w, 'a> {
    /// Its place.
    pub at: Cursor<'w, 'a>,
    /// `mode`
    pub mode: Mode,
    /// `use`: the names of shared rules.
    pub uses: Vec<(Cursor<'w, 'a>, &'w str)>,
    /// Its own lists.
    pub checks: Checks<'w, 'a>,
    /// `action`
    pub action: Option<(Cursor<'w, 'a>, Action)>,
    /// `rate_limit`
    pub rate_limit: Option<Rate<'w, 'a>>,
    /// `reason`
    pub reason: Option<(Cursor<'w, 'a>, &'w str)>,
}

/// The lists of a rule. A rule of `rules`, which entries share, has nothing else.
#[derive(Debug)]
pub struct Checks<'w, 'a> {
    /// `require`
    pub require: Vec<Predicate<'w, 'a>>,
    /// `deny_if`
    pub deny_if: Vec<Predicate<'w, 'a>>,
    /// `require_approval`
    pub require_approval: Vec<Predicate<'w, 'a>>,
    /// `limits`
    pub limits: Option<(Cursor<'w, 'a>, Vec<Limit<'w, 'a>>)>,
    /// `results`
    pub results: Option<Results<'w, 'a>>,
    /// `arguments`
    pub arguments: Option<(Cursor<'w, 'a>, ArgumentCheck)>,
}

/// The short form of what a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Lets the call through.
    Allow,
    /// Denies it.
    Deny,
    /// Asks for approval.
    RequireApproval,
}

/// The keys of a rule.
pub const RULE_KEYS: Keys = Keys {
    known: &[
        "require",
        "deny_if",
        "require_approval",
        "limits",
        "results",
        "arguments",
        "use",
        "mode",
        "action",
        "rate_limit",
        "reason",
    ],
};
/// The keys of a rule of `rules`.
pub const SHARED_RULE_KEYS: Keys =
    Keys { known: &["require", "deny_if", "require_approval", "limits", "results", "arguments"] };

/// Names in one `use`: each is looked at in every call.
const MAX_USES: usize = 16;

const ACTIONS: [(&str, Action); 3] =
    [("allow", Action::Allow), ("deny", Action::Deny), ("require_approval", Action::RequireApproval)];

impl<'w, 'a> Rule<'w, 'a> {
    pub(super) fn read(at: &Cursor<'w, 'a>) -> Option<Self> {
        let fields = at.fields(RULE_KEYS)?;
        let action = fields.get("action").and_then(|action| action.choice(&ACTIONS).map(|chosen| (action, chosen)));
        let reason = fields.get("reason").and_then(|reason| reason.string().map(|text| (reason, text)));
        let rate_limit = fields.get("rate_limit").and_then(|rate| Rate::read(&rate));
        Some(Self {
            at: *at,
            uses: fields.get("use").map(|uses| read_names(&uses)).unwrap_or_default(),
            checks: Checks::of(&fields),
            mode: read_mode(fields.get("mode"))?,
            action,
            rate_limit,
            reason,
        })
    }
}

impl<'w, 'a> Checks<'w, 'a> {
    /// Reads a rule of `rules`.
    pub(super) fn read(at: &Cursor<'w, 'a>) -> Option<Self> {
        at.fields(SHARED_RULE_KEYS).map(|fields| Self::of(&fields))
    }

    fn of(fields: &Fields<'w, 'a>) -> Self {
        let predicates = |key: &str, form: predicate::Form| -> Vec<Predicate<'w, 'a>> {
            let items = fields.get(key).and_then(|list| list.items()).unwrap_or_default();
            items.iter().filter_map(|item| Predicate::read(item, form)).collect()
        };
        let limits = fields.get("limits").and_then(|list| {
            let limits = list.items()?.iter().filter_map(Limit::read).collect();
            Some((list, limits))
        });
        Self {
            require: predicates("require", predicate::Form::Require),
            deny_if: predicates("deny_if", predicate::Form::DenyIf),
            require_approval: predicates("require_approval", predicate::Form::Approval),
            limits,
            results: fields.get("results").and_then(|results| Results::read(&results)),
            arguments: read_arguments(fields),
        }
    }

    /// All its predicates.
    pub(in crate::policy) fn predicates(&self) -> impl Iterator<Item = &Predicate<'w, 'a>> {
        self.require.iter().chain(&self.deny_if).chain(&self.require_approval)
    }
}

/// The names in `use`.
fn read_names<'w, 'a>(at: &Cursor<'w, 'a>) -> Vec<(Cursor<'w, 'a>, &'w str)> {
    let items = at.items().unwrap_or_default();
    if items.len() > MAX_USES {
        at.report(format!("a rule uses at most {MAX_USES} others; put their lists into fewer rules"));
        return Vec::new();
    }
    let mut names: Vec<(Cursor<'w, 'a>, &'w str)> = Vec::new();
    for item in items {
        let Some(name) = item.string() else { continue };
        if names.iter().any(|(_, other)| *other == name) {
            item.report("the name is repeated; keep one");
        } else {
            names.push((item, name));
        }
    }
    names
}
