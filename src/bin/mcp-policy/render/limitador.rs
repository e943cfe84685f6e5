//! `mcp-policy render limitador`: the limits file of a Limitador that counts a policy's limits for several Envoys.
//!
//! Limitador knows no loop over descriptors: an expression that tries one never holds, and the limit is none. So each place
//! at which a counter can stand in a request is written out; one expression over all of them is one count.

use std::collections::{BTreeMap, BTreeSet};

use mcp_policy::{
    config::Config,
    policy::{Limit, Policy, Scope},
};

use super::{
    configuration,
    template::{fill, quoted, scalar},
};

pub(super) const LIMITADOR: &str = include_str!("templates/limitador.yaml.in");
pub(super) const LIMIT: &str = include_str!("templates/limitador_limit.yaml.in");

/// What a limits file is made of.
#[derive(clap::Args)]
pub(super) struct Limitador {
    /// A policy, or a configuration with `policy` or `policies` in it; `-` reads stdin
    pub(super) file: String,
}

/// One counter of one policy.
struct Counter<'p> {
    /// Of the limits that name it, the one with the smallest maximum, since Limitador keeps one.
    strictest: &'p Limit,
    /// The largest.
    loosest: &'p Limit,
    /// At how many places it can stand in a request.
    places: usize,
}

impl Limitador {
    /// The whole file.
    ///
    /// # Errors
    /// What keeps the document from being a configuration, or a service from counting its limits.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let config = configuration::counted(document)?;
        let mut limits = String::new();
        for named in &config.policies {
            for (name, counter) in counters(&named.policy, config.protocol.batches) {
                limits.push_str(&counter.write(&config, &named.name, name)?);
            }
        }
        let limits = if limits.is_empty() { "[]".to_owned() } else { limits };
        Ok(fill(LIMITADOR, &[("limits", limits)]))
    }
}

/// The counters of a policy, by their names.
fn counters(policy: &Policy, batches: bool) -> BTreeMap<&str, Counter<'_>> {
    let mut counters: BTreeMap<&str, Counter<'_>> = BTreeMap::new();
    for limits in together(policy, batches) {
        let names: BTreeSet<&str> = limits.iter().map(|limit| &*limit.counter).collect();
        for limit in limits {
            let fresh = Counter { strictest: limit, loosest: limit, places: 0 };
            let counter = counters.entry(&limit.counter).or_insert(fresh);
            counter.places = counter.places.max(names.len());
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

/// The limits that one request can meet, for each kind of request; with batches, any of them.
fn together(policy: &Policy, batches: bool) -> Vec<Vec<&Limit>> {
    if batches {
        return vec![policy.limits().collect()];
    }
    let all_tools = &policy.all_tools().limits;
    let of_tools = policy.tools().entries().map(|rule| rule.limits.iter().chain(all_tools).collect());
    // A subscription names any number of resources.
    let of_resources = policy.resources().entries().flat_map(|rule| &rule.limits).collect();
    let of_prompts = policy.prompts().entries().map(|rule| rule.limits.iter().collect());
    of_tools.chain([all_tools.iter().collect(), of_resources]).chain(of_prompts).collect()
}

impl Counter<'_> {
    fn write(&self, config: &Config, policy: &str, name: &str) -> Result<String, String> {
        let Self { strictest, loosest, places } = self;
        let domain = config.limits.service.as_ref().map_or("", |service| &service.domain);
        let max = strictest.max.units().ok_or_else(|| format!("`{}`: no whole number", strictest.pointer))?;
        let comment = if loosest.max > strictest.max {
            format!("# Rules name it with a `max` of up to {}, and Limitador keeps one: the smallest.", loosest.max)
        } else {
            String::new()
        };
        let variable = match strictest.scope {
            Scope::Global => None,
            Scope::Grant | Scope::Session => Some(identity(name, *places)),
        };
        Ok(fill(
            LIMIT,
            &[
                ("comment", comment),
                ("domain", quoted(domain)),
                ("name", quoted(&format!("{policy}/{name}"))),
                ("max", max.to_string()),
                ("seconds", strictest.window.seconds().to_string()),
                ("condition", expression(&condition(policy, name, *places))),
                ("none", if variable.is_none() { " []".to_owned() } else { String::new() }),
                ("variable", variable.map_or_else(String::new, |variable| format!("- {}", expression(&variable)))),
            ],
        ))
    }
}

/// Whether some descriptor is of this counter. What lies beyond the last is not to be looked at: Limitador would stop.
fn condition(policy: &str, counter: &str, places: usize) -> String {
    let (policy, counter) = (text(policy), text(counter));
    let at = |place: usize| {
        format!(
            "size(descriptors) > {place} && descriptors[{place}].policy == {policy} && descriptors[{place}].counter == {counter}"
        )
    };
    (0..places).map(at).collect::<Vec<_>>().join(" ||\n")
}

/// Whose calls that descriptor counts.
fn identity(counter: &str, places: usize) -> String {
    let (counter, last) = (text(counter), places.saturating_sub(1));
    let at = |place: usize| format!("descriptors[{place}].counter == {counter} ? descriptors[{place}].identity :\n");
    let before: String = (0..last).map(at).collect();
    format!("{before}descriptors[{last}].identity")
}

/// An expression in YAML: on one line, or on as many as it has.
fn expression(text: &str) -> String {
    if text.contains('\n') { scalar(text) } else { quoted(text) }
}

/// A text in CEL.
fn text(text: &str) -> String {
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
