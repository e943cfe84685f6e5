//! Attack patterns: the mirror of `envoy/catalog/attacks.json`.

use serde::Deserialize;
use serde_json::Value;

use crate::suggest::Class;

use super::entry::PageName;

/// A way in which calls of tools do harm, and the rule that stops it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attack {
    /// Its name in the catalogue, such as `path-escape`.
    pub(crate) id: PageName,
    pub(crate) title: String,
    /// What happens.
    pub(crate) what: String,
    /// The classes of tools that it abuses.
    pub(crate) classes: Vec<Class>,
    /// The arguments that it abuses; none if it needs none.
    pub(crate) arguments: Vec<String>,
    /// The rule that stops it, in words.
    pub(crate) stopped_by: String,
    /// A policy with the rule.
    pub(crate) policy: Value,
    /// The same policy without the rule.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test shows that it allows the calls"))]
    pub(crate) without: Value,
    /// Calls as in a case file, and what `policy` decides. `without` allows all of them.
    pub(crate) calls: Vec<Value>,
}
