//! `mcp-policy render limitador`: the limits file of a Limitador that counts a policy's limits for several Envoys.
//!
//! Limitador's expressions cannot loop over descriptors: a loop never holds, and the limit limits nothing. So an expression
//! tries each position at which a request can name a counter; one expression over all positions is one count.

use std::collections::{BTreeMap, BTreeSet};

use mcp_policy::{
    amount::Amount,
    policy::{Limit, Policy, Rule, Scope},
};

use serde::Serialize;

use super::{configuration::Configuration, template::fill};

const TEMPLATE: &str = include_str!("templates/limitador.yaml.jinja");

/// The arguments of `render limitador`.
#[derive(clap::Args)]
pub(super) struct Limitador {
    /// A policy, or a configuration that holds policies; `-` reads stdin
    pub(super) file: String,
}

/// The values of the file.
#[derive(Serialize)]
struct LimitsFile<'a> {
    domain: &'a str,
    limits: Vec<LimitEntry>,
}

/// The values of one limit.
#[derive(Serialize)]
struct LimitEntry {
    name: String,
    max: u64,
    /// The largest maximum that a rule has for the counter, if it is larger than `max`.
    loosest: Option<String>,
    seconds: u32,
    /// A CEL expression: whether a request names the counter.
    condition: String,
    /// A CEL expression: whose count it is. `None` if all callers share it.
    variable: Option<String>,
}

/// One counter of one policy.
struct Counter<'p> {
    /// The limit with the smallest maximum, since Limitador keeps one for each counter.
    strictest: &'p Limit,
    /// The limit with the largest maximum.
    loosest: &'p Limit,
    /// At how many positions a request can name it.
    positions: usize,
}

impl Limitador {
    /// The whole file.
    ///
    /// # Errors
    /// What is wrong with the document, or what a rate limit service cannot count.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let config = Configuration::prepare(document)?.for_rate_limit_service()?;
        let mut limits = Vec::new();
        for named in &config.policies {
            for (name, counter) in counters(&named.policy, config.protocol.batches) {
                limits.push(counter.entry(&named.name, name)?);
            }
        }
        let domain = config.limits.service.as_ref().map_or("", |service| &service.domain);
        fill(TEMPLATE, LimitsFile { domain, limits })
    }
}

/// The counters of a policy, by name.
fn counters(policy: &Policy, batches: bool) -> BTreeMap<&str, Counter<'_>> {
    let mut counters: BTreeMap<&str, Counter<'_>> = BTreeMap::new();
    for limits in limits_by_request(policy, batches) {
        let names: BTreeSet<&str> = limits.iter().map(|limit| &*limit.counter).collect();
        for limit in limits {
            let fresh = Counter { strictest: limit, loosest: limit, positions: 0 };
            let counter = counters.entry(&limit.counter).or_insert(fresh);
            counter.positions = counter.positions.max(names.len());
            if limit.max < counter.strictest.max {
                counter.strictest = limit;
            }
            if limit.max > counter.loosest.max {
                counter.loosest = limit;
            }
        }
    }
    counters
}

/// The limits that one request can charge, for each kind of request; a batch can charge all.
fn limits_by_request(policy: &Policy, batches: bool) -> Vec<Vec<&Limit>> {
    if batches {
        return vec![policy.limits().collect()];
    }
    let all_tools = || policy.all_tools().limits();
    let of_tools = policy.tools().entries().map(|rule| rule.limits().chain(all_tools()).collect());
    // A subscription names any number of resources.
    let of_resources = policy.resources().entries().flat_map(Rule::limits).collect();
    let of_prompts = policy.prompts().entries().map(|rule| rule.limits().collect());
    of_tools.chain([all_tools().collect(), of_resources]).chain(of_prompts).collect()
}

impl Counter<'_> {
    fn entry(&self, policy: &str, name: &str) -> Result<LimitEntry, String> {
        let Self { strictest, loosest, positions } = *self;
        let max = strictest.max.and_then(Amount::units).ok_or_else(|| {
            format!("`{}`: `max` is not a whole number, and Limitador counts only whole numbers", strictest.pointer)
        })?;
        let variable = match strictest.scope {
            Scope::Global => None,
            Scope::Grant | Scope::Session => Some(identity(name, positions)),
        };
        Ok(LimitEntry {
            name: format!("{policy}/{name}"),
            max,
            loosest: (loosest.max > strictest.max).then(|| loosest.max.map_or_else(String::new, |max| max.to_string())),
            seconds: strictest.window.seconds(),
            condition: condition(policy, name, positions),
            variable,
        })
    }
}

/// Whether a descriptor is of this counter. It checks the number of descriptors first: Limitador fails on an index beyond
/// the last.
fn condition(policy: &str, counter: &str, positions: usize) -> String {
    let (policy, counter) = (cel_string(policy), cel_string(counter));
    let at = |index: usize| {
        format!(
            "size(descriptors) > {index} && descriptors[{index}].policy == {policy} && descriptors[{index}].counter == {counter}"
        )
    };
    (0..positions).map(at).collect::<Vec<_>>().join(" ||\n")
}

/// The identity in the descriptor of this counter.
fn identity(counter: &str, positions: usize) -> String {
    let (counter, last) = (cel_string(counter), positions.saturating_sub(1));
    let at = |index: usize| format!("descriptors[{index}].counter == {counter} ? descriptors[{index}].identity :\n");
    let before: String = (0..last).map(at).collect();
    format!("{before}descriptors[{last}].identity")
}

/// A string literal of CEL.
fn cel_string(text: &str) -> String {
    let mut literal = "'".to_owned();
    for character in text.chars() {
        match character {
            '\'' | '\\' => literal.extend(['\\', character]),
            ' '..='~' => literal.push(character),
            _ => literal.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    literal.push('\'');
    literal
}
