//! Which policy judges a request; product contract, section 1.4.

use crate::config::{Bound, Config, Scene};

use super::{
    Call,
    trace::{Step, Witness},
};

/// What judges a request.
pub(super) fn bound<'c>(config: &'c Config, call: &Call) -> Bound<'c> {
    config.only_policy().map_or_else(|| config.bound(&scene(call)), Bound::To)
}

/// Notes which binding tells, where it could have told anything else.
pub(super) fn note(config: &Config, call: &Call, bound: Bound<'_>, witness: &mut impl Witness) {
    if config.only_policy().is_some() {
        return;
    }
    let rule = || format!("/bindings/{}", config.binding(&scene(call)).unwrap_or_default());
    match bound {
        Bound::To(named) => witness.note(|| Step::new(rule(), format!("the policy `{}` judges the call", named.name))),
        Bound::Bypass => witness.note(|| Step::new(rule(), "the call passes without a look")),
        Bound::Nothing => {}
    }
}

fn scene(call: &Call) -> Scene<'_> {
    Scene {
        route: call.route.as_deref(),
        host: call.headers.text(":authority"),
        path: call.headers.text(":path"),
        grant: call.grant.as_ref().ok(),
    }
}
