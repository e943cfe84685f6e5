//! A rule as it is written; product contract, section 1.2.

use crate::{
    json::cursor::{Cursor, Keys},
    policy::model::Mode,
};

use super::{Limit, Predicate, Rate, predicate, read_mode};

/// A rule document.
#[derive(Debug)]
pub struct Rule<'w, 'a> {
    /// Its place.
    pub at: Cursor<'w, 'a>,
    /// `mode`
    pub mode: Mode,
    /// `require`
    pub require: Vec<Predicate<'w, 'a>>,
    /// `deny_if`
    pub deny_if: Vec<Predicate<'w, 'a>>,
    /// `require_approval`
    pub require_approval: Vec<Predicate<'w, 'a>>,
    /// `limits`
    pub limits: Option<(Cursor<'w, 'a>, Vec<Limit<'w, 'a>>)>,
    /// `action`
    pub action: Option<(Cursor<'w, 'a>, Action)>,
    /// `rate_limit`
    pub rate_limit: Option<Rate<'w, 'a>>,
    /// `reason`
    pub reason: Option<(Cursor<'w, 'a>, &'w str)>,
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
pub const RULE: Keys =
    Keys { known: &["require", "deny_if", "require_approval", "limits", "mode", "action", "rate_limit", "reason"] };

const ACTIONS: [(&str, Action); 3] =
    [("allow", Action::Allow), ("deny", Action::Deny), ("require_approval", Action::RequireApproval)];

impl<'w, 'a> Rule<'w, 'a> {
    pub(super) fn read(at: &Cursor<'w, 'a>) -> Option<Self> {
        let fields = at.fields(RULE)?;
        let predicates = |key: &str, form: predicate::Form| -> Vec<Predicate<'w, 'a>> {
            let items = fields.get(key).and_then(|list| list.items()).unwrap_or_default();
            items.iter().filter_map(|item| Predicate::read(item, form)).collect()
        };
        let limits = fields.get("limits").and_then(|list| {
            let limits = list.items()?.iter().filter_map(Limit::read).collect();
            Some((list, limits))
        });
        let action = fields.get("action").and_then(|action| action.choice(&ACTIONS).map(|chosen| (action, chosen)));
        let reason = fields.get("reason").and_then(|reason| reason.string().map(|text| (reason, text)));
        let rate_limit = fields.get("rate_limit").and_then(|rate| Rate::read(&rate));
        Some(Self {
            at: *at,
            require: predicates("require", predicate::Form::Require),
            deny_if: predicates("deny_if", predicate::Form::DenyIf),
            require_approval: predicates("require_approval", predicate::Form::Approval),
            limits,
            mode: read_mode(fields.get("mode"))?,
            action,
            rate_limit,
            reason,
        })
    }
}
