//! The step that compares the arguments of a tool's call with its pinned schema; product contract, section 12.

use super::{
    Authorizer, Denial, MessageDenial, denial_text,
    evaluate::{ModeTracer, Rules},
    lookup::{ResolvedTarget, too_much_work},
    target::TargetKind,
};
use crate::{
    budget::Work,
    config::NamedPolicy,
    engine::trace::{Step, Tracer},
    json::{Node, Value, ValueType},
    policy::{ArgumentCheck, ArgumentRule, Pin, Policy},
    store::Store,
};

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Arguments must fit the pinned schema where a rule of this mode, or the policy, says so. A tool without one has nothing that
    /// its arguments could be compared with, so its calls are denied.
    pub(super) fn check_arguments(
        &mut self,
        policy: &'p NamedPolicy,
        rules: &Rules<'_, 'p, '_>,
        work: &Work,
    ) -> Result<(), MessageDenial<'p>> {
        if !policy.policy.checks_arguments() {
            return Ok(());
        }
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: rules.mode, clock: self.config.clock };
        for target in rules.targets.iter().filter(|target| target.name.kind == TargetKind::Tool) {
            let Some(rule) = policy.policy.argument_rule(target.own_rule(), rules.mode) else { continue };
            if let Some(denial) = find_denial(&policy.policy, rule, target, work) {
                tracer.step(|| denial.step());
                return Err(denial.about(target.message));
            }
            tracer.step(|| {
                let check = rule.check.name();
                Step::new(&*rule.pointer, format!("the arguments fit the pinned schema (`{check}`)"))
            });
        }
        Ok(())
    }
}

/// The denial of a target whose arguments do not fit.
fn find_denial<'p>(
    policy: &'p Policy,
    rule: &'p ArgumentRule,
    target: &ResolvedTarget<'p, '_>,
    work: &Work,
) -> Option<Denial<'p>> {
    let pin = policy.definitions().and_then(|definitions| definitions.pin(target.name.name)).map(|(_, pin)| pin);
    let Some((pin, schema)) = pin.and_then(|pin: &Pin| Some((pin, pin.schema.as_ref()?))) else {
        return Some(Denial::denied(&*rule.pointer, denial_text::no_schema(&target.name)));
    };
    let Ok(arguments) = &target.arguments else { return Some(too_much_work(&target.name)) };
    // No arguments, and `null`, are an empty object.
    let none = Node { at: 0, value: Value::Object(Vec::new()) };
    let arguments = arguments.as_ref().filter(|node| node.value_type() == ValueType::Object).unwrap_or(&none);
    match schema.find_violation(arguments, rule.check == ArgumentCheck::Strict, work) {
        Ok(None) => None,
        Ok(Some(violation)) => Some(Denial::InvalidArguments {
            rule: [&*pin.pointer, "/schema", violation.keyword()].concat(),
            reason: denial_text::invalid_arguments(&target.name, &violation),
            violation: Box::new(violation),
        }),
        Err(_) => Some(too_much_work(&target.name)),
    }
}
