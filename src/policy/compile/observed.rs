//! What conditions read besides arguments, in the whole policy: the claims of tokens, and counters. A limit has to declare each
//! counter.

use crate::{
    json::cursor::Cursor,
    policy::{
        condition::{Condition, Operand},
        model::{Checks, ObservedCounter, Policy},
        path::{Root, Segment},
    },
};

use super::rule::Compiler;

/// Claims that the conditions of one policy read, by their top-level names, and counters likewise: each request looks for them.
const MAX_NAMES: usize = 64;

/// What conditions of a policy read.
#[derive(Default)]
struct Observed {
    claims: Vec<Box<str>>,
    counters: Vec<ObservedCounter>,
}

/// Notes what the conditions of the policy at `at` read. Reports counters that no limit of the policy counts.
pub(super) fn note_observed(policy: &mut Policy, at: &Cursor<'_, '_>, compiler: &Compiler) {
    let mut observed = Observed::default();
    policy.checks().for_each(|checks| observed.add(checks, at, compiler));
    (policy.claims, policy.observed) = (observed.claims, observed.counters);
}

impl Observed {
    #[inline(never)]
    fn add(&mut self, checks: &Checks, at: &Cursor<'_, '_>, compiler: &Compiler) {
        for predicates in [&checks.require, &checks.deny_if, &checks.approval] {
            for predicate in predicates {
                for (index, condition) in predicate.conditions.iter().enumerate() {
                    let Err(reason) = self.add_condition(condition, compiler) else { continue };
                    let member = if matches!(condition.operand(), Operand::Counter(_)) { "counter" } else { "path" };
                    let pointer = format!("{}/conditions/{index}/{member}", predicate.pointer);
                    at.at_pointer(&pointer).unwrap_or(*at).report(reason);
                }
            }
        }
    }

    fn add_condition(&mut self, condition: &Condition, compiler: &Compiler) -> Result<(), String> {
        match condition.operand() {
            Operand::Counter(name) if self.counters.iter().any(|known| known.name == *name) => {}
            Operand::Counter(name) => {
                check_count(self.counters.len())?;
                self.counters.push(compiler.observed(name)?);
            }
            Operand::Path(path) => {
                let (Root::Caller, [_, Segment::Key(name), ..]) = (path.root(), path.segments()) else { return Ok(()) };
                if !self.claims.iter().any(|known| **known == **name) {
                    check_count(self.claims.len())?;
                    self.claims.push(name.as_str().into());
                }
            }
        }
        Ok(())
    }
}

fn check_count(count: usize) -> Result<(), String> {
    if count < MAX_NAMES {
        Ok(())
    } else {
        Err("the policy reads more than 64 claims or counters; read fewer".to_owned())
    }
}
