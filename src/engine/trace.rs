//! The steps of a decision, for `explain` and for failed cases.

/// Receives the steps of a decision. The request path uses [`NoTrace`], which builds no text.
pub trait Tracer {
    /// Receives a step; it is built only if it is kept.
    fn step(&mut self, step: impl FnOnce() -> Step);
}

/// Keeps no step.
#[derive(Clone, Copy, Debug)]
pub struct NoTrace;

impl Tracer for NoTrace {
    fn step(&mut self, _: impl FnOnce() -> Step) {}
}

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule it belongs to: a JSON pointer into the policy, or a name in parentheses.
    pub rule: String,
    /// What was evaluated, and the result.
    pub text: String,
}

impl Step {
    /// A step that belongs to `rule`.
    pub fn new(rule: impl Into<String>, text: impl Into<String>) -> Self {
        Self { rule: rule.into(), text: text.into() }
    }

    /// The step as one of a rule that only reports.
    #[must_use]
    pub fn in_shadow(self) -> Self {
        Self { text: format!("in shadow: {}", self.text), ..self }
    }
}

impl Tracer for &mut Vec<Step> {
    fn step(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}
