//! Every kind of advice, by its whole message.

mod approvals;
mod bindings;
mod changes;
mod identity;
mod keys;
mod limits;
mod predicates;
mod reach;
mod whole;

use super::on;
use crate::config::Config;

#[track_caller]
fn load(text: &str) -> Config {
    Config::load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// All advice on a configuration.
#[track_caller]
fn advice(text: &str) -> Vec<String> {
    on(&load(text), text.as_bytes()).iter().map(ToString::to_string).collect()
}

/// All advice on a policy under `default: "deny"` with these members.
#[track_caller]
fn policy(members: &str) -> Vec<String> {
    advice(&format!(r#"{{"version":"1","default":"deny",{members}}}"#))
}

const NONE: [&str; 0] = [];
