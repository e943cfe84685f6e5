//! Pinned definitions: what a server's lists must say of a tool.

use std::collections::HashMap;

use super::{Effect, Mode, Policy, Rule};
use crate::{
    budget::Work,
    digest::Digest,
    policy::{look_alike::LookAlikes, schema::Schema},
};

/// The tools whose definitions are pinned.
#[derive(Clone, Debug)]
pub struct Definitions {
    /// In the order of the text, each with its tool.
    pub(in crate::policy) pins: Vec<(Box<str>, Pin)>,
    /// The place of each tool's pin. One type of map for all names keeps the module small.
    pub(in crate::policy) places: HashMap<Box<str>, usize>,
    pub(in crate::policy) look_alikes: LookAlikes,
    /// What a definition that differs from its pin brings about.
    pub on_drift: OnDrift,
    /// What happens to tools without a pin: `Allow` leaves them to rules and default.
    pub unpinned: Effect,
}

/// One pinned definition.
#[derive(Clone, Debug)]
pub struct Pin {
    /// Its number, below [`Definitions::count`].
    pub number: usize,
    /// Its place: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// The definition has one of these digests: one to eight.
    pub digests: Box<[Digest]>,
    /// What arguments must fit; `None` if the pin has none, or if no rule asks for it.
    pub schema: Option<Box<Schema>>,
}

/// How arguments are compared with the pinned schema, the strictest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArgumentCheck {
    /// They are not.
    Any,
    /// They must fit it.
    Declared,
    /// Besides, they hold nothing that it does not name.
    Strict,
}

/// `arguments` of a rule or of the policy.
#[derive(Clone, Debug)]
pub struct ArgumentRule {
    /// Its place: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// What it says.
    pub check: ArgumentCheck,
}

/// What a definition that differs from its pin brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDrift {
    /// Lists do not show it, and calls of the tool are denied.
    Deny,
    /// It is reported.
    Report,
}

impl ArgumentCheck {
    /// Each by its name in a policy.
    pub const NAMED: [(&str, Self); 3] = [("any", Self::Any), ("declared", Self::Declared), ("strict", Self::Strict)];

    /// Its name in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Declared => "declared",
            Self::Strict => "strict",
        }
    }
}

/// How arguments are compared with pinned schemas.
impl Policy {
    /// `arguments` of the policy, for tools whose rule says nothing of it.
    #[must_use]
    pub fn arguments(&self) -> Option<&ArgumentRule> {
        self.arguments.as_ref()
    }

    /// Whether some rule, or the policy, has arguments compared with pinned schemas.
    #[must_use]
    pub fn checks_arguments(&self) -> bool {
        self.checks_arguments
    }

    /// How the rules of one mode have the arguments of a tool's call compared with its pinned schema: the tool's own rule, else the
    /// policy, and `all_tools` besides; the strictest counts. `None` if they are not compared. `own` is the rule of the tool's entry,
    /// whatever its mode: one in shadow takes nothing from what the policy enforces.
    #[must_use]
    pub fn argument_rule<'p>(&'p self, own: Option<&'p Rule>, mode: Mode) -> Option<&'p ArgumentRule> {
        if !self.checks_arguments {
            return None;
        }
        let of_mode = |rule: &&'p Rule| rule.mode == mode;
        let said = own.filter(of_mode).and_then(Rule::arguments);
        let default = self.arguments.as_ref().filter(|_| mode == Mode::Enforce);
        let all = Some(&self.all_tools).filter(of_mode).and_then(Rule::arguments);
        said.or(default)
            .into_iter()
            .chain(all)
            .max_by_key(|rule| rule.check)
            .filter(|rule| rule.check > ArgumentCheck::Any)
    }

    /// Whether the rules of some mode have the arguments of a tool's call compared with its pinned schema; see [`Self::argument_rule`].
    #[must_use]
    pub fn compares_arguments(&self, own: Option<&Rule>) -> bool {
        let is_compared = |mode| self.argument_rule(own, mode).is_some();
        [Mode::Enforce, Mode::Shadow].into_iter().any(is_compared)
    }

    /// Whether every call of a tool is denied, since it has no pin and needs one, or since its arguments are to be compared with a schema
    /// that it does not have.
    #[must_use]
    pub fn lacks_pin(&self, tool: &str, own: Option<&Rule>) -> bool {
        let definitions = self.definitions();
        let pin = || definitions.and_then(|definitions| definitions.pin(tool));
        let needs_pin = definitions.is_some_and(|definitions| definitions.unpinned == Effect::Deny);
        needs_pin && pin().is_none()
            || self.argument_rule(own, Mode::Enforce).is_some() && pin().is_none_or(|(_, pin)| pin.schema.is_none())
    }
}

impl Definitions {
    /// The pin of a tool, with the tool's name.
    #[must_use]
    pub fn pin(&self, tool: &str) -> Option<(&str, &Pin)> {
        self.pins.get(*self.places.get(tool)?).map(|(name, pin)| (&**name, pin))
    }

    /// The pinned name for which people or programs could take `tool`, which is not pinned itself. What takes more than a look
    /// into a table is charged to `work`.
    #[must_use]
    pub fn look_alike(&self, tool: &str, work: &Work) -> Option<&str> {
        self.pins.get(self.look_alikes.find(tool, work)?).map(|(name, _)| &**name)
    }

    /// The number of pinned tools.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pins.len()
    }

    /// All pinned tools, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Pin)> {
        self.pins.iter().map(|(name, pin)| (&**name, pin))
    }
}
