//! What a policy says about a name: the entry that decides, and its rules.

use std::borrow::Cow;

use crate::{
    budget::{MAX_VALUES, TooMuchWork},
    json::{Member, Node, Reader, Reason, Value, pointer},
    mcp::{Request, list::ListKind},
    policy::{CallerDenials, Effect, Lookup, Mode, Policy, Rule, Section, pattern::Precision, uri},
};

use super::{
    Denial, denial_text,
    target::{TargetKind, TargetName},
};
use crate::engine::trace::{NoTrace, Step, Tracer};

/// A name that no entry hides and the default does not deny, with its rules and the arguments that they read.
#[derive(Debug)]
pub(super) struct ResolvedTarget<'p, 'm> {
    pub(super) name: TargetName<'m>,
    /// The index of its message.
    pub(super) message: usize,
    /// Its method, and the bytes of its parameters.
    pub(super) call: (&'m str, &'m [u8]),
    /// The arguments, if a rule reads them; an error if they hold more values than rules read.
    pub(super) arguments: Result<Option<Node<'m>>, TooMuchWork>,
    rules: [Option<&'p Rule>; 2],
    /// The default's denial, if only a rule in shadow names the target.
    default_denial: Option<Denial<'p>>,
}

impl<'p, 'm> ResolvedTarget<'p, 'm> {
    /// Looks a target up.
    ///
    /// # Errors
    /// `(ambiguous uri)`, `(hidden)` or `(default deny)`.
    pub(super) fn new<W: Tracer>(
        name: TargetName<'m>,
        message: usize,
        policy: &'p Policy,
        request: &'m Request<'_>,
        tracer: &mut W,
    ) -> Result<Self, Denial<'p>> {
        let own = find_rule(&name, policy, tracer).map_err(|unruled| unruled.deny(&name))?;
        let default_denial = default_denial(&name, own, policy, tracer);
        let all = (name.kind == TargetKind::Tool).then_some(policy.all_tools());
        let rules = [own, all];
        let reads = rules.iter().flatten().any(|rule| rule.reads_arguments())
            || name.kind == TargetKind::Tool && policy.compares_arguments(own);
        let arguments = match (reads, name.kind, request.arguments) {
            (false, _, _) => Ok(None),
            (true, TargetKind::Resource, _) => Ok(Some(uri_arguments(uri::normalize(name.name)))),
            (true, _, None) => Ok(None),
            (true, _, Some(bytes)) => read_arguments(bytes)?.map(Some),
        };
        let call = (&*request.method, request.params);
        Ok(Self { name, message, call, arguments, rules, default_denial })
    }

    /// The rule of the entry that names the target.
    pub(super) fn own_rule(&self) -> Option<&'p Rule> {
        self.rules.first().copied().flatten()
    }

    /// The rules of one mode, the target's own before `all_tools`.
    pub(super) fn rules(&self, mode: Mode) -> impl Iterator<Item = &'p Rule> {
        self.rules.iter().filter_map(move |rule| rule.filter(|rule| rule.mode == mode))
    }

    /// The denial by the default, if the entry that names the target is in shadow.
    pub(super) fn default_denial(&self) -> Option<Denial<'p>> {
        self.default_denial.clone()
    }
}

/// The work that the search for the entry that decides on a target takes at most.
pub(super) fn search_work(target: &TargetName<'_>, policy: &Policy) -> usize {
    let section = match target.kind {
        TargetKind::Tool => Section::Tools,
        TargetKind::Prompt => Section::Prompts,
        TargetKind::Resource => Section::Resources,
    };
    policy.search_work(section, target.name, Precision::Rough)
}

/// The denial of a target whose rules take too much work.
pub(super) fn too_much_work<'p>(target: &TargetName<'_>) -> Denial<'p> {
    Denial::denied("(too much to check)", denial_text::too_much_work(target))
}

/// Why a target is denied before any rule of its own: without the text of the denial, since a list asks for each of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unruled {
    /// Servers may read the URI in different ways.
    AmbiguousUri,
    /// `hide` names the tool.
    Hidden,
    /// No entry names the target, and the default denies it.
    Default,
}

impl Unruled {
    pub(super) fn deny<'p>(self, target: &TargetName<'_>) -> Denial<'p> {
        match self {
            Self::AmbiguousUri => Denial::denied("(ambiguous uri)", denial_text::ambiguous_uri(target)),
            Self::Hidden => Denial::denied("(hidden)", denial_text::hidden(target)),
            Self::Default => Denial::denied("(default deny)", denial_text::default_deny(target)),
        }
    }
}

/// The rule of the entry that decides; `None` if no entry names the target and the default allows it.
pub(super) fn find_rule<'p, W: Tracer>(
    target: &TargetName<'_>,
    policy: &'p Policy,
    tracer: &mut W,
) -> Result<Option<&'p Rule>, Unruled> {
    let entry = match target.kind {
        TargetKind::Tool => policy.tool(target.name),
        TargetKind::Prompt => policy.prompt(target.name),
        TargetKind::Resource if uri::is_ambiguous(target.name) || policy.splits_resource(target.name) => {
            tracer.step(|| Unruled::AmbiguousUri.deny(target).step());
            return Err(Unruled::AmbiguousUri);
        }
        TargetKind::Resource => policy.resource(target.name),
    };
    tracer.step(|| describe_entry(target, entry, policy));
    match (entry, policy.default()) {
        (Lookup::Hidden, _) => Err(Unruled::Hidden),
        (Lookup::Rule(rule), _) => Ok(Some(rule)),
        (Lookup::NoMatch, Effect::Deny) => Err(Unruled::Default),
        (Lookup::NoMatch, Effect::Allow) => Ok(None),
    }
}

/// The denial by the default, if the entry that names the target is in shadow: that permits nothing which the default denies.
pub(super) fn default_denial<'p, W: Tracer>(
    target: &TargetName<'_>,
    own: Option<&Rule>,
    policy: &Policy,
    tracer: &mut W,
) -> Option<Denial<'p>> {
    if policy.default() == Effect::Allow || own?.mode == Mode::Enforce {
        return None;
    }
    tracer.step(|| Step::new("(default deny)", "the entry is in shadow, so it permits nothing"));
    Some(Unruled::Default.deny(target))
}

/// Whether some call of a tool, use of a prompt or reading of a resource could pass for a caller, as far as rules tell.
pub(in crate::engine) fn is_permitted(policy: &Policy, caller: &CallerDenials, listed: ListKind, name: &str) -> bool {
    let kind = match listed {
        ListKind::Tools => TargetKind::Tool,
        ListKind::Prompts => TargetKind::Prompt,
        ListKind::Resources => TargetKind::Resource,
        ListKind::Templates => match name.split_once('{') {
            Some((front, _)) => return !uri::is_ambiguous_prefix(front) && policy.permits_prefix(front, caller),
            None => TargetKind::Resource,
        },
    };
    let rule = find_rule(&TargetName { kind, name }, policy, &mut NoTrace);
    let all = (kind == TargetKind::Tool).then(|| policy.all_tools());
    let is_open = |rule: Option<&Rule>| {
        let lacks_pin = kind == TargetKind::Tool && policy.lacks_pin(name, rule);
        !lacks_pin && rule.is_none_or(|rule| policy.may_allow(rule, caller))
    };
    rule.is_ok_and(is_open) && all.is_none_or(|all| !all.never_allows() && !all.denies_caller(caller))
}

/// The work that [`is_permitted`] takes at most.
pub(in crate::engine) fn entry_work(policy: &Policy, listed: ListKind, name: &str) -> usize {
    let section = match listed {
        ListKind::Tools => Section::Tools,
        ListKind::Prompts => Section::Prompts,
        ListKind::Resources => Section::Resources,
        ListKind::Templates => match name.split_once('{') {
            Some((front, _)) => return policy.prefix_work(front),
            None => Section::Resources,
        },
    };
    policy.search_work(section, name, Precision::Exact)
}

/// Which entry decides, and which other entries match.
fn describe_entry(target: &TargetName<'_>, entry: Lookup<'_>, policy: &Policy) -> Step {
    let section = match (entry, target.kind) {
        (Lookup::Hidden, _) => Section::Hide,
        (_, TargetKind::Tool) => Section::Tools,
        (_, TargetKind::Prompt) => Section::Prompts,
        (_, TargetKind::Resource) => Section::Resources,
    };
    let keys = policy.matching_keys(section, target.name);
    match (entry, keys.split_first()) {
        (Lookup::Hidden, Some((key, _))) => Step::new("(hidden)", format!("`{key}` in `hide` matches {target}")),
        (Lookup::Rule(_), Some((key, others))) => {
            let kind = if key.contains('*') { "pattern" } else { "key" };
            let ignored: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
            let ignored = match &*ignored {
                [] => String::new(),
                [one] => format!("; {one} does not apply"),
                several => format!("; {} do not apply", several.join(" and ")),
            };
            let pointer = pointer::member(&format!("/{}", section.name()), key);
            Step::new(pointer, format!("the {kind} `{key}` applies to {target}{ignored}"))
        }
        _ => {
            let default = policy.default();
            let rule = if default == Effect::Deny { "(default deny)" } else { "/default" };
            Step::new(rule, format!("no entry matches {target}; `default` is {default}"))
        }
    }
}

/// Arguments that the strict reader has accepted, as a tree; the inner error if they hold more than [`MAX_VALUES`].
fn read_arguments<'m>(bytes: &'m [u8]) -> Result<Result<Node<'m>, TooMuchWork>, Denial<'static>> {
    let mut reader = Reader::new(bytes, u32::MAX).map_err(|_| Denial::Internal)?;
    let mut left = MAX_VALUES;
    match Node::read_at_most(&mut reader, &mut left) {
        Ok(node) => Ok(Ok(node)),
        Err(fault) if fault.reason == Reason::TooMany => Ok(Err(TooMuchWork)),
        Err(_) => Err(Denial::Internal),
    }
}

/// `{"uri": …}`: the arguments that a resource's rules read, in the form in which URIs are compared.
fn uri_arguments(uri: Cow<'_, str>) -> Node<'_> {
    let node = Node { at: 0, value: Value::String(uri) };
    Node { at: 0, value: Value::Object(vec![Member { at: 0, name: "uri".into(), node }]) }
}
