//! Every lint, by the whole message of its warning.

mod approvals;
mod arguments;
mod avoidable;
mod bindings;
mod changes;
mod facts;
mod global;
mod identity;
mod keys;
mod limits;
mod loose;
mod names;
mod predicates;
mod reachability;
mod replicas;
mod tools;

use super::check;
use crate::config::Config;

#[track_caller]
fn load(text: &str) -> Config {
    Config::load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// All warnings on a configuration.
#[track_caller]
fn warnings(text: &str) -> Vec<String> {
    check(&load(text), text.as_bytes(), &[]).iter().map(ToString::to_string).collect()
}

/// All warnings on a policy under `default: "deny"` with these members.
#[track_caller]
fn policy(members: &str) -> Vec<String> {
    warnings(&format!(r#"{{"version":"1","default":"deny",{members}}}"#))
}

const NONE: [&str; 0] = [];
