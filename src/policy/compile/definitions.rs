//! `definitions` and `arguments`: pins, and what arguments are compared with.

use crate::{
    json::cursor::Cursor,
    policy::{
        document,
        look_alike::LookAlikes,
        model::{ArgumentCheck, ArgumentRule, Definitions, Pin, Rule},
        pattern::Table,
    },
};

use super::rule::Compiler;

/// Compiles pins. Schemas are kept if something has arguments compared with them.
pub(super) fn compile(
    document: document::Definitions<'_, '_>,
    checks_arguments: bool,
    compiler: &Compiler,
) -> Box<Definitions> {
    let pins = document.pins.into_iter().enumerate().map(|(number, (name, pin))| {
        let schema = pin.schema.filter(|_| checks_arguments);
        (name.text.into(), Pin { number, pointer: compiler.pointer(&name.at), digests: pin.digests.into(), schema })
    });
    let pins: Vec<(Box<str>, Pin)> = pins.collect();
    Box::new(Definitions {
        places: pins.iter().map(|(name, pin)| (name.clone(), pin.number)).collect(),
        look_alikes: LookAlikes::new(pins.iter().map(|(name, _)| &**name)),
        pins,
        on_drift: document.on_drift,
        unpinned: document.unpinned,
    })
}

/// Whether some rule, or the policy, has arguments compared with pinned schemas.
pub(super) fn checks_arguments(rules: &[&Rule], policy: Option<&ArgumentRule>) -> bool {
    let said = rules.iter().filter_map(|rule| rule.arguments()).chain(policy);
    said.map(|rule| rule.check).max() > Some(ArgumentCheck::Any)
}

/// Reports `arguments` of entries that are not tools: only tools have pinned definitions.
pub(super) fn report_misplaced(tables: [&Table<Rule>; 2], at: &Cursor<'_, '_>) {
    for rule in tables.into_iter().flat_map(Table::entries).filter_map(Rule::arguments) {
        let place = at.at_pointer(&rule.pointer);
        place.as_ref().unwrap_or(at).report("`arguments` is for tools, whose definitions are pinned; remove it here");
    }
}
