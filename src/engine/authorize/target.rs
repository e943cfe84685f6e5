//! What a call is about, and the rules that speak of it.

use std::{borrow::Cow, fmt};

use crate::{
    json::{Member, Node, Reader, Value, pointer},
    mcp::{Target, list::ListKind as Listed},
    policy::{Effect, Lookup, Mode, Policy, Rule, Section, uri},
};

use super::{Denial, verdict};
use crate::engine::trace::{NoTrace, Step, Tracer};

/// Something with a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct TargetName<'m> {
    kind: TargetKind,
    pub(super) name: &'m str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TargetKind {
    Tool,
    Prompt,
    Resource,
}

/// A subject with its rules and the arguments they look at.
#[derive(Debug)]
pub(super) struct ResolvedTarget<'p, 'm> {
    pub(super) subject: TargetName<'m>,
    pub(super) arguments: Option<Node<'m>>,
    rules: [Option<&'p Rule>; 2],
    /// What refuses the subject though rules in shadow speak of it.
    default_denial: Option<Denial<'p>>,
}

impl<'m> TargetName<'m> {
    /// All that a target names.
    pub(super) fn all(target: &'m Target<'_>) -> impl Iterator<Item = Self> {
        let (kind, names) = match target {
            Target::Tool(name) => (TargetKind::Tool, std::slice::from_ref(name)),
            Target::Prompt(name) => (TargetKind::Prompt, std::slice::from_ref(name)),
            Target::Resource(uri) => (TargetKind::Resource, std::slice::from_ref(uri)),
            Target::Resources(uris) => (TargetKind::Resource, uris.as_slice()),
            Target::Nothing | Target::Task(_) => (TargetKind::Tool, &[][..]),
        };
        names.iter().map(move |name: &Cow<'_, str>| Self { kind, name })
    }

    /// The rule of the entry that decides; `None` where nothing is asked.
    pub(super) fn rule<'p, W: Tracer>(
        &self,
        policy: &'p Policy,
        witness: &mut W,
    ) -> Result<Option<&'p Rule>, Denial<'p>> {
        let entry = match self.kind {
            TargetKind::Tool => policy.tool(self.name),
            TargetKind::Prompt => policy.prompt(self.name),
            TargetKind::Resource if uri::is_ambiguous(self.name) || policy.splits_resource(self.name) => {
                let ambiguous = verdict::ambiguous_uri(self);
                witness.step(|| ambiguous.step());
                return Err(ambiguous);
            }
            TargetKind::Resource => policy.resource(self.name),
        };
        witness.step(|| self.decided_by(entry, policy));
        match (entry, policy.default()) {
            (Lookup::Hidden, _) => Err(verdict::hidden(self)),
            (Lookup::Rule(rule), _) => Ok(Some(rule)),
            (Lookup::NoMatch, Effect::Deny) => Err(verdict::default_deny(self)),
            (Lookup::NoMatch, Effect::Allow) => Ok(None),
        }
    }

    /// Which entry decides, and which others fit.
    fn decided_by(&self, entry: Lookup<'_>, policy: &Policy) -> Step {
        let section = match (entry, self.kind) {
            (Lookup::Hidden, _) => Section::Hide,
            (_, TargetKind::Tool) => Section::Tools,
            (_, TargetKind::Prompt) => Section::Prompts,
            (_, TargetKind::Resource) => Section::Resources,
        };
        let keys = policy.matching_keys(section, self.name);
        match (entry, keys.split_first()) {
            (Lookup::Hidden, Some((key, _))) => Step::new("(hidden)", format!("`{key}` in `hide` fits {self}")),
            (Lookup::Rule(_), Some((key, others))) => {
                let kind = if key.contains('*') { "pattern" } else { "key" };
                let besides: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
                let besides = match besides.len() {
                    0 => String::new(),
                    _ => format!("; what {} says counts for nothing", besides.join(" or ")),
                };
                let pointer = pointer::member(&format!("/{}", section.name()), key);
                Step::new(pointer, format!("the {kind} `{key}` decides on {self}{besides}"))
            }
            _ => {
                let default = policy.default();
                let rule = if default == Effect::Deny { "(default deny)" } else { "/default" };
                Step::new(rule, format!("no entry names {self}; `default` is {default}"))
            }
        }
    }
}

/// Whether some call of a tool, use of a prompt or reading of a resource could get through, as far as rules tell.
pub(in crate::engine) fn is_permitted(policy: &Policy, listed: Listed, name: &str) -> bool {
    let kind = match listed {
        Listed::Tools => TargetKind::Tool,
        Listed::Prompts => TargetKind::Prompt,
        Listed::Resources => TargetKind::Resource,
        Listed::Templates => match name.split_once('{') {
            Some((front, _)) => return !uri::is_ambiguous_prefix(front) && policy.permits_prefix(front),
            None => TargetKind::Resource,
        },
    };
    let rule = TargetName { kind, name }.rule(policy, &mut NoTrace);
    let all = (kind == TargetKind::Tool).then(|| policy.all_tools());
    let is_open = |rule: Option<&Rule>| rule.is_none_or(|rule| policy.permits_some(rule));
    rule.is_ok_and(is_open) && all.is_none_or(|all| !all.never_allows())
}

impl<'p, 'm> ResolvedTarget<'p, 'm> {
    /// Looks up what a policy says of a subject.
    pub(super) fn new<W: Tracer>(
        subject: TargetName<'m>,
        policy: &'p Policy,
        arguments: Option<&'m [u8]>,
        witness: &mut W,
    ) -> Result<Self, Denial<'p>> {
        let own = subject.rule(policy, witness)?;
        // A rule in shadow permits nothing: what the default denies stays denied.
        let shadow = own.is_some_and(|rule| rule.mode == Mode::Shadow);
        let refused = (shadow && policy.default() == Effect::Deny).then(|| verdict::default_deny(&subject));
        if refused.is_some() {
            witness.step(|| Step::new("(default deny)", "the entry is in shadow, so it permits nothing"));
        }
        let all = (subject.kind == TargetKind::Tool).then_some(policy.all_tools());
        let rules = [own, all];
        let reads = rules.iter().flatten().any(|rule| rule.reads_arguments());
        let arguments = match (reads, subject.kind, arguments) {
            (false, _, _) => None,
            (true, TargetKind::Resource, _) => Some(uri_arguments(uri::normalize(subject.name))),
            (true, _, None) => None,
            (true, _, Some(bytes)) => Some(read_arguments(bytes).ok_or(Denial::Internal)?),
        };
        Ok(Self { subject, arguments, rules, default_denial: refused })
    }

    /// The rules of one mode, the subject's own before `all_tools`.
    pub(super) fn rules(&self, mode: Mode) -> impl Iterator<Item = &'p Rule> {
        self.rules.into_iter().flatten().filter(move |rule| rule.mode == mode)
    }

    /// What refuses it whatever the enforced rules say.
    pub(super) fn default_denial(&self) -> Option<Denial<'p>> {
        self.default_denial.clone()
    }
}

/// Arguments that the strict reader has accepted, as a tree.
fn read_arguments(bytes: &[u8]) -> Option<Node<'_>> {
    let mut reader = Reader::new(bytes, u32::MAX).ok()?;
    Node::read(&mut reader).ok()
}

/// `{"uri": …}`: what rules on a resource look at, in the form in which URIs are compared.
fn uri_arguments(uri: Cow<'_, str>) -> Node<'_> {
    let node = Node { at: 0, value: Value::String(uri) };
    Node { at: 0, value: Value::Object(vec![Member { at: 0, name: "uri".into(), node }]) }
}

impl fmt::Display for TargetName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            TargetKind::Tool => "tool",
            TargetKind::Prompt => "prompt",
            TargetKind::Resource => "resource",
        };
        write!(f, "the {kind} `{}`", self.name)
    }
}
