//! `mcp-policy explain`

use crate::{assert_fails, assert_prints, run, run_with, scratch::Scratch};

const PAYMENTS: &str = "envoy/policies/payments.json";
const AT: [&str; 2] = ["--at", "2026-01-31T23:00:00Z"];

#[test]
fn an_allowed_call_shows_what_was_compared_and_charged() {
    let args = r#"{"payment_intent":"pi_1","amount":2500}"#;
    let ran = run(&["explain", PAYMENTS, "--tool", "create_refund", "--args", args, "--as", "jwt:alice"]);
    let expected = r#"the tool `create_refund` as `jwt:alice`
  1. /tools/create_refund: the key `create_refund` applies to the tool `create_refund`
  2. /tools/create_refund/require/0: holds: `args.payment_intent` is `"pi_1"`; compared with `starts_with` `"pi_"`
  3. /tools/create_refund/require/1: holds: `args.amount` is `2500`; compared with `gt` `0`
  4. /tools/create_refund/deny_if/0: does not hold: `args.amount` is `2500`; compared with `gt` `50000`
  5. /tools/create_refund/limits/0: costs 1 of `refunds`, 5 calls in 600 seconds for each grant
  6. /tools/create_refund/limits/1: costs 2500 of `refunded`, 30000 a day for each grant
  7. /tools/create_refund/limits/2: costs 2500 of `refunded_by_all`, 50000 a day for all callers together
  8. /tools/create_refund/require_approval/0: does not hold: `args.amount` is `2500`; compared with `gt` `10000`
  9. /tools/create_refund/limits/0: charges 1 to `refunds`: 1 of 5 calls in 600 seconds used
  10. /tools/create_refund/limits/1: charges 2500 to `refunded`: 2500 of 30000 a day used
  11. /tools/create_refund/limits/2: charges 2500 to `refunded_by_all`: 2500 of 50000 a day used
  decision: allowed
"#;
    assert_prints(&ran, 0, expected);
}

#[test]
fn explain_prints_the_message_to_the_agent_for_a_denied_call() {
    let args = r#"{"payment_intent":"pi_1","amount":"2500"}"#;
    let expected = r#"the tool `create_refund` as `anybody`
  1. /tools/create_refund: the key `create_refund` applies to the tool `create_refund`
  2. /tools/create_refund/require/0: holds: `args.payment_intent` is `"pi_1"`; compared with `starts_with` `"pi_"`
  3. /tools/create_refund/require/1: does not hold: `args.amount` is of the wrong type: `"2500"` where a number is needed; compared with `gt` `0`
  decision: denied by /tools/create_refund/require/1
  message to the agent: Policy violation: the policy denies the tool `create_refund`: Say how much to refund, in cents: without an amount Stripe refunds everything
"#;
    assert_prints(&run(&["explain", PAYMENTS, "--tool", "create_refund", "--args", args]), 0, expected);
    let expected = "the tool `cancel_subscription` as `anybody`
  1. (hidden): `cancel_*` in `hide` matches the tool `cancel_subscription`
  decision: denied by (hidden)
  message to the agent: Policy violation: the policy denies the tool `cancel_subscription`, because it is hidden; if you need it, ask the policy's owner
";
    assert_prints(&run(&["explain", PAYMENTS, "--tool", "cancel_subscription"]), 0, expected);
    let expected = "the tool `create_payment_link` as `anybody`
  1. (default deny): no entry matches the tool `create_payment_link`; `default` is `deny`
  decision: denied by (default deny)
  message to the agent: Policy violation: the policy denies the tool `create_payment_link`, because no rule allows it; if you need it, ask the policy's owner
";
    assert_prints(&run(&["explain", PAYMENTS, "--tool", "create_payment_link"]), 0, expected);
}

#[test]
fn a_tool_that_no_key_names_is_answered_with_the_nearest_key() {
    let policy = r#"{"version":"1","default":"deny","tools":{"get_user":{},"list_*":{}}}"#;
    let denied = "Policy violation: the policy denies the tool `get_usr`, because no rule allows it; if you need it, ask the policy's owner";
    let expected = format!(
        "the tool `get_usr` as `anybody`
  1. (default deny): no entry matches the tool `get_usr`; `default` is `deny`
  decision: denied by (default deny)
  message to the agent: {denied}
  no key names this tool; did you mean `get_user`?
"
    );
    assert_prints(&run_with(&["explain", "-", "--tool", "get_usr"], policy), 0, &expected);
    let step = r#"{"rule":"(default deny)","text":"no entry matches the tool `get_usr`; `default` is `deny`"}"#;
    let expected = format!(
        r#"{{"steps":[{step}],"decision":"denied","rule":"(default deny)","message":"{denied}","didYouMean":"get_user"}}"#
    );
    let json = run_with(&["explain", "-", "--tool", "get_usr", "--format", "json"], policy);
    assert_prints(&json, 0, &format!("{expected}\n"));
}

#[test]
fn patterns_that_lose_are_named() {
    let policy =
        r#"{"version":"1","default":"deny","tools":{"*":{"action":"deny"},"get_*":{},"get_p*":{},"a/b~c":{}}}"#;
    let expected = "the tool `get_pods` as `anybody`
  1. /tools/*: the pattern `*` applies to the tool `get_pods`; `get_p*` and `get_*` do not apply
  2. /tools/*/action: holds: there is no condition
  decision: denied by /tools/*/action
  message to the agent: Policy violation: the policy denies the tool `get_pods`; if you need it, ask the policy's owner
";
    assert_prints(&run_with(&["explain", "-", "--tool", "get_pods"], policy), 0, expected);
    let expected = "the tool `a/b~c` as `anybody`
  1. /tools/a~1b~0c: the key `a/b~c` applies to the tool `a/b~c`; `*` does not apply
  decision: allowed
";
    assert_prints(&run_with(&["explain", "-", "--tool", "a/b~c"], policy), 0, expected);
}

#[test]
fn a_policy_in_shadow_says_what_it_would_do() {
    let ran = run(&["explain", "envoy/policies/shadow-rollout.json", "--tool", "slack_delete_message"]);
    let expected = "the tool `slack_delete_message` as `anybody`
  1. (hidden): `*_delete_*` in `hide` matches the tool `slack_delete_message`
  2. /mode: in shadow, so the call passes and nothing is charged
  decision: allowed
  in shadow mode: denied by (hidden)
";
    assert_prints(&ran, 0, expected);
    let policy = r#"{"version":"1","default":"allow","tools":{"a":{"mode":"shadow","rate_limit":"0/day"}}}"#;
    let expected = "the tool `a` as `anybody`
  1. /tools/a: the key `a` applies to the tool `a`
  2. /tools/a/rate_limit: in shadow: costs 1 of `/tools/a`, 0 calls a day for each grant
  3. /tools/a/rate_limit: in shadow: `/tools/a` has no room for 1: 0 calls a day at most
  decision: allowed
  in shadow mode: rate_limited by /tools/a/rate_limit
";
    assert_prints(&run_with(&["explain", "-", "--tool", "a"], policy), 0, expected);
}

#[test]
fn what_a_service_would_say_is_not_known() {
    let policy = r#"{"policy":{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval"}}},
        "approvals":{"service":{"cluster":"desk","path":"/decide"}}}"#;
    let expected = "the tool `pay` as `anybody`
  1. /tools/pay: the key `pay` applies to the tool `pay`
  2. /tools/pay/action: holds: there is no condition
  3. /tools/pay/action: needs approval, so nothing is charged yet
  decision: approval_required by /tools/pay/action
  message to the agent: the answer of the approval service
";
    assert_prints(&run_with(&["explain", "-", "--tool", "pay"], policy), 0, expected);
}

#[test]
fn a_whole_request_may_be_any_message() {
    let scratch = Scratch::new("explain-request");
    let policy = r#"{"version":"1","default":"deny","methods":{"ping":"deny","x/y":"allow"},"resources":{"a:*":{}}}"#;
    let policy = scratch.file("policy.json", policy);
    let explain = |body: &str| run_with(&["explain", &policy, "--request", "-"], body).stdout;
    let message =
        |method: &str, params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    for (body, expected) in [
        (
            message("ping", "{}"),
            "  1. /methods/ping: `methods` says `deny` for `ping`
  decision: denied by /methods/ping
  message to the agent: Policy violation: the policy denies the method `ping`; if you need it, ask the policy's owner\n",
        ),
        (message("x/y", "{}"), "  1. /methods/x~1y: `methods` says `allow` for `x/y`\n  decision: allowed\n"),
        (message("tools/list", "{}"), "  1. (method): `tools/list` passes whatever `default` says\n  decision: allowed\n"),
        (
            message("tasks/list", "{}"),
            "  1. (method): `methods` does not name `tasks/list`; `default` is `deny`
  decision: denied by (method)
  message to the agent: Policy violation: the policy denies the method `tasks/list`, because no rule allows it; if you need it, ask the policy's owner\n",
        ),
        (
            message("resources/read", r#"{"uri":"a:b"}"#),
            "  1. /resources/a:*: the pattern `a:*` applies to the resource `a:b`\n  decision: allowed\n",
        ),
        (
            message("tools/call", "{}"),
            "  1. is refused before any rule is evaluated: `params.name` is missing; the method needs it
  decision: refused
  message to the agent: Request refused: `params.name` is missing; the method needs it\n",
        ),
    ] {
        assert_eq!(explain(&body), format!("the request as `anybody`\n{expected}"), "{body}");
    }
}

#[test]
fn programs_get_one_object() {
    let ran =
        run(&[&["explain", "envoy/policies/krea.json", "--tool", "generate_image", "--format", "json"], &AT[..]]
            .concat());
    let expected = concat!(
        r#"{"steps":[{"rule":"/tools/generate_image","text":"the key `generate_image` applies to the tool `generate_image`"},"#,
        r#"{"rule":"/tools/generate_image/limits/0","text":"costs 1 of `generate_image_rate`, 10 calls a minute for each grant"},"#,
        r#"{"rule":"/tools/generate_image/limits/0","text":"charges 1 to `generate_image_rate`: 1 of 10 calls a minute used"}],"#,
        r#""decision":"allowed","remaining":{"generate_image_rate":9}}"#,
        "\n"
    );
    assert_prints(&ran, 0, expected);
    let policy = r#"{"version":"1","default":"allow","tools":{"a":{"rate_limit":"0/day","reason":"Never"}}}"#;
    let expected = concat!(
        r#"{"steps":[{"rule":"/tools/a","text":"the key `a` applies to the tool `a`"},"#,
        r#"{"rule":"/tools/a/rate_limit","text":"costs 1 of `/tools/a`, 0 calls a day for each grant"},"#,
        r#"{"rule":"/tools/a/rate_limit","text":"`/tools/a` has no room for 1: 0 calls a day at most"}],"#,
        r#""decision":"rate_limited","rule":"/tools/a/rate_limit","#,
        r#""message":"Policy violation: the policy allows no calls of the tool `a`: Never; do not retry"}"#,
        "\n"
    );
    assert_prints(&run_with(&["explain", "-", "--tool", "a", "--format", "json"], policy), 0, expected);
}

#[test]
fn a_call_that_cannot_be_explained_is_an_error() {
    let scratch = Scratch::new("explain-faults");
    let wrong = scratch.file("wrong.json", "{\"version\": \"1\",\n  \"defualt\": \"deny\"}");
    let expected = format!(
        "error: the policy does not load
{wrong}:1:1: (top level): the key `default` is missing
{wrong}:2:3: /defualt: unknown key `defualt` (did you mean `default`?); allowed: `version`, `default`, `description`, `hide`, `rules`, `all_tools`, `tools`, `resources`, `prompts`, `methods`, `definitions`, `on_drift`, `unpinned`, `arguments` or `mode`\n"
    );
    assert_fails(&run(&["explain", &wrong, "--tool", "a"]), 1, &expected);
    let krea = "envoy/policies/krea.json";
    let expected = "error: `--args` is not JSON: expected a string (byte 1)\n";
    assert_fails(&run(&["explain", krea, "--tool", "a", "--args", "{a: 1}"]), 2, expected);
    let expected = "error: cannot read `no.json`: No such file or directory (os error 2)\n";
    assert_fails(&run(&["explain", "no.json", "--tool", "a"]), 2, expected);
    assert_fails(&run(&["explain", krea, "--request", "no.json"]), 2, expected);
    let expected = "error: `--as` names no grant; name one, such as `jwt:alice`\n";
    assert_fails(&run(&["explain", krea, "--tool", "a", "--as", ""]), 2, expected);
    let expected = "error: stdin can be read only once; give one `-`\n";
    assert_fails(&run(&["explain", "-", "--request", "-"]), 2, expected);
    let console = "tests/cli/check.in/console.json";
    let expected = format!(
        "error: the policy does not load
{console}:1:1: (top level): this is the configuration of a console, which has no policy; name a gateway's\n"
    );
    assert_fails(&run(&["explain", console, "--tool", "a"]), 1, &expected);
    for arguments in [
        &["explain", krea][..],
        &["explain", krea, "--tool", "a", "--request", "b"],
        &["explain", krea, "--args", "{}"],
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
    }
}

#[test]
fn it_says_which_binding_tells_and_what_it_lets_pass() {
    let scratch = Scratch::new("explain-bindings");
    let config = scratch.file(
        "c.json",
        r#"{"policies":{"agents":{"version":"1","default":"deny"},"people":{"version":"1","default":"deny","tools":{"t":{}}}},
            "bindings":[{"route":"oauth","bypass":true},{"grant":"jwt:*","policy":"people"},{"path":"/mcp","policy":"agents"}],
            "identity":[{"jwt_claim":"sub","payload":"p"}]}"#,
    );
    let explain = |words: &[&str]| run(&[&["explain", &config, "--tool", "t"], words].concat()).stdout;
    let people = "the tool `t` as `jwt:a`\n  1. /bindings/1: selects the policy `people`\n  \
                  2. /tools/t: the key `t` applies to the tool `t`\n  decision: allowed\n";
    assert_eq!(explain(&["--as", "jwt:a"]), people);
    let agents = explain(&["--route", "mcp", "--path", "/mcp?x"]);
    assert!(agents.contains("  1. /bindings/2: selects the policy `agents`\n"), "{agents}");
    let oauth = "the tool `t` as `anybody`\n  1. /bindings/0: lets the request pass uninspected\n  decision: allowed\n";
    assert_eq!(explain(&["--route", "oauth"]), oauth);
    let unmatched = explain(&["--path", "/other"]);
    let expected = "the tool `t` as `anybody`
  1. /bindings/0: does not match: its `route` is `oauth`, and the name of Envoy's route is not known
  2. /bindings/1: does not match: its `grant` is `jwt:*`, and the caller is `anybody`
  3. /bindings/2: does not match: its `path` is `/mcp`, and the path is `/other`
  4. (no policy): no policy applies to this route and caller; ask the gateway's operator to bind one
  decision: denied by (no policy)\n";
    assert!(unmatched.starts_with(expected), "{unmatched}");
}

#[test]
fn a_rule_that_many_entries_use_is_read_in_linear_time() {
    let scratch = Scratch::new("explain-shared");
    let seconds = |count: usize| {
        let condition = r#"{"path":"caller.source","op":"exists","value":true}"#;
        let conditions = vec![condition; count].join(",");
        let entries: Vec<String> = (0..count).map(|at| format!(r#""t{at}":{{"use":["r"]}}"#)).collect();
        let policy = format!(
            r#"{{"version":"1","default":"deny","rules":{{"r":{{"require":[{{"conditions":[{conditions}]}}]}}}},"tools":{{{}}}}}"#,
            entries.join(",")
        );
        let file = scratch.file("p.json", &policy);
        let start = std::time::Instant::now();
        assert_eq!(run(&["explain", &file, "--tool", "other"]).code, 0);
        start.elapsed().as_secs_f64()
    };
    let (small, large) = (seconds(1500), seconds(12_000));
    assert!(large < 24.0 * small, "8 times the entries: {small} s and {large} s");
}

#[test]
fn a_result_is_shown_as_the_client_gets_it_with_the_entries_that_change_it() {
    let scratch = Scratch::new("explain-result");
    let policy = r#"{"version":"1","default":"deny","tools":{"get_note":{"results":{"redact":[{"find":"email"},{"find":"iban"}],
        "deny_if":[{"find":"private_key"}],"on_deny":"keys stay here"}}}}"#;
    let policy = scratch.file("policy.json", policy);
    let answer =
        scratch.file("answer.json", r#"{"content": [{"type": "text", "text": "bob@example.com, ann@example.com"}]}"#);
    let expected = r#"the tool `get_note` as `anybody`
  1. /tools/get_note: the key `get_note` applies to the tool `get_note`
  decision: allowed
  /tools/get_note/results/redact/0: finds `email` in the answer, 2 times: at `/result/content/0/text` (2 times)
  the answer is redacted
  the client gets: {"jsonrpc":"2.0","id":1,"result":{"content": [{"type": "text", "text": "[redacted], [redacted]"}]}}
"#;
    assert_prints(&run(&["explain", &policy, "--tool", "get_note", "--result", &answer]), 0, expected);
    let key = r#"{"x": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"}"#;
    let ran = run_with(&["explain", &policy, "--tool", "get_note", "--result", "-", "--format", "json"], key);
    let printed = &ran.stdout;
    for part in [
        r#""outcome":"refused""#,
        r#""rule":"/tools/get_note/results/deny_if/0""#,
        r#""finder":"private_key","count":1,"rule":"/tools/get_note/results/deny_if/0","places":[{"pointer":"/result/x","part":"value","count":1}]"#,
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}

#[test]
fn a_time_that_cannot_be_read_is_answered_with_an_example() {
    let ran = run(&["explain", PAYMENTS, "--tool", "x", "--at", "nope"]);
    let expected =
        "error: invalid value 'nope' for '--at <TIME>': expected a time in UTC, such as `2026-01-31T08:00:00Z`\n";
    assert!(ran.code == 2 && ran.stderr.starts_with(expected), "{ran:?}");
}

#[test]
fn a_byte_of_the_arguments_is_counted_from_their_start() {
    let ran = run(&["explain", PAYMENTS, "--tool", "x", "--args", r#"{"a":1,"a":2}"#]);
    let expected = r#"the tool `x` as `anybody`
  1. is refused before any rule is evaluated: the member `a` is repeated (byte 7 of `--args`); send each name once, spelled as in the specification
  decision: refused
  message to the agent: Request refused: the member `a` is repeated (byte 7 of `--args`); send each name once, spelled as in the specification
"#;
    assert_prints(&ran, 0, expected);
    let ran = run(&["explain", PAYMENTS, "--tool", "x", "--args", r#"{"a":1,"a":2}"#, "--format", "json"]);
    assert_eq!(ran.stdout.matches("(byte 7 of `--args`)").count(), 2, "{ran:?}");
}
