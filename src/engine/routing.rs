//! Which policy judges a request; product contract, section 1.4.

use crate::config::{BindingInput, Config, PolicyMatch};

use super::{
    RequestInfo,
    trace::{Step, Tracer},
};

/// What judges a request.
pub(super) fn match_policy<'c>(config: &'c Config, call: &RequestInfo) -> PolicyMatch<'c> {
    if call.is_rerouted {
        return PolicyMatch::Unmatched;
    }
    config.only_policy().map_or_else(|| config.bound(&scene(call)), PolicyMatch::Policy)
}

/// Notes which binding tells, where it could have told anything else.
pub(super) fn trace_match(config: &Config, call: &RequestInfo, bound: PolicyMatch<'_>, witness: &mut impl Tracer) {
    if config.only_policy().is_some() {
        return;
    }
    let rule = || format!("/bindings/{}", config.binding(&scene(call)).unwrap_or_default());
    match bound {
        PolicyMatch::Policy(named) => {
            witness.step(|| Step::new(rule(), format!("the policy `{}` judges the call", named.name)))
        }
        PolicyMatch::Bypass => witness.step(|| Step::new(rule(), "the call passes without a look")),
        PolicyMatch::Unmatched => {}
    }
}

fn scene(call: &RequestInfo) -> BindingInput<'_> {
    BindingInput {
        route: call.route.as_deref(),
        host: call.headers.get(":authority"),
        path: call.headers.get(":path"),
        grant: call.grant.as_ref().ok(),
    }
}
