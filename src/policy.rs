//! What is permitted: from a `policy.json` to a model that cannot hold nonsense, and what it says of a name.
//!
//! * [`document`]: the policy as its author wrote it
//! * [`compile`](compile::compile): from there to the model, with every contradiction
//! * [`model`]: what was meant
//! * [`pattern`]: names with `*`, and which entry decides
//! * [`schema`]: what a pinned definition says of arguments
//! * [`look_alike`]: names that could be taken for a pinned one
//! * [`uri`]: the form in which URIs are compared, and those that servers may read differently
//! * [`condition`] and [`path`]: what a rule asks of arguments, of a caller, of a time and of counters
//!
//! Nothing here knows a request, a counter or a clock.

pub mod compile;
pub mod condition;
pub mod document;
pub mod look_alike;
pub mod model;
pub mod path;
pub mod pattern;
#[cfg(not(target_os = "wasi"))]
pub mod policy_json;
pub mod schema;
pub mod uri;

pub use self::{
    compile::compile,
    model::{
        ArgumentCheck, ArgumentRule, BuiltIn, CallerDenials, Checks, Contents, Cost, Definitions, Effect, Expression,
        Finder, Limit, LimitKey, Lookup, MergedResults, MethodRule, Mode, ObservedCounter, OnDrift, Pin, Policy,
        Predicate, Redaction, ResultRules, Rule, Scope, Section, Treatment,
    },
};
