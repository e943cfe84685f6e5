//! Who calls.

use crate::{identity::Source, policy::Scope};

use super::{Lint, Lints, quoted};

pub(super) fn look(found: &mut Lints<'_>) {
    let view = found.view;
    for (index, source) in view.config.identity.iter().enumerate() {
        let pointer = format!("/identity/{index}");
        match source {
            Source::Header { name, .. } => {
                let message = format!(
                    "the header `{name}` is taken as it was sent, so callers can name themselves as they like; keep \
                     it only where a filter before this one checks it"
                );
                found.add(Lint::UnverifiedIdentity, pointer, message);
            }
            Source::Bearer => {
                let message = "bearer tokens are not verified here, so callers can make up as many as they like; keep \
                               this only where a filter before this one checks them";
                found.add(Lint::UnverifiedIdentity, pointer, message);
            }
            Source::Constant(value) => constant(found, pointer, index, value),
            Source::Address { forwarded: true } => {
                let message = "an address from a forwarding header is one that callers write, so they can make up as many as \
                               they like; keep this only behind a proxy that overwrites the header";
                found.add(Lint::UnverifiedIdentity, pointer, message);
            }
            Source::Jwt { claim, .. } if claim.looks_nested() => {
                let names = claim.to_string().replace('.', "\", \"");
                let message = format!(
                    "{} is a claim at the top of the token, with a dot in its name; for a claim inside others write \
                     `[\"{names}\"]`",
                    quoted(&claim.to_string())
                );
                found.add(Lint::DottedClaim, format!("{pointer}/jwt_claim"), message);
            }
            Source::Jwt { .. } | Source::Peer { .. } | Source::Address { .. } => {}
        }
    }
}

fn constant(found: &mut Lints<'_>, pointer: String, index: usize, value: &str) {
    let mut limits = found.view.live().flat_map(|live| &live.rule.limits);
    let Some(limit) = limits.find(|limit| limit.scope == Scope::Grant) else { return };
    let who = if index == 0 { "every caller" } else { "every caller that no source before this one names" };
    let (value, counter) = (quoted(value), quoted(&limit.counter));
    let message = format!(
        "{who} is {value}, so limits of scope `grant`, such as {counter}, count them all together; write scope \
         `global` if that is meant, or name a source that tells callers apart"
    );
    found.add(Lint::ConstantGrant, pointer, message);
}
