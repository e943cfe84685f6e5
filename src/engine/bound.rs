//! Which policy judges a request; product contract, section 1.4.

use crate::{
    config::{Bound, Config, Scene},
    http::Header,
};

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
    let header = |name| match call.headers.get(name) {
        Header::Once(value) => std::str::from_utf8(value).ok(),
        Header::Absent | Header::Repeated => None,
    };
    Scene {
        route: call.route.as_deref(),
        host: header(":authority"),
        path: header(":path"),
        grant: call.grant.as_ref().ok(),
    }
}
