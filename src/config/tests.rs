//! Forms, options and bounds of a configuration; what is wrong inside a policy is in `tests/cases/invalid`.

mod approvals;
mod limits;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Config, HeaderMode, Protocol, Source};
use crate::{
    amount::Amount,
    identity::Peer,
    policy::{Effect, Lookup},
};

#[track_caller]
fn load(text: &str) -> Config {
    Config::load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}"))
}

#[track_caller]
fn problems(text: &str) -> Vec<String> {
    Config::load(text.as_bytes()).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_bare_policy_is_a_whole_configuration() {
    let config = load(r#"{"version":"1","default":"deny","tools":{"a":{}}}"#);
    assert!(matches!(config.policies[0].policy.tool("a"), Lookup::Rule(_)));
    assert!(matches!(config.policies[0].policy.tool("b"), Lookup::NoMatch));
    assert_eq!(&*config.policies[0].name, "default");
    assert_eq!(config.identity, [Source::peer(Peer::UriSan), Source::Address { forwarded: false }]);
    let protocol = Protocol {
        headers: HeaderMode::Release,
        max_body_bytes: 4_194_304,
        max_held_bytes: 67_108_864,
        origins: None,
        revisions: None,
        max_depth: 64,
        batches: false,
        legacy_sse: false,
    };
    assert_eq!(config.protocol, protocol);
    assert_eq!(config.digest.len(), 16);
}

#[test]
fn a_policy_with_options_is_the_same_policy() {
    let config = load(
        r#"{"policy":{"version":"1","default":"allow"},"identity":[{"bearer":true}],
            "protocol":{"headers":"hold","max_body_bytes":1000,"max_held_bytes":1048576,"origins":["https://A.example","null"],
            "revisions":["2026-07-28","2025-11-25"],"max_depth":10,"batches":"judge","legacy_sse":"allow"}}"#,
    );
    assert_eq!(config.policies[0].policy.default(), Effect::Allow);
    assert_eq!(config.identity, [Source::Bearer]);
    let Protocol { headers, max_body_bytes, max_held_bytes, origins, revisions, max_depth, batches, legacy_sse } =
        config.protocol;
    assert_eq!((headers, max_body_bytes, max_held_bytes, max_depth), (HeaderMode::Hold, 1000, 1 << 20, 10));
    assert!(batches && legacy_sse);
    assert_eq!(origins.unwrap().texts().collect::<Vec<_>>(), ["https://a.example", "null"]);
    assert_eq!(revisions.unwrap().listed(), ["2025-11-25", "2026-07-28"]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let found = problems(
        r#"{"policy":{"version":"2","default":"block","tolls":{},"tools":{"a":{"limits":[{"window":"week"}]}}},
            "identity":[{"bearer":1}],"protocol":{"headers":"keep","max_depth":3},"bindings":[],"polices":{}}"#,
    );
    let expected = [
        "/policy/version: found `2`, expected `1`",
        "/policy/default: found `block`, expected `allow` or `deny` (did you mean `deny`?)",
        "/policy/tolls: unknown key `tolls` (did you mean `tools`?); allowed: `version`, `default`, `description`, \
         `hide`, `rules`, `all_tools`, `tools`, `resources`, `prompts`, `methods`, `definitions`, `on_drift`, `unpinned`, `arguments` or `mode`",
        "/policy/tools/a/limits/0: the key `counter` is missing",
        "/policy/tools/a/limits/0: the key `scope` is missing",
        "/policy/tools/a/limits/0/window: found `week`, expected `second`, `minute`, `hour` or `day`, \
         or a number of seconds",
        "/identity/0/bearer: found the number `1`, expected `true` or `false`",
        "/protocol/headers: found `keep`, expected `release` or `hold`",
        "/protocol/max_depth: found the number `3`, expected a whole number from 4 to 256",
        "/bindings: bindings select one of `policies`, but there is a single `policy`; remove them",
        "/polices: unknown key `polices` (did you mean `policies`?); allowed: `policy`, `policies`, `bindings`, `identity`, \
         `mode`, `protocol`, `answers`, `limits`, `lists`, `audit`, `approvals`, `clock`, `claims` or `tasks`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_mistake_in_a_pin_or_beside_the_pins_hides_no_other_one() {
    let found = problems(r#"{"version":"1","default":"deny","on_drift":"ignore","unpinned":1}"#);
    let expected = [
        "/on_drift: found `ignore`, expected `deny` or `report`",
        "/on_drift: `on_drift` without `definitions` has no meaning; pin definitions with `mcp-policy pin`, or remove it",
        "/unpinned: found the number `1`, expected a string: `allow` or `deny`",
        "/unpinned: `unpinned` without `definitions` has no meaning; pin definitions with `mcp-policy pin`, or remove it",
    ];
    assert_eq!(found, expected);
    let found = problems(r#"{"version":"1","default":"deny","definitions":{"a*":{"schema":{}}}}"#);
    let expected = [
        "/definitions/a*: the key `sha256` is missing",
        "/definitions/a*: a pinned definition is that of one tool; write its name out, without `*`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_policy_without_its_version_is_explained_as_a_policy() {
    assert_eq!(problems(r#"{"default":"deny","tools":{}}"#), ["(top level): the key `version` is missing"]);
    assert_eq!(
        problems("{}"),
        ["(top level): the key `version` is missing", "(top level): the key `default` is missing"]
    );
}

#[test]
fn what_is_no_document_is_refused() {
    assert_eq!(problems(""), ["(top level): the configuration is empty; paste a policy"]);
    assert_eq!(problems("{\"version\":"), ["(top level): not JSON: the text ends too early (byte 11)"]);
    assert_eq!(problems("[]"), ["(top level): found a list, expected an object"]);
    let large = format!("{{\"version\":\"1\",\"default\":\"deny\",\"description\":\"{}\"}}", "x".repeat(4 << 20));
    assert_eq!(problems(&large), ["(top level): the configuration is larger than 4194304 bytes"]);
}

#[test]
fn a_policy_has_at_most_1000_patterns_and_its_other_mistakes_are_reported_beside() {
    let policy = |in_tools: usize, more: &str| {
        let tools = (0..in_tools).map(|number| format!(r#""a{number}*":{{}}"#)).collect::<Vec<_>>().join(",");
        let hide = (0..500).map(|number| format!(r#""b{number}*""#)).collect::<Vec<_>>().join(",");
        format!(r#"{{"version":"1","default":"deny","hide":[{hide}],"tools":{{{tools}{more}}}}}"#)
    };
    assert!(Config::load(policy(500, r#","exact":{}"#).as_bytes()).is_ok());
    let expected = [
        "(top level): more than 1000 patterns; write names out, or fewer and wider patterns",
        "/tools/x*/use/0: `use` names rules of `rules`, which this policy does not have",
    ];
    assert_eq!(problems(&policy(500, r#","x*":{"use":["r"]}"#)), expected);
}

#[test]
fn a_configuration_has_at_most_256_policies() {
    let policies = |count: usize| {
        let policies = (0..count).map(|number| format!(r#""p{number}":{{"version":"1","default":"deny"}}"#));
        format!(r#"{{"policies":{{{}}}}}"#, policies.collect::<Vec<_>>().join(","))
    };
    assert_eq!(load(&policies(256)).policies.len(), 256);
    assert_eq!(problems(&policies(257)), ["/policies: found 257 policies; 1 to 256 are allowed"]);
    assert_eq!(problems(&policies(0)), ["/policies: found 0 policies; 1 to 256 are allowed"]);
}

#[test]
fn the_text_of_all_problems_is_readable_in_a_log() {
    let invalid = Config::load(br#"{"version":"1","default":"maybe","x":1}"#).unwrap_err();
    let expected = "2 problems in the configuration:\n  \
                    /default: found `maybe`, expected `allow` or `deny`\n  \
                    /x: unknown key `x`; allowed: `version`, `default`, `description`, `hide`, `rules`, `all_tools`, `tools`, `resources`, `prompts`, `methods`, `definitions`, `on_drift`, `unpinned`, `arguments` or `mode`";
    assert_eq!(invalid.to_string(), expected);
}

/// Writes a message field of wire type 2.
fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 127 {
        field.push(u8::try_from(length & 127).unwrap() | 128);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap());
    field.extend_from_slice(content);
    field
}

fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    bytes(1, &[bytes(1, key.as_bytes()), bytes(2, value)].concat())
}

fn text(text: &str) -> Vec<u8> {
    bytes(3, text.as_bytes())
}

fn number(number: f64) -> Vec<u8> {
    [&[2 << 3 | 1][..], &number.to_le_bytes()].concat()
}

#[test]
fn a_struct_means_what_its_json_means() {
    let limit = [
        entry("counter", &text("c")),
        entry("window", &number(60.0)),
        entry("max", &number(10.0)),
        entry("scope", &text("grant")),
    ]
    .concat();
    let limits = bytes(6, &bytes(1, &bytes(5, &limit)));
    let tools = entry("t", &bytes(5, &entry("limits", &limits)));
    let policy =
        [entry("version", &text("1")), entry("default", &text("deny")), entry("tools", &bytes(5, &tools))].concat();
    let config = Config::load(&policy).unwrap_or_else(|invalid| panic!("{invalid}"));
    let Lookup::Rule(rule) = config.policies[0].policy.tool("t") else { panic!("no rule") };
    let limit = rule.limits().next().unwrap();
    assert_eq!((limit.max, limit.window.seconds()), (Amount::from_units(10), 60));
    let bad = [entry("version", &text("1")), entry("default", &[4 << 3, 1])].concat();
    let invalid = Config::load(&bad).unwrap_err();
    assert_eq!(invalid.problems[0].to_string(), "/default: found `true`, expected a string: `allow` or `deny`");
}

#[test]
fn every_cut_struct_is_refused_and_none_traps() {
    let policy = [entry("version", &text("1")), entry("default", &text("deny"))].concat();
    for end in 0..policy.len() {
        assert!(Config::load(&policy[..end]).is_err(), "{end}");
    }
    let nested = (0..200).fold(entry("a", &text("b")), |inner, _| entry("a", &bytes(5, &inner)));
    assert!(Config::load(&nested).is_err());
}

#[test]
fn numbers_of_a_struct_are_read_as_they_were_written() {
    let read = |value: f64| {
        let policy = [entry("version", &number(value))].concat();
        Config::load(&policy).unwrap_err().problems[0].to_string()
    };
    for (value, shown) in
        [(0.0, "0"), (60.0, "60"), (-1.5, "-1.5"), (0.1, "0.1"), (19.99, "19.99"), (1e15, "1000000000000000")]
    {
        assert_eq!(read(value), format!("/version: found the number `{shown}`, expected a string: `1`"));
    }
    for value in [f64::NAN, f64::INFINITY, 1e300, 1e-300] {
        assert!(read(value).starts_with("(top level): not JSON"), "{value}");
    }
}

#[test]
fn the_expressions_of_a_configuration_have_a_bound_in_all() {
    const WHY: &str = "with this expression, those of the configuration take more than 16 MiB compiled; share rules by `use`, \
                       write fewer expressions, or repeat less in them: `{0,64}` is 64 copies";
    // Each has as many states as an expression may have: 256 of them fit.
    let condition = |at: usize| format!(r#"{{"path":"args.a","op":"regex","value":"(?x)[a-y]{{{}}}"}}"#, 300 + at % 50);
    let finder = r#"{"regex":"(?x)a","near":"abc"}"#;
    let configuration = |count: usize, finder: &str, schema: &str| {
        let conditions: Vec<String> = (0..count).map(condition).collect();
        let require = format!(r#"{{"require":[{{"conditions":[{}]}}]}}"#, conditions.join(","));
        let [first, other] = [
            format!(r#"{{"version":"1","default":"deny","tools":{{"a":{require}}}}}"#),
            format!(
                r#"{{"version":"1","default":"deny","tools":{{"a":{{"results":{{"redact":[{finder}]}},"arguments":"declared"}}}},
                    "definitions":{{"a":{{"sha256":"{:064}","schema":{schema}}}}}}}"#,
                0
            ),
        ];
        format!(
            r#"{{"policies":{{"p":{first},"q":{other}}},"bindings":[{{"policy":"p","route":"p"}},{{"policy":"q"}}]}}"#
        )
    };
    let email = r#"{"find":"email"}"#;
    load(&configuration(256, email, "{}"));
    // Groups count, too: a search keeps places for each of them.
    let groups = |count| {
        let condition =
            format!(r#"{{"path":"args.a","op":"regex","value":"{}a{}{{14}}"}}"#, "(".repeat(60), ")".repeat(60));
        let conditions = vec![condition; count].join(",");
        format!(r#"{{"version":"1","default":"deny","tools":{{"a":{{"require":[{{"conditions":[{conditions}]}}]}}}}}}"#)
    };
    load(&groups(16));
    assert_eq!(problems(&groups(100)).len(), 1);
    // Only the first that is too much is reported, wherever it is.
    let found = |count, finder, schema| problems(&configuration(count, finder, schema));
    let condition = format!("/policies/p/tools/a/require/0/conditions/256/value: {WHY}");
    assert_eq!(found(257, email, "{}"), std::slice::from_ref(&condition));
    assert_eq!(found(1000, finder, r#"{"pattern":"a"}"#), [condition]);
    assert_eq!(found(256, finder, "{}"), [format!("/policies/q/tools/a/results/redact/0/regex: {WHY}")]);
    assert_eq!(
        found(256, email, r#"{"pattern":"(?x)a"}"#),
        [format!("/policies/q/definitions/a/schema/pattern: {WHY}")]
    );
}

/// A text that is not a configuration, and all its problems.
#[derive(serde::Deserialize)]
struct Mistake {
    name: String,
    text: String,
    problems: Vec<String>,
}

#[test]
fn each_mistake_has_its_message() {
    let mistakes = include_str!("../../tests/cases/invalid.jsonl").lines();
    let mistakes: Vec<Mistake> = mistakes.map(|line| serde_json::from_str(line).unwrap()).collect();
    let differing: Vec<_> = mistakes
        .iter()
        .map(|Mistake { name, text, problems: expected }| (name, problems(text), expected))
        .filter(|(_, found, expected)| found != *expected)
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(mistakes.len() > 50, "{}", mistakes.len());
}
