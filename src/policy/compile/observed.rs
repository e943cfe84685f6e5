//! What conditions read besides arguments, in the whole policy: the claims of tokens, and counters. A limit has to declare each
//! counter.

use crate::policy::{
    condition::{Condition, Operand},
    document,
    model::ObservedCounter,
    path::{Root, Segment},
};

use super::rule::Compiler;

/// Claims that the conditions of one policy read, by their top-level names, and counters likewise: each request looks for them.
const MAX_NAMES: usize = 64;

/// What conditions of a policy read.
#[derive(Default)]
pub(super) struct Observed {
    /// The top-level names of claims.
    pub(super) claims: Vec<Box<str>>,
    pub(super) counters: Vec<ObservedCounter>,
}

impl Observed {
    /// Takes the conditions of a rule. Reports counters that no limit of the policy counts.
    pub(super) fn add(&mut self, checks: &document::Checks<'_, '_>, compiler: &Compiler) {
        for predicates in [&checks.require, &checks.deny_if, &checks.require_approval] {
            for predicate in predicates {
                for (index, condition) in predicate.conditions.iter().enumerate() {
                    if let Err(reason) = self.add_condition(condition, compiler) {
                        let place = predicate.at.at_pointer(&["/conditions/", &index.to_string()].concat());
                        place.unwrap_or(predicate.at).report(reason);
                    }
                }
            }
        }
    }

    fn add_condition(&mut self, condition: &Condition, compiler: &Compiler) -> Result<(), String> {
        let (count, what) = match condition.operand() {
            Operand::Counter(name) => {
                if !self.counters.iter().any(|known| known.name == *name) {
                    self.counters.push(compiler.observed(name)?);
                }
                (self.counters.len(), "counters")
            }
            Operand::Path(path) => match (path.root(), path.segments()) {
                (Root::Caller, [_, Segment::Key(name), ..]) => {
                    if !self.claims.iter().any(|known| **known == **name) {
                        self.claims.push(name.as_str().into());
                    }
                    (self.claims.len(), "claims")
                }
                _ => return Ok(()),
            },
        };
        if count <= MAX_NAMES {
            Ok(())
        } else {
            Err(format!("the policy reads more than {MAX_NAMES} {what}; read fewer"))
        }
    }
}
