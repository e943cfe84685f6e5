//! Differences between small policies, by their whole lines.

mod arguments;
mod counters;
mod methods;
mod options;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Direction, compare};
use crate::config::Config;

#[track_caller]
fn lines(old: &str, new: &str, tools: Option<&[String]>) -> Vec<String> {
    let [old_config, new_config] =
        [old, new].map(|text| Config::load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}")));
    let differences = compare((&old_config, old.as_bytes()), (&new_config, new.as_bytes()), tools);
    let lines = differences.iter().map(|difference| {
        let sign = if difference.direction == Direction::Wider { '+' } else { '-' };
        let doubt = if difference.is_certain { "" } else { "?" };
        format!("{sign}{doubt} {}: {}", difference.targets.join(", "), difference.what)
    });
    lines.collect()
}

/// The differences between two policies under `default: "deny"` with these members.
#[track_caller]
fn differences(old: &str, new: &str) -> Vec<String> {
    let [old, new] = [old, new].map(|members| format!(r#"{{"version":"1","default":"deny",{members}}}"#));
    lines(&old, &new, None)
}

/// The differences between two rules of the tool `t`.
#[track_caller]
fn rules(old: &str, new: &str) -> Vec<String> {
    differences(&format!(r#""tools":{{"t":{{{old}}}}}"#), &format!(r#""tools":{{"t":{{{new}}}}}"#))
}

fn require(path: &str, op: &str, value: &str) -> String {
    format!(r#""require":[{{"conditions":[{{"path":"{path}","op":"{op}","value":{value}}}]}}]"#)
}

const NONE: [&str; 0] = [];

#[test]
fn a_policy_written_otherwise_permits_the_same() {
    let long = r#""tools":{"t":{"require":[{"conditions":[{"path":"args.a","op":"in","value":["x","y"]}],"on_deny":"no"},
        {"conditions":[{"path":"args.b","op":"lte","value":5}]}],"deny_if":[{"conditions":[]}]},"u":{"rate_limit":"5/minute"}}"#;
    let short = r#""rules":{"b":{"require":[{"conditions":[{"path":"args.b","op":"lte","value":5.0}]}]}},
        "tools":{"u":{"rate_limit":{"max":5,"window":60}},"t":{"action":"deny","reason":"no"}}"#;
    assert_eq!(differences(long, short), NONE);
    let conditions = r#"{"path":"args.a","op":"eq","value":"x"},{"path":"args.b","op":"lte","value":5}"#;
    let apart = r#"{"conditions":[{"path":"args.b","op":"lte","value":5}]},{"conditions":[{"path":"args.a","op":"in","value":["x"]}]}"#;
    assert_eq!(
        rules(&format!(r#""require":[{{"conditions":[{conditions}]}}]"#), &format!(r#""require":[{apart}]"#)),
        NONE
    );
}

#[test]
fn names_are_exact() {
    assert_eq!(
        differences(r#""tools":{"a":{},"b":{}}"#, r#""tools":{"b":{},"c":{"rate_limit":"1/minute"}}"#),
        [
            "+ the tool `c`: is allowed under conditions; it was denied by `default`",
            "- the tool `a`: is denied by `default`; it was allowed",
        ]
    );
    assert_eq!(
        differences(r#""tools":{"a":{}},"hide":["x*"]"#, r#""tools":{"a":{}},"hide":["x*","a"]"#),
        ["- the tool `a`: is hidden; it was allowed"]
    );
}

#[test]
fn patterns_are_reported_with_a_name_that_both_decide_on() {
    assert_eq!(
        differences(r#""tools":{"get_*":{}}"#, r#""tools":{"get_p*":{}}"#),
        ["- tools that match `get_*`, such as `get_`: is denied by `default`; it was allowed"]
    );
    assert_eq!(
        differences(r#""tools":{"get_*":{}}"#, r#""tools":{"get_*":{},"*_secret":{"action":"deny"}}"#),
        ["- tools that match `get_*` and `*_secret`, such as `get__secret`: is denied; it was allowed"]
    );
    let listed = ["get_a".to_owned(), "put".to_owned()];
    let text = |tools: &str| format!(r#"{{"version":"1","default":"deny","tools":{{{tools}}}}}"#);
    assert_eq!(lines(&text(r#""get_*":{}"#), &text(r#""get_a":{},"x":{}"#), Some(&listed)), NONE);
}

#[test]
fn comparable_conditions_are_exact() {
    for (op, wide, narrow) in [
        ("lte", "100", "50"),
        ("gt", "1", "1.5"),
        ("in", r#"["a","b"]"#, r#"["a"]"#),
        ("not_in", r#"["a"]"#, r#"["a","b"]"#),
        ("starts_with", "\"/a\"", "\"/a/b\""),
        ("ends_with", "\".md\"", "\"x.md\""),
        ("path_within", r#"["/srv"]"#, r#"["/srv/a"]"#),
        ("url_host_in", r#"["*.example.com","x.test"]"#, r#"["a.example.com"]"#),
        ("max_length", "10", "5"),
        ("exists", "true", "true"),
    ] {
        let [wide, narrow] = [wide, narrow].map(|value| require("args.x", op, value));
        let found = rules(&narrow, &wide);
        assert!(
            wide == narrow && found.is_empty() || found.len() == 1 && found[0].starts_with("+ the tool"),
            "{found:?}"
        );
        let found = rules(&wide, &narrow);
        assert!(
            wide == narrow && found.is_empty() || found.len() == 1 && found[0].starts_with("- the tool"),
            "{found:?}"
        );
    }
    assert_eq!(
        rules(&require("args.x", "lte", "50"), &require("args.x", "lte", "100")),
        ["+ the tool `t`: no longer requires `args.x` `lte` `50`, only `args.x` `lte` `100`"]
    );
}

#[test]
fn what_cannot_be_compared_may_do_either() {
    assert_eq!(
        rules(&require("args.x", "regex", "\"^a\""), &require("args.x", "regex", "\"^b\"")),
        [
            "+? the tool `t`: no longer requires `args.x` `regex` `\"^a\"`",
            "-? the tool `t`: requires `args.x` `regex` `\"^b\"`",
        ]
    );
}

#[test]
fn refusals_and_approvals_are_compared() {
    let predicate = |value: u32| format!(r#"[{{"conditions":[{{"path":"args.n","op":"gt","value":{value}}}]}}]"#);
    assert_eq!(
        rules(&format!(r#""deny_if":{}"#, predicate(10)), &format!(r#""deny_if":{}"#, predicate(20))),
        [
            r#"+ the tool `t`: no longer denies calls with `args.n` `gt` `10`, only calls with `args.n` `gt` `20`, such as `{"n":15}`"#
        ]
    );
    assert_eq!(
        rules(&format!(r#""deny_if":{}"#, predicate(20)), &format!(r#""deny_if":{}"#, predicate(10))),
        [
            r#"- the tool `t`: denies calls with `args.n` `gt` `10`, not only calls with `args.n` `gt` `20`, such as `{"n":15}`"#
        ]
    );
    assert_eq!(
        rules(&format!(r#""deny_if":{}"#, predicate(10)), &format!(r#""require_approval":{}"#, predicate(10))),
        [
            r#"+ the tool `t`: no longer denies calls with `args.n` `gt` `10`, but asks for approval of them, such as `{"n":11}`"#
        ]
    );
    assert_eq!(
        rules("", &format!(r#""require_approval":{}"#, predicate(10))),
        [r#"- the tool `t`: asks for approval of calls with `args.n` `gt` `10`, such as `{"n":11}`"#]
    );
    let asks = |expires: &str| format!(r#""require_approval":[{{"conditions":[],"expires":"{expires}"}}]"#);
    assert_eq!(rules(&asks("1m"), &asks("1h")), ["+ the tool `t`: approvals expire after 3600 s; it was 60 s"]);
    let both = r#""require_approval":[{"conditions":[],"expires":"1m"},{"conditions":[],"expires":"1h"}]"#;
    assert_eq!(
        rules(&asks("1m"), both),
        ["+? the tool `t`: approvals expire after 60 to 3600 s; it was 60 s"],
        "a range is two numbers"
    );
}

#[test]
fn a_denial_is_certainly_looser_only_if_a_call_shows_it() {
    let deny = |conditions: &str| format!(r#""deny_if":[{{"conditions":[{conditions}]}}]"#);
    let above = |value: u32| format!(r#"{{"path":"args.n","op":"gt","value":{value}}}"#);
    let required = |op: &str, value: &str| {
        format!(r#","require":[{{"conditions":[{{"path":"args.n","op":"{op}","value":{value}}}]}}]"#)
    };
    let lost = |old: &str, new: &str| -> Vec<String> {
        rules(old, new).into_iter().filter(|line| line.starts_with('+')).collect()
    };
    // What is still required denies the same calls.
    assert_eq!(
        lost(&deny(&above(10)), required("lte", "10").trim_start_matches(',')),
        ["+? the tool `t`: no longer denies calls with `args.n` `gt` `10`"]
    );
    // Two others together deny the same calls.
    let (low, high) = (format!(r#"{},{{"path":"args.n","op":"lte","value":20}}"#, above(10)), above(20));
    let both = format!(r#""deny_if":[{{"conditions":[{low}]}},{{"conditions":[{high}]}}]"#);
    let found = lost(&deny(&above(10)), &both);
    assert!(found.len() == 1 && found[0].starts_with("+? "), "{found:?}");
    // What is required beside it leaves a call.
    let guard = required("exists", "true");
    assert_eq!(
        lost(&format!("{}{guard}", deny(&above(10))), &format!("{}{guard}", deny(&above(20)))),
        [
            r#"+ the tool `t`: no longer denies calls with `args.n` `gt` `10`, only calls with `args.n` `gt` `20`, such as `{"n":15}`"#
        ]
    );
    // Of other operators, too.
    for (wide, narrow, call) in [
        (r#""op":"regex","value":"^a""#, r#""op":"regex","value":"^ab""#, r#"{"n":"a"}"#),
        (r#""op":"not_in","value":["a"]"#, r#""op":"not_in","value":["a","b"]"#, r#"{"n":"b"}"#),
        (r#""op":"starts_with","value":"/etc""#, r#""op":"starts_with","value":"/etc/x""#, r#"{"n":"/etc"}"#),
        (r#""op":"path_within","value":["/a"]"#, r#""op":"path_within","value":["/a/b"]"#, r#"{"n":"/a/"}"#),
        (r#""op":"exists","value":true"#, r#""op":"eq","value":1"#, r#"{"n":0}"#),
    ] {
        let [wide, narrow] = [wide, narrow].map(|rest| deny(&format!(r#"{{"path":"args.n",{rest}}}"#)));
        let found = lost(&wide, &narrow);
        let such = format!(", such as `{call}`");
        assert!(found.len() == 1 && found[0].starts_with("+ ") && found[0].ends_with(&such), "{found:?}");
    }
}

#[test]
fn a_difference_names_the_callers_by_their_bindings() {
    let config = |tools: &str, second: &str| {
        format!(
            r#"{{"policies":{{"p":{{"version":"1","default":"deny","tools":{{{tools}}}}},"q":{{"version":"1","default":"deny"}}}},
            "bindings":[{{"route":"m","grant":"jwt:a","policy":"p"}},{second}{{"path_prefix":"/x","policy":"p"}},{{"policy":"q"}}],
            "identity":[{{"jwt_claim":"sub","payload":"p"}}]}}"#
        )
    };
    let found = |old: &str, new: &str| -> Vec<(String, Vec<String>, String)> {
        let [one, other] = [old, new].map(|text| Config::load(text.as_bytes()).unwrap());
        let differences = compare((&one, old.as_bytes()), (&other, new.as_bytes()), None);
        let wider = differences.into_iter().filter(|difference| difference.direction == Direction::Wider);
        wider.map(|difference| (difference.policy, difference.callers, difference.what)).collect()
    };
    let callers = ["`grant` `jwt:a` and `route` `m`", "`path_prefix` `/x`"].map(str::to_owned).to_vec();
    let allowed = ("p".to_owned(), callers.clone(), "is allowed; it was denied by `default`".to_owned());
    assert_eq!(found(&config("", ""), &config(r#""t":{}"#, "")), std::slice::from_ref(&allowed));
    // The bindings differ, and the policy, too.
    let other = r#"{"grant":"jwt:b","policy":"p"},"#;
    let differ = "`bindings` differ, so callers may be bound to other policies; policies of one name are compared";
    let three =
        ["`grant` `jwt:a` and `route` `m`", "`path_prefix` `/x`", "`grant` `jwt:b`"].map(str::to_owned).to_vec();
    let mut expected =
        [(allowed.0, three, allowed.2), (String::new(), vec!["`grant` `jwt:b`".to_owned()], differ.to_owned())];
    let mut differences = found(&config("", ""), &config(r#""t":{}"#, other));
    expected.sort();
    differences.sort();
    assert_eq!(differences, expected);
}

#[test]
fn limits_are_exact_and_counters_are_shared() {
    assert_eq!(
        rules(r#""rate_limit":"5/minute""#, r#""rate_limit":"6/minute""#),
        ["+ the tool `t`: `/tools/t` has room for 6 (1 a call); it was 5 (1 a call)"]
    );
    assert_eq!(
        rules(r#""rate_limit":"5/minute""#, r#""rate_limit":"5/hour""#).len(),
        2,
        "another window may do either"
    );
    let limit = r#""limits":[{"counter":"c","window":"minute","max":5,"scope":"grant"}]"#;
    assert_eq!(
        differences(
            &format!(r#""tools":{{"a":{{{limit}}},"b":{{{limit}}},"c":{{}}}}"#),
            &format!(r#""tools":{{"a":{{"action":"deny"}},"b":{{{limit}}},"c":{{}}}}"#),
        ),
        [
            "+? the tool `b`: shares a counter with calls that are decided otherwise",
            "- the tool `a`: is denied; it was allowed under conditions",
            "-? the tool `b`: shares a counter with calls that are decided otherwise",
        ]
    );
}

#[test]
fn only_prompts_and_resources_have_references() {
    let shadow = r#""mode":"shadow","action":"deny""#;
    assert_eq!(rules(r#""action":"deny""#, shadow), NONE);
    // A limit that never has room denies each use, and no reference.
    let never = r#""rate_limit":{"max":0,"window":60}"#;
    assert_eq!(rules(r#""action":"deny""#, never), NONE);
    let whatever_it_costs =
        r#""limits":[{"counter":"c","window":60,"max":0,"scope":"grant","increment_from":"args.a"}]"#;
    assert_eq!(rules(r#""action":"deny""#, whatever_it_costs), NONE);
    for (section, key, what) in [
        ("prompts", "p", "the prompt `p`: is denied in both, but `completion/complete` with it"),
        (
            "resources",
            "a://b",
            "the resource `a://b`: is denied in both, but `completion/complete`, `resources/unsubscribe` with it",
        ),
    ] {
        let entry = |rule: &str| format!(r#""{section}":{{"{key}":{{{rule}}}}}"#);
        assert_eq!(differences(&entry(r#""action":"deny""#), &entry(never)), [format!("+ {what} is allowed now")]);
        assert_eq!(differences(&entry(never), &entry(r#""action":"deny""#)), [format!("- {what} is denied now")]);
        // An entry in shadow permits nothing that the default denies, and no reference to it.
        assert_eq!(differences(&entry(r#""action":"deny""#), &entry(shadow)), NONE);
        let added = differences(&format!(r#""{section}":{{}}"#), &entry(shadow));
        assert_eq!(added.iter().filter(|line| !line.contains("resources whose URI has")).count(), 0, "{added:?}");
    }
}

#[test]
fn pins_are_compared() {
    let [one, other] = ["a", "b"].map(|digit| digit.repeat(64));
    let tools = r#""tools":{"t":{},"u":{}}"#;
    let pin = |digests: &str, more: &str| format!(r#"{tools},"definitions":{{"t":{{"sha256":{digests}}}}}{more}"#);
    let (first, second) = (pin(&format!("\"{one}\""), ""), pin(&format!("\"{other}\""), ""));
    let closed = pin(&format!("\"{one}\""), r#","unpinned":"deny""#);
    let reported = pin(&format!("\"{one}\""), r#","on_drift":"report""#);
    assert_eq!(differences(&first, &first), NONE);
    assert_eq!(differences(&first, &pin(&format!("[\"{one}\"]"), "")), NONE);
    assert_eq!(
        differences(&first, &second),
        ["+? the tool `t`: another definition is pinned", "-? the tool `t`: a definition is not pinned any more"]
    );
    assert_eq!(differences(tools, &first), ["-? the tool `t`: its definition is pinned"]);
    assert_eq!(differences(&first, tools), ["+? the tool `t`: its definition is not pinned any more"]);
    assert_eq!(differences(&first, &closed), ["- tools without a pin: `unpinned` denies them"]);
    assert_eq!(differences(&closed, &first), ["+ tools without a pin: `unpinned` allows them"]);
    assert_eq!(differences(&first, &reported), ["+ pinned tools: a drift is only reported"]);
    let more = pin(&format!("\"{one}\"}},\"u\":{{\"sha256\":\"{one}\""), r#","unpinned":"deny""#);
    assert_eq!(differences(&closed, &more), ["+ the tool `u`: it has a pin now"]);
    assert_eq!(differences(&more, &closed), ["- the tool `u`: it has no pin, and `unpinned` denies it"]);
    // Of a tool that both deny, no definition matters.
    let denied = |text: &str| text.replace(tools, r#""tools":{}"#);
    assert_eq!(differences(&denied(&first), &denied(&second)), NONE);
    assert_eq!(differences(&denied(&first), &denied(tools)), NONE);
}

#[test]
fn what_answers_may_hold_only_may_matter() {
    let results = |results: &str| format!(r#""results":{{{results}}}"#);
    let old = results(r#""max_bytes":1000,"redact":[{"find":"email"},{"find":"iban"}],"deny_if":[{"find":"jwt"}]"#);
    assert_eq!(rules(&old, &old), NONE);
    let new = results(r#""max_bytes":2000,"redact":[{"find":"email","replace":"x"}],"deny_if":[{"find":"iban"}]"#);
    assert_eq!(
        rules(&old, &new),
        [
            "+? the tool `t`: lets answers through up to 2000 bytes; it was up to 1000 bytes",
            "+? the tool `t`: no longer refuses answers with `jwt`",
            "-? the tool `t`: refuses answers with `iban`",
        ]
    );
    assert_eq!(
        rules(&results(r#""redact":[{"regex":"sk-[a-z]{9}","near":"sk-"}]"#), ""),
        [
            "+? the tool `t`: lets answers through of any size; it was up to 4194304 bytes",
            "+? the tool `t`: no longer redacts the expression near `sk-` in answers",
        ]
    );
}

#[test]
fn conditions_on_the_caller_and_the_time_compare_as_those_on_arguments() {
    let hour = |most: u8| require("now.hour", "lt", &most.to_string());
    assert_eq!(
        rules(&hour(9), &hour(17)),
        ["+ the tool `t`: no longer requires `now.hour` `lt` `9`, only `now.hour` `lt` `17`"]
    );
    let group = require("caller.claims.groups", "has_scope", "\"a\"");
    assert_eq!(rules(&group, &group), NONE);
    assert_eq!(rules(&group, ""), ["+ the tool `t`: no longer requires `caller.claims.groups` `has_scope` `\"a\"`"]);
}
