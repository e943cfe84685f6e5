//! Random policies: few names, few arguments and few counters, so that entries, calls and limits meet.

use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};
use serde_json::{Map, Value, json};

/// A whole policy.
pub(crate) fn policy() -> impl Strategy<Value = Value> {
    let mode = prop_oneof![9 => Just(None), 1 => Just(Some("shadow"))];
    let hide = prop_oneof![3 => Just(vec![]), 1 => subsequence(vec!["drop*", "get_jobs", "*x*"], 1..=2)];
    let tools = rules(&["get_pods", "get_jobs", "pay", "drop_all", "get_*", "*_pods", "g*", "*", "pay*"], 1..=6);
    let resources = rules(&["file:///a", "file:///*", "*"], 0..=2);
    let prompts = rules(&["greet", "*"], 0..=1);
    let default = prop_oneof![2 => Just("deny"), 3 => Just("allow")];
    let all_tools = option::weighted(0.4, rule());
    let whole = (default, mode, hide, all_tools, tools, resources, prompts, methods()).prop_map(
        |(default, mode, hide, all_tools, tools, resources, prompts, methods)| {
            let mut policy = json!({
                "version": "1", "default": default, "hide": hide, "tools": tools, "resources": resources,
                "prompts": prompts, "methods": methods,
            });
            insert(&mut policy, "mode", mode.map(Value::from));
            insert(&mut policy, "all_tools", all_tools);
            policy
        },
    );
    let whole = whole.boxed();
    prop_oneof![2 => whole.clone(), 1 => (whole, shared_rules(), vec(0..4_u8, 10)).prop_map(with_shared_rules)]
}

/// `rules`: one of predicates, and one of a limit.
fn shared_rules() -> impl Strategy<Value = Value> {
    (predicate(1), option::weighted(0.3, predicate(0)), 1..=4_u8).prop_map(|(require, deny_if, max)| {
        let limit = json!({"counter": "shared", "window": "minute", "max": max, "scope": "grant"});
        let deny_if: Vec<Value> = deny_if.into_iter().collect();
        json!({"predicates": {"require": [require], "deny_if": deny_if}, "limit": {"limits": [limit]}})
    })
}

/// Has some rules use the shared ones. One in shadow cannot charge a counter that others enforce, and a short form with a
/// text has no long form beside other limits.
fn with_shared_rules((mut policy, rules, uses): (Value, Value, Vec<u8>)) -> Value {
    let mut uses = uses.into_iter().cycle();
    let mut add = |rule: &mut Value| {
        let bits = uses.next().unwrap_or_default();
        let takes_limit = bits & 2 > 0 && rule["mode"] != "shadow" && rule.get("rate_limit").is_none();
        let names = [(bits & 1 > 0, "predicates"), (takes_limit, "limit")];
        rule["use"] = names.into_iter().filter(|(uses, _)| *uses).map(|(_, name)| name).collect();
    };
    for section in ["tools", "resources", "prompts"] {
        policy[section].as_object_mut().into_iter().flatten().for_each(|(_, rule)| add(rule));
    }
    policy.get_mut("all_tools").into_iter().for_each(add);
    policy["rules"] = rules;
    policy
}

/// A policy of limits alone, which meet in `pay`.
pub(crate) fn budget() -> impl Strategy<Value = Value> {
    let limits = || {
        let counters = subsequence(vec![0, 1, 2], 1..=2);
        (counters, vec((0..=4_u8, cost()), 2)).prop_map(|(counters, terms)| {
            let limits = counters.iter().zip(terms).map(|(counter, (max, cost))| limit(*counter, max, cost, false));
            json!({ "limits": limits.collect::<Vec<_>>() })
        })
    };
    (limits(), limits()).prop_map(|(all_tools, pay)| {
        json!({
            "version": "1", "default": "allow", "all_tools": all_tools, "tools": { "pay": pay }, "resources": {},
            "prompts": {},
        })
    })
}

/// Sets a member of an object, where there is something to set.
pub(crate) fn insert(object: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[key] = value;
    }
}

fn methods() -> impl Strategy<Value = Map<String, Value>> {
    let all = vec![("ping", "deny"), ("tasks/list", "allow"), ("x/own", "allow"), ("x/closed", "deny")];
    subsequence(all, 0..=4)
        .prop_map(|pairs| pairs.into_iter().map(|(key, word)| (key.to_owned(), word.into())).collect())
}

fn rules(keys: &[&'static str], count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Map<String, Value>> {
    let keys = subsequence(keys.to_vec(), count);
    keys.prop_flat_map(|keys| {
        let count = keys.len();
        vec(rule(), count).prop_map(move |rules| keys.iter().map(|key| (*key).to_owned()).zip(rules).collect())
    })
}

/// A rule, in its long or in its short forms.
pub(crate) fn rule() -> impl Strategy<Value = Value> {
    let mode = || prop_oneof![6 => Just(false), 1 => Just(true)];
    let long = (
        prop_oneof![2 => vec(predicate(1), 0..=0), 1 => vec(predicate(1), 1..=1)],
        prop_oneof![2 => vec(predicate(0), 0..=0), 1 => vec(predicate(0), 1..=1)],
        prop_oneof![3 => vec(predicate(0), 0..=0), 1 => vec(predicate(0), 1..=1)],
        prop_oneof![1 => Just(vec![]), 3 => subsequence(vec![0, 1, 2, 3, 4], 1..=2)],
        vec((0..=4_u8, cost()), 2),
        mode(),
    );
    let long = long.prop_map(|(require, deny_if, approval, counters, terms, shadow)| {
        let limits = counters.iter().zip(terms).map(|(counter, (max, cost))| limit(*counter, max, cost, shadow));
        let mut rule = json!({
            "require": require, "deny_if": deny_if, "require_approval": approval, "limits": limits.collect::<Vec<_>>(),
        });
        insert(&mut rule, "mode", shadow.then(|| "shadow".into()));
        rule
    });
    let rates = select(vec!["0/day", "1/minute", "3/minute", "2/hour"]);
    let short = (select(vec!["allow", "allow", "deny", "require_approval"]), option::of(rates), mode());
    let short = short.prop_map(|(action, rate, shadow)| {
        let mut rule = json!({ "action": action, "reason": "the reason" });
        insert(&mut rule, "rate_limit", rate.map(Value::from));
        insert(&mut rule, "mode", shadow.then(|| "shadow".into()));
        rule
    });
    prop_oneof![3 => Just(json!({})), 5 => long, 2 => short]
}

/// What a call costs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cost {
    Fixed(u8),
    Argument,
}

pub(crate) fn cost() -> impl Strategy<Value = Cost> {
    prop_oneof![3 => Just(Cost::Fixed(1)), 1 => (1..=3_u8).prop_map(Cost::Fixed), 1 => Just(Cost::Argument)]
}

/// A limit on one of five counters, whose terms always agree. The fourth counts by an argument, the fifth has no maximum.
pub(crate) fn limit(counter: u8, max: u8, cost: Cost, shadow: bool) -> Value {
    let (window, scope, algorithm) = [
        (json!("minute"), "grant", "fixed"),
        (json!("hour"), "global", "sliding"),
        (json!(10), "session", "fixed"),
        (json!("minute"), "grant", "sliding"),
        (json!("minute"), "grant", "fixed"),
    ][usize::from(counter)]
    .clone();
    let kind = if shadow { "shadow" } else { "enforced" };
    let mut limit = json!({
        "counter": format!("{kind}-{counter}"), "window": window, "max": max, "scope": scope, "algorithm": algorithm,
    });
    match (counter, limit.as_object_mut()) {
        (3, _) => limit["key"] = json!(["args.s"]),
        (4, Some(limit)) => drop(limit.remove("max")),
        _ => {}
    }
    match cost {
        Cost::Fixed(amount) => limit["increment"] = amount.into(),
        Cost::Argument => limit["increment_from"] = "args.n".into(),
    }
    limit
}

/// A predicate of at least that many conditions.
pub(crate) fn predicate(least: usize) -> impl Strategy<Value = Value> {
    (vec(condition(), least..=2), option::of(Just("the text"))).prop_map(|(conditions, text)| {
        let mut predicate = json!({ "conditions": conditions });
        insert(&mut predicate, "on_deny", text.map(Value::from));
        predicate
    })
}

/// A condition on an argument, on the caller or on the time.
pub(crate) fn condition() -> impl Strategy<Value = Value> {
    prop_oneof![4 => on_argument(), 1 => on_fact()]
}

fn on_fact() -> impl Strategy<Value = Value> {
    let claims = ["eq", "neq", "contains", "includes", "has_scope"].map(|op| ("caller.claims.g", op, json!("a")));
    let others = [
        ("caller.claims.n", "gte", json!(1)),
        ("caller.claims.n", "not_in", json!([1, 2])),
        ("caller.claims.o.k", "exists", json!(false)),
        ("caller.claims.g[*]", "in", json!(["a", "b"])),
        ("caller.grant", "starts_with", json!("jwt:")),
        ("caller.source", "in", json!(["jwt", "peer"])),
        ("caller.authenticated", "neq", json!(true)),
        // The first request comes at midnight on a Thursday.
        ("now.weekday", "eq", json!("thu")),
        ("now.time", "lt", json!(1)),
        ("now.hour", "gt", json!(3)),
        ("now.date", "in", json!(["2026-01-01"])),
    ];
    let all: Vec<_> = claims.into_iter().chain(others).collect();
    select(all).prop_map(|(path, op, value)| json!({ "path": path, "op": op, "value": value }))
}

fn on_argument() -> impl Strategy<Value = Value> {
    let path = select(vec![
        "args.n",
        "args.n",
        "args.s",
        "args.s",
        "args.l[*]",
        "args.l[0]",
        "args.o.k",
        "args.o",
        "args[\"a.b\"]",
    ]);
    let operators = select(vec![
        ("eq", json!(1)),
        ("eq", json!("a")),
        ("neq", json!("a")),
        ("neq", json!({"k": 1})),
        ("in", json!([1, 5, "a"])),
        ("not_in", json!(["b", "/srv/x"])),
        ("lt", json!(5)),
        ("lte", json!(100)),
        ("gt", json!(0)),
        ("gte", json!(1)),
        ("regex", json!("^[a-z]$")),
        ("contains", json!("a")),
        ("contains", json!(5)),
        ("exists", json!(true)),
        ("exists", json!(false)),
        ("starts_with", json!("/srv")),
        ("ends_with", json!("/")),
        ("path_within", json!(["/srv"])),
        ("url_host_in", json!(["docs.rs", "*.docs.rs"])),
        ("max_length", json!(1)),
        ("max_items", json!(1)),
        ("includes", json!("a")),
        ("has_scope", json!("a")),
        ("path_within", json!({"folders": ["/a"], "base": "/a/b"})),
    ]);
    (path, operators).prop_map(|(path, (op, value))| json!({ "path": path, "op": op, "value": value }))
}
