//! Values that tell conditions on one argument apart.

use std::borrow::Cow;

use regex_syntax::Parser;

use crate::{
    json::{Node, Value},
    lint::sample_of,
    policy::condition::{Condition, Literal, Operator},
};

/// Values of one set that are tried.
const MAX_LITERALS: usize = 6;
/// Longest text, and longest list, that is made for `max_length` and `max_items`.
const MAX_LENGTH: u64 = 256;

/// The values that some conditions name, and others beside them. What is `null` is missing, and not among them.
pub(super) fn samples(conditions: &[&Condition]) -> Vec<Value<'static>> {
    let mut samples = Samples::default();
    conditions.iter().for_each(|condition| samples.add(condition.operator()));
    samples.add_between();
    samples.values.extend([text("x"), text(""), number(0.0), Value::Bool(true)]);
    samples.values
}

#[derive(Default)]
struct Samples {
    values: Vec<Value<'static>>,
    numbers: Vec<f64>,
}

impl Samples {
    fn add(&mut self, operator: &Operator) {
        match operator {
            Operator::Among(set) | Operator::NotAmong(set) => {
                let mut literals: Vec<Literal> = set.literals().collect();
                // A set has no order of its own.
                literals.sort_by_key(|literal| format!("{literal:?}"));
                literals.iter().take(MAX_LITERALS).for_each(|literal| self.add_literal(literal));
            }
            Operator::Less(limit)
            | Operator::LessOrEqual(limit)
            | Operator::Greater(limit)
            | Operator::GreaterOrEqual(limit) => self.numbers.extend(limit.to_string().parse::<f64>().ok()),
            Operator::Regex(regex) => {
                let parsed = Parser::new().parse(regex.as_str());
                self.values
                    .extend(parsed.iter().flat_map(|parsed| ["", "x"].map(|fill| text(&sample_of(parsed, fill)))));
            }
            Operator::Contains(Literal::Text(part)) => {
                self.values.extend([text(part), text(&format!("x{part}x"))]);
            }
            Operator::Contains(literal) | Operator::Includes(literal) => {
                let element = value(literal).map(|value| Node { at: 0, value });
                self.values.push(Value::Array(element.into_iter().collect()));
            }
            Operator::HasScope(scope) => self.values.extend([text(scope), text(&format!("{scope}x"))]),
            Operator::StartsWith(part) => self.values.extend([text(part), text(&format!("{part}x"))]),
            Operator::EndsWith(part) => self.values.extend([text(part), text(&format!("x{part}"))]),
            Operator::PathWithin(folders) => {
                for folder in folders.folders().take(MAX_LITERALS) {
                    self.values.extend([text(folder), text(&format!("{folder}x"))]);
                }
                self.values.push(text("/x"));
            }
            Operator::UrlHostIn(hosts) => {
                let mut hosts: Vec<&str> = hosts.iter().collect();
                hosts.sort_unstable();
                for host in hosts.into_iter().take(MAX_LITERALS) {
                    let below = if host.starts_with('.') { "x" } else { "" };
                    self.values.push(text(&format!("https://{below}{host}/")));
                }
                self.values.push(text("https://x.invalid/"));
            }
            Operator::MaxLength(most) if *most < MAX_LENGTH => {
                let most = usize::try_from(*most).unwrap_or_default();
                self.values.extend([text(&"x".repeat(most)), text(&"x".repeat(most.saturating_add(1)))]);
            }
            Operator::MaxItems(most) if *most < MAX_LENGTH => {
                let most = usize::try_from(*most).unwrap_or_default();
                let list = |length| Value::Array(vec![Node { at: 0, value: number(1.0) }; length]);
                self.values.extend([list(most), list(most.saturating_add(1))]);
            }
            Operator::MaxLength(_) | Operator::MaxItems(_) | Operator::Exists(_) => {}
        }
    }

    fn add_literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Number(limit) => self.numbers.extend(limit.to_string().parse::<f64>().ok()),
            Literal::Text(known) => self.values.extend([text(known), text(&format!("{known}x"))]),
            Literal::Flag(flag) => self.values.extend([Value::Bool(*flag), Value::Bool(!flag)]),
            Literal::List(_) | Literal::Object(_) => {}
        }
    }

    /// The numbers, those beside them, and those between two.
    fn add_between(&mut self) {
        self.numbers.sort_by(f64::total_cmp);
        self.numbers.dedup();
        let between: Vec<f64> = self
            .numbers
            .iter()
            .zip(self.numbers.iter().skip(1))
            .map(|(low, high)| f64::midpoint(*low, *high))
            .collect();
        let ends =
            self.numbers.first().map(|low| low - 1.0).into_iter().chain(self.numbers.last().map(|high| high + 1.0));
        let all: Vec<f64> = between.into_iter().chain(ends).chain(self.numbers.iter().copied()).collect();
        let mut numbers: Vec<Value<'static>> = all.into_iter().map(number).collect();
        numbers.append(&mut self.values);
        self.values = numbers;
    }
}

fn value(literal: &Literal) -> Option<Value<'static>> {
    match literal {
        Literal::Flag(flag) => Some(Value::Bool(*flag)),
        Literal::Number(number) => Some(Value::Number(Cow::Owned(number.to_string()))),
        Literal::Text(known) => Some(text(known)),
        Literal::List(_) | Literal::Object(_) => None,
    }
}

fn text(text: &str) -> Value<'static> {
    Value::String(Cow::Owned(text.to_owned()))
}

fn number(number: f64) -> Value<'static> {
    Value::Number(Cow::Owned(number.to_string()))
}
