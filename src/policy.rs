//! What is permitted: from a `policy.json` to a model that cannot hold nonsense, and what it says of a name.
//!
//! * [`document`]: the policy as its author wrote it
//! * [`compile`](compile::compile): from there to the model, with every mistake
//! * [`model`]: what was meant
//! * [`pattern`]: names with `*`, and which entry decides
//!
//! Nothing here knows a request, a counter or a clock.

pub mod compile;
pub mod document;
pub mod model;
pub mod pattern;

pub use self::{
    compile::compile,
    model::{Denial, Entry, Limit, Policy, Rule, Scope, Stance},
};
