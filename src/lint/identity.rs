//! Lints on identity sources.

use crate::{
    identity::{Source, Token, Tokens},
    policy::Scope,
};

use super::{Lint, Lints, quoted, value_offsets::child};

/// A lint, the pointer to what it found, and the message.
pub(super) type Finding = (Lint, String, String);

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    let sources = &view.config.identity;
    for (lint, pointer, message) in of_sources(sources, "/identity") {
        lints.add(lint, pointer, message);
    }
    for (index, source) in sources.iter().enumerate() {
        let pointer = format!("/identity/{index}");
        match source {
            Source::Header { name, .. } => {
                let message = format!(
                    "the filter does not verify the header `{name}`, so callers can claim any identity; keep this source \
                     only if a filter before this one verifies the header"
                );
                lints.add(Lint::UnverifiedIdentity, pointer, message);
            }
            Source::Bearer => {
                let message = "the filter does not verify bearer tokens, so callers can invent identities; keep this \
                               source only if a filter before this one verifies the tokens";
                lints.add(Lint::UnverifiedIdentity, pointer, message);
            }
            Source::Constant(value) => constant(lints, pointer, index, value),
            Source::Address { forwarded: true } => {
                let message = "callers can write the forwarding header, so they can invent addresses; keep this source \
                               only behind a proxy that overwrites the header";
                lints.add(Lint::UnverifiedIdentity, pointer, message);
            }
            Source::Tokens(_) | Source::Jwt { .. } | Source::Peer { .. } | Source::Address { .. } => {}
        }
    }
}

/// What is probably a mistake in sources, whether agents or approvers have them. `base` is the pointer to their list.
pub(super) fn of_sources(sources: &[Source], base: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let pointer = format!("{base}/{index}");
        found.extend(unreachable(base, &pointer, source, sources.get(..index).unwrap_or_default()));
        match source {
            Source::Tokens(listed) => tokens(&mut found, &child(&pointer, "tokens"), listed, sources.len() == 1),
            Source::Jwt { claim, .. } if claim.looks_nested() => {
                let names = claim.to_string().replace('.', "\", \"");
                let message = format!(
                    "{} names a claim at the top of the token that has a dot in its name; for a claim inside another, \
                     write `[\"{names}\"]`",
                    quoted(&claim.to_string())
                );
                found.push((Lint::DottedClaim, format!("{pointer}/jwt_claim"), message));
            }
            _ => {}
        }
    }
    found
}

/// A source behind one that identifies all of its callers.
fn unreachable(base: &str, pointer: &str, source: &Source, earlier: &[Source]) -> Option<Finding> {
    let needs_token = matches!(source, Source::Tokens(_));
    let always = earlier.iter().position(|source| match source {
        Source::Constant(_) => true,
        Source::Bearer | Source::Address { .. } => needs_token,
        _ => false,
    })?;
    let whom = if needs_token { " who sends a token" } else { "" };
    let message = format!(
        "`{base}/{always}` identifies every caller{whom}, so this source identifies no one; move it before that one"
    );
    Some((Lint::UnreachableSource, pointer.to_owned(), message))
}

/// The tokens at `pointer`; `alone` says that no other source identifies a caller.
fn tokens(found: &mut Vec<Finding>, pointer: &str, tokens: &Tokens, alone: bool) {
    if tokens.iter().next().is_none() {
        let effect = if alone {
            "and there is no other source, so no request has an identity, and every call is denied"
        } else {
            "so this source identifies no one"
        };
        let message = format!("no token is listed, {effect}; add one with `mcp-policy grant new NAME FILE`");
        found.push((Lint::NoToken, pointer.to_owned(), message));
    }
    let lasting: Vec<&Token> = tokens.iter().filter(|token| token.expires.is_none()).collect();
    if let Some((first, others)) = lasting.split_first() {
        let name = quoted(&first.name);
        let never_expire = match others.len() {
            0 => format!("the token {name} never expires"),
            more => format!("the token {name} and {more} more never expire"),
        };
        let message = format!(
            "{never_expire}, so a stolen one works until you remove it; add `expires`, such as `\"2027-01-31\"`"
        );
        found.push((Lint::LastingToken, child(pointer, &first.name), message));
    }
    for (other, token) in tokens.iter().filter_map(|other| Some((other, tokens.twin(other)?))) {
        let message = format!(
            "{} and {} have the same SHA-256, so both callers are {}; give each a token of its own",
            quoted(&token.name),
            quoted(&other.name),
            quoted(&token.name)
        );
        found.push((Lint::SharedToken, child(pointer, &other.name), message));
    }
}

fn constant(lints: &mut Lints<'_>, pointer: String, index: usize, value: &str) {
    let mut limits = lints.view.reachable_rules().flat_map(|reachable| reachable.rule.limits());
    let Some(limit) = limits.find(|limit| limit.scope == Scope::Grant) else { return };
    let who = if index == 0 { "every caller" } else { "every caller that no source before this one identifies" };
    let (value, counter) = (quoted(value), quoted(&limit.counter));
    let message = format!(
        "{who} has the grant {value}, so limits of scope `grant`, such as {counter}, count them all together; write \
         scope `global` if you intend that, or add a source that tells callers apart"
    );
    lints.add(Lint::ConstantGrant, pointer, message);
}
