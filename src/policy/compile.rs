//! Compiles a policy document into the model, and reports every contradiction.

mod definitions;
mod observed;
mod resource;
mod results;
mod rule;
mod shared;

use std::collections::HashMap;

use crate::{json::cursor::Cursor, mcp::Method};

use super::{
    document::{self, Name},
    model::{Effect, MethodRule, Mode, Policy, Rule, folded},
    pattern::{Pattern, Table},
    uri,
};

use self::rule::Compiler;

/// Patterns that one policy may have; product contract, section 1. Each costs time in every call that no name matches.
const MAX_PATTERNS: usize = 1000;

/// The front of the methods that carry the URI of a resource, so that `methods` cannot open them: entries do.
pub const RESOURCE_METHODS: &str = "resources/";
/// The other methods that carry a name.
pub const NAMED_METHODS: [&str; 3] = ["tools/call", "prompts/get", "completion/complete"];

/// Compiles the policy at `at`; `None` if anything is wrong with it, which is then reported.
#[inline(never)]
pub fn compile(at: &Cursor<'_, '_>) -> Option<Policy> {
    let document = document::Policy::read(at)?;
    let document::Policy { hide, tools, resources, prompts, .. } = &document;
    let entries = [tools, resources, prompts].into_iter().flatten().map(|(name, _)| name);
    let patterns = hide.iter().chain(entries).filter(|name| Pattern::new(name.text).is_some()).count();
    if patterns > MAX_PATTERNS {
        at.report(format!("more than {MAX_PATTERNS} patterns; write names out, or fewer and wider patterns"));
    }
    // Of so many, which would take long to sort, the other mistakes are reported all the same.
    let key = |text: String| if patterns > MAX_PATTERNS { text.replace('*', "") } else { text };
    let mut compiler = Compiler::new(at, &document);
    let mut shared = shared::SharedRules::new(&document.shared_rules, &compiler);
    let all_tools =
        document.all_tools.as_ref().map(|rule| compiler.compile_rule(rule, &mut shared)).unwrap_or_default();
    let mut table = |entries: &[(Name<'_, '_>, document::Rule<'_, '_>)], form: fn(&str) -> String| {
        let rules = entries.iter().map(|(name, rule)| (key(form(name.text)), compiler.compile_rule(rule, &mut shared)));
        Table::new(rules.collect::<Vec<_>>(), Rule::denies_unconditionally)
    };
    let written_uris = resource::map_uri_keys(resources, &document.shared_rules);
    let tools = table(tools, str::to_owned);
    let resources = table(resources, |uri| uri::normalize(uri).into_owned());
    let prompts = table(prompts, str::to_owned);
    let methods = document.methods.iter().map(|(name, stance)| {
        check_method(name, *stance);
        (name.text.into(), MethodRule { pointer: compiler.pointer(&name.at), effect: *stance })
    });
    let methods: HashMap<Box<str>, MethodRule> = methods.collect();
    let folded_methods = methods.keys().map(|name| (folded(name), name.clone())).collect();
    let hidden = Table::new(hide.iter().map(|name| (key(name.text.to_owned()), ())), |()| true);
    let rules = [&tools, &resources, &prompts].into_iter().flat_map(Table::entries);
    let asks_for_approval = rules.chain([&all_tools]).any(Rule::asks_for_approval);
    let rules = [&tools, &resources, &prompts].into_iter().flat_map(Table::entries);
    let rules: Vec<&Rule> = [&all_tools].into_iter().chain(rules).collect();
    let results = results::collect(&rules, Mode::Enforce, at);
    let shadow_results = results::collect(&rules, Mode::Shadow, at);
    let arguments = document.arguments.as_ref().map(|arguments| compiler.compile_arguments(arguments));
    let checks_arguments = definitions::checks_arguments(&rules, arguments.as_ref());
    definitions::report_misplaced([&resources, &prompts], at);
    let mut policy = Policy {
        default: document.default,
        mode: document.mode,
        hidden,
        shared_rules: shared.used(),
        all_tools,
        tools,
        resources,
        written_uris,
        prompts,
        methods,
        folded_methods,
        asks_for_approval,
        claims: Vec::new(),
        definitions: document.definitions.map(|pins| definitions::compile(pins, checks_arguments, &compiler)),
        arguments,
        checks_arguments,
        results,
        shadow_results,
        caller_predicates: compiler.caller_predicates(),
        observed: Vec::new(),
    };
    observed::note_observed(&mut policy, at, &compiler);
    Some(policy)
}

fn check_method(name: &Name<'_, '_>, stance: Effect) {
    if name.text.contains('*') {
        name.at.report("a method is written out; patterns are for tools, prompts and resources");
    }
    if let Some(known) = Method::folded_match(name.text) {
        // Otherwise the filter would refuse every `known`, for this key would be the method and `known` its spelling.
        name.at.report(format!("MCP spells this method `{known}`; write that"));
    }
    let named = NAMED_METHODS.contains(&name.text) || name.text.starts_with(RESOURCE_METHODS);
    if stance == Effect::Allow && named {
        let (method, place) = (name.text, "`tools`, `prompts` or `resources`");
        name.at.report(format!("`{method}` carries a name, so {place} open it; here it can only be denied"));
    }
}
