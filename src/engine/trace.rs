//! What a decision saw on its way, for those who ask why.

/// Takes notes. The request path brings one that takes none, and pays for no text.
pub trait Witness {
    /// A step, and the rule it belongs to.
    fn note(&mut self, rule: &str, text: impl FnOnce() -> String);
}

/// Takes no notes.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Witness for Nobody {
    fn note(&mut self, _: &str, _: impl FnOnce() -> String) {}
}

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule it belongs to: a JSON pointer into the policy, or a name in parentheses.
    pub rule: String,
    /// What was looked at, and what came of it.
    pub text: String,
}

impl Witness for &mut Vec<Step> {
    fn note(&mut self, rule: &str, text: impl FnOnce() -> String) {
        self.push(Step { rule: rule.to_owned(), text: text() });
    }
}
