//! The corpus through the engine, and what a case file may contain.

mod attacks;
mod corpus;
mod facts;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Case, CaseCall, Expectation, Expected, Failure, MIDNIGHT, RequestOrigin, format_time, read};
use crate::{identity::Claims, time::Timestamp};

/// The one case of a file.
#[track_caller]
fn case(text: &str) -> Case {
    let mut cases = read(text).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(cases.len(), 1);
    cases.remove(0)
}

/// A file with one case of one call, against a policy with one entry of each kind.
fn file(call: &str) -> String {
    let policy = r#"{"version":"1","default":"deny","hide":["drop*"],"tools":{"ok":{},
        "draw":{"rate_limit":"2/minute"},"slow":{"rate_limit":"0/hour"},"pay":{"action":"require_approval","reason":"Ask first"},
        "try":{"mode":"shadow","require":[{"conditions":[{"path":"args.a","op":"eq","value":1}]}]},
        "seen":{"rate_limit":"2/second","mode":"shadow"}}}"#;
    format!(r#"{{"policy":{policy},"cases":[{{"name":"n","calls":[{call}]}}]}}"#)
}

#[track_caller]
fn assert_passes(call: &str) {
    let failure = case(&file(call)).run(None).err();
    assert!(failure.is_none(), "{call}: {}", failure.map(|failure| failure.to_string()).unwrap_or_default());
}

#[track_caller]
fn assert_fails(call: &str, expected: &str) {
    assert_eq!(case(&file(call)).run(None).unwrap_err().to_string(), expected, "{call}");
}

#[track_caller]
fn assert_wrong(text: &str, expected: &[&str]) {
    let problems = read(text).expect_err("reads");
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected, "{text}");
}

#[test]
fn a_call_says_all_that_a_request_can() {
    let text = r#"{"description":"d","cases":[{"name":"n","calls":[
        {"as":"jwt:alice","session":"s","route":"r","host":"h","path":"/p","at":"00:01:30.5","times":3,"tool":"a\"b","args":{"x": 1e2},
         "expect":"rate_limited","rule":"/r","message_contains":"m","shadow":"/s"},
        {"method":"ping","expect":"allow","shadow":null},
        {"at":4,"request":{"jsonrpc": "2.0"},"expect":"refused"},
        {"request":"[","expect":"refused"}]}]}"#;
    let at = |milliseconds: u64| Timestamp(MIDNIGHT.0 + milliseconds);
    let first = CaseCall {
        title: "the tool `a\"b`".to_owned(),
        body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a\"b","arguments":{"x": 1e2}}}"#
            .to_owned(),
        grant: "jwt:alice".to_owned(),
        claims: Claims::Absent,
        session: Some("s".to_owned()),
        origin: RequestOrigin { route: Some("r".to_owned()), host: Some("h".to_owned()), path: Some("/p".to_owned()) },
        at: at(90_500),
        times: 3,
        listed: vec![],
        expected: Expectation {
            decision: Expected::RateLimited,
            rule: Some("/r".to_owned()),
            message_contains: Some("m".to_owned()),
            shadow: Some(Some("/s".to_owned())),
            ..Expected::RateLimited.into()
        },
        answer: None,
    };
    let plain = |title: &str, body: &str, milliseconds: u64, expected: Expectation| CaseCall {
        title: title.to_owned(),
        body: body.to_owned(),
        grant: "anybody".to_owned(),
        claims: Claims::Absent,
        session: None,
        origin: RequestOrigin::default(),
        at: at(milliseconds),
        times: 1,
        listed: vec![],
        answer: None,
        expected,
    };
    let unshadowed = Expectation { shadow: Some(None), ..Expected::Allow.into() };
    let calls = vec![
        first,
        plain("`ping`", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, 90_500, unshadowed),
        plain("the request", r#"{"jsonrpc": "2.0"}"#, 4000, Expected::Refused.into()),
        plain("the request", "[", 4000, Expected::Refused.into()),
    ];
    assert_eq!(case(text), Case { name: "n".to_owned(), policy: None, calls });
}

#[test]
fn what_becomes_of_an_answer_can_be_expected() {
    let results = r#""results":{"redact":[{"find":"email"}],"deny_if":[{"find":"iban"}]}"#;
    let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"t":{{{results}}},"u":{{}}}}}}"#);
    let run =
        |call: &str| case(&format!(r#"{{"policy":{policy},"cases":[{{"name":"n","calls":[{call}]}}]}}"#)).run(None);
    for call in [
        r#"{"tool":"t","expect":"allow","answer":{"x":"bob@example.com"},"expect_answer":"redacted","answer_contains":"[redacted]"}"#,
        r#"{"tool":"t","expect":"allow","answer":{"x":"hello"},"expect_answer":"unchanged","answer_rule":"none"}"#,
        r#"{"tool":"t","expect":"allow","answer":{"x":"DE89370400440532013000"},"expect_answer":"refused","answer_rule":"/tools/t/results/deny_if/0"}"#,
        r#"{"tool":"u","expect":"allow","answer":{"x":"bob@example.com"},"expect_answer":"unchanged"}"#,
        r#"{"tool":"t","expect":"allow","answer":{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"bob@example.com"}},"expect_answer":"redacted"}"#,
    ] {
        assert_eq!(run(call).map_err(|failure| failure.to_string()), Ok(()), "{call}");
    }
    let wrong = run(
        r#"{"tool":"t","expect":"allow","answer":{"x":"bob@example.com"},"expect_answer":"refused","answer_rule":"/x"}"#,
    );
    let message = wrong.unwrap_err().to_string();
    assert!(
        message
            .contains("expected the answer refused, got it redacted; expected the rule `/x` on the answer, got `none`"),
        "{message}"
    );
}

#[test]
fn each_decision_can_be_expected() {
    assert_passes(r#"{"tool":"ok","expect":"allow","shadow":null}"#);
    assert_passes(r#"{"tool":"other","expect":"deny","rule":"(default deny)","message_contains":"no rule allows it"}"#);
    assert_passes(r#"{"tool":"drop_all","expect":"deny","rule":"(hidden)"}"#);
    assert_passes(r#"{"tool":"pay","expect":"approval_required","rule":"/tools/pay/action"}"#);
    assert_passes(r#"{"tool":"try","expect":"deny","rule":"(default deny)","shadow":"/tools/try/require/0"}"#);
    assert_passes(r#"{"tool":"slow","expect":"rate_limited","message_contains":"allows no calls"}"#);
    assert_passes(r#"{"request":[{"jsonrpc":"2.0","id":1,"method":"ping"}],"expect":"refused"}"#);
    assert_passes(r#"{"method":"resources/list","expect":"allow"}"#);
    assert_passes(r#"{"method":"notifications/initialized","expect":"allow"}"#);
    assert_passes(r#"{"method":"x","params":{},"expect":"deny","rule":"(method)"}"#);
    assert_passes(r#"{"tool":"ok","args":{"a":1,"a":2},"expect":"refused","message_contains":"`a`"}"#);
    assert_passes(r#"{"request":"{\"jsonrpc\":\"2.0\"","expect":"refused"}"#);
}

#[test]
fn since_2026_the_head_says_what_the_body_says() {
    let request = |name: &str| {
        let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}",{meta}}}}}"#)
    };
    assert_passes(&format!(r#"{{"request":{},"expect":"allow"}}"#, request("ok")));
    assert_passes(&format!(r#"{{"request":{},"expect":"deny","rule":"(default deny)"}}"#, request("öh ")));
}

#[test]
fn a_call_repeats_on_a_clock_that_moves() {
    assert_passes(
        r#"{"at":"00:00:59.999","times":2,"tool":"draw","expect":"allow"},
           {"times":5,"tool":"draw","expect":"rate_limited"},
           {"as":"bob","tool":"draw","expect":"allow"},
           {"at":60,"tool":"draw","expect":"allow"}"#,
    );
    assert_fails(
        r#"{"times":3,"tool":"draw","expect":"allow"}"#,
        "call 1, the tool `draw` as `anybody` at 00:00:00, time 3 of 3: \
         expected allowed, got rate_limited by /tools/draw/rate_limit",
    );
    for (milliseconds, text) in [(0, "00:00:00"), (86_399_000, "23:59:59"), (90_061_001, "25:01:01.001")] {
        assert_eq!(format_time(Timestamp(MIDNIGHT.0 + milliseconds)), text);
    }
}

#[test]
fn a_clock_reads_seconds_with_leading_zeros_and_a_fraction() {
    for (text, milliseconds) in [
        ("00:00:09", 9000),
        ("0:0:5", 5000),
        ("00:00:00.25", 250),
        ("01:02:59.5000", 3_779_500),
        ("24:00:00", 86_400_000),
    ] {
        let cases = read(&file(&format!(r#"{{"tool":"a","at":"{text}","expect":"deny"}}"#))).unwrap();
        assert_eq!(cases[0].calls[0].at, Timestamp(MIDNIGHT.0 + milliseconds), "{text}");
    }
}

#[test]
fn a_time_in_full_may_be_of_any_year_until_2099() {
    for (text, milliseconds) in [
        ("2026-01-01T00:00:00Z", 1_767_225_600_000),
        ("2027-01-31T00:00:00Z", 1_801_353_600_000),
        ("2099-12-31T23:59:59.5Z", 4_102_444_799_500),
    ] {
        let cases = read(&file(&format!(r#"{{"tool":"a","at":"{text}","expect":"deny"}}"#))).unwrap();
        assert_eq!(cases[0].calls[0].at, Timestamp(milliseconds), "{text}");
    }
    assert_fails(
        r#"{"at":"2027-01-31T00:00:00Z","tool":"draw","expect":"deny"}"#,
        "call 1, the tool `draw` as `anybody` at 2027-01-31T00:00:00Z: expected denied, got allowed",
    );
}

#[test]
fn a_failure_names_every_difference() {
    assert_fails(
        r#"{"at":5,"tool":"pay","expect":"deny"}"#,
        "call 1, the tool `pay` as `anybody` at 00:00:05: expected denied, got approval_required by /tools/pay/action",
    );
    assert_fails(
        r#"{"tool":"ok","expect":"allow"},{"tool":"no","expect":"deny","rule":"/x","message_contains":"zebra","shadow":"/z"}"#,
        "call 2, the tool `no` as `anybody` at 00:00:00: expected the rule `/x`, got `(default deny)`; \
         expected a message with `zebra`, got `Policy violation: the policy denies the tool `no`, because no \
         rule allows it; if you need it, ask the policy's owner`; expected in shadow mode `/z`, got none",
    );
}

#[test]
fn a_failure_shows_the_steps_of_the_decision() {
    let failure = case(&file(r#"{"tool":"draw","times":3,"expect":"allow"}"#)).run(None).unwrap_err();
    let expected = [
        "1. /tools/draw: the key `draw` applies to the tool `draw`",
        "2. /tools/draw/rate_limit: costs 1 of `/tools/draw`, 2 calls a minute for each grant",
        "3. /tools/draw/rate_limit: `/tools/draw` has no room for 1: 2 calls a minute at most",
        "decision: rate_limited by /tools/draw/rate_limit",
        "message to the agent: Policy violation: the tool `draw` has reached the rate limit of 2 calls a minute; retry in 60 seconds",
    ];
    assert_eq!(failure.lines(), expected);
}

#[test]
fn a_policy_may_be_missing_or_wrong() {
    let case = |policy: &str| {
        case(&format!(r#"{{{policy}"cases":[{{"name":"n","calls":[{{"tool":"a","expect":"deny"}}]}}]}}"#))
    };
    assert_eq!(case("").run(None), Err(Failure::NoPolicy));
    let failure = case(r#""policy":{"version":"1"},"#).run(None).unwrap_err();
    assert_eq!(failure.to_string(), "the policy does not load");
    assert_eq!(failure.lines(), ["(top level): the key `default` is missing"]);
}

#[test]
fn all_mistakes_of_a_case_file_are_reported_at_once() {
    assert_wrong(
        r#"{"polcy":{},"cases":[{"name":"","calls":[{"tol":"a","expect":"alow"}]},{"name":"b","calls":[]},{"calls":{}}]}"#,
        &[
            "/polcy: unknown key `polcy` (did you mean `policy`?); allowed: `description`, `policy` or `cases`",
            "/cases/0/name: found the string ``, expected a name: a few words on one line",
            "/cases/0/calls/0: the call names no target; add `tool`, `method` or `request`",
            "/cases/0/calls/0/tol: unknown key `tol` (did you mean `tool`?); allowed: `as`, `claims`, `session`, `route`, `host`, `path`, `at`, `times`, \
             `tool`, `args`, `method`, `params`, `request`, `expect`, `rule`, `message_contains`, `shadow`, `listed`, `answer`, `expect_answer`, `answer_rule` or `answer_contains`",
            "/cases/0/calls/0/expect: found `alow`, expected `allow`, `deny`, `rate_limited`, `approval_required` or \
             `refused` (did you mean `allow`?)",
            "/cases/1/calls: the list has no call; add one",
            "/cases/2: the key `name` is missing",
            "/cases/2/calls: found an object, expected a list",
        ],
    );
    assert_wrong(r#"{"cases":[]}"#, &["/cases: the list has no case; add one"]);
    assert_wrong(r#"{"cases":"#, &["(top level): not JSON: the text ends too early (byte 9)"]);
    for empty in ["", "\n  "] {
        assert_wrong(empty, &["(top level): the case file is empty; write `{\"cases\": […]}`"]);
    }
}

#[test]
fn a_call_that_contradicts_itself_is_a_mistake() {
    for (call, expected) in [
        (
            r#"{"tool":"a","method":"b","expect":"deny"}"#,
            ": `tool`, `method` and `request` exclude each other; keep one",
        ),
        (
            r#"{"method":"a","args":{},"expect":"deny"}"#,
            "/args: `args` belongs to `tool`, which is missing; add it, or remove `args`",
        ),
        (
            r#"{"tool":"a","params":{},"expect":"deny"}"#,
            "/params: `params` belongs to `method`, which is missing; add it, or remove `params`",
        ),
        (
            r#"{"tool":"a","expect":"allow","rule":"/x"}"#,
            "/rule: `rule` applies to a denial, but the case expects `allow`; remove it, or use `shadow`",
        ),
        (
            r#"{"request":1,"expect":"deny"}"#,
            "/request: found the number `1`, expected a message, a batch, or a string that holds the body",
        ),
        (
            r#"{"tool":"a","times":0,"expect":"deny"}"#,
            "/times: found the number `0`, expected a whole number from 1 to 100000",
        ),
        (r#"{"tool":"a"}"#, ": the key `expect` is missing"),
    ] {
        assert_wrong(&file(call), &[&format!("/cases/0/calls/0{expected}")]);
    }
    for at in [
        r#""1:60:00""#,
        r#""00:00""#,
        r#""0:0:60""#,
        r#""0:0:-1""#,
        r#""00:00:59.""#,
        r#""00:00:.5""#,
        r#""00:00:5e1""#,
        r#""00:00:+5""#,
        r#""00:00:""#,
        "-1",
        "0.0001",
        "1e9",
        "null",
        r#""2025-12-31T23:59:59Z""#,
        r#""2100-01-01T00:00:00Z""#,
    ] {
        let problems = read(&file(&format!(r#"{{"tool":"a","at":{at},"expect":"deny"}}"#))).unwrap_err();
        let expected = "expected seconds, such as `59.5`, `hours:minutes:seconds`, such as `\"00:00:59\"`, or a time from 2026 to 2099, such as \
             `\"2026-11-20T17:00:00Z\"`";
        assert!(problems.len() == 1 && problems[0].message.ends_with(expected), "{at}: {problems:?}");
    }
    assert_wrong(
        r#"{"cases":[{"name":"n","calls":[{"tool":"a","expect":"deny"}]},{"name":"n","calls":[{"tool":"a","expect":"deny"}]}]}"#,
        &["/cases/1/name: another case has the name `n`; give each case its own name"],
    );
}

#[test]
fn a_message_is_found_in_a_tool_result_and_in_a_batch() {
    let policy = r#"{"policy":{"version":"1","default":"deny","tools":{"pay":{"action":"deny","reason":"Ask first"}}},
        "answers":{"deny_as":"tool_result"},"protocol":{"batches":"judge"}}"#;
    let pay = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay"}}"#;
    let other = r#"{"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"file:///a"}}"#;
    for (request, message) in [
        (pay.to_owned(), "Policy violation: the policy denies the tool `pay`: Ask first"),
        (
            format!("[{pay},{}]", pay.replace("\"id\":1", "\"id\":3")),
            "Policy violation: the policy denies the tool `pay`: Ask first",
        ),
        (format!("[{other},{pay}]"), "resource `file:///a`"),
    ] {
        let call = format!(r#"{{"request":{request},"expect":"deny","message_contains":"{message}"}}"#);
        let file = format!(r#"{{"policy":{policy},"cases":[{{"name":"n","calls":[{call}]}}]}}"#);
        let failure = case(&file).run(None).err();
        assert!(failure.is_none(), "{call}: {}", failure.map(|failure| failure.to_string()).unwrap_or_default());
    }
}

#[test]
fn a_caller_is_named_as_the_source_of_its_grant_names_it() {
    let digest = "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0";
    let long = "l".repeat(300);
    let text = format!(
        r#"{{"policies":{{"p":{{"version":"1","default":"allow"}}}},"identity":[{{"header":"x-a"}},{{"header":"x-key","secret":true}}],
        "bindings":[{{"grant":"header:l*","policy":"p"}},{{"grant":"header.x-key:{}","policy":"p"}}]}}"#,
        digest.get(..16).unwrap()
    );
    for (grant, expected) in [
        (format!("header:{long}"), "allow"),
        (format!("header.x-key:{digest}"), "allow"),
        (format!("header:{}", "l".repeat(5000)), "deny"),
        ("header:".to_owned(), "deny"),
        ("jwt:alice".to_owned(), "deny"),
    ] {
        let call = format!(r#"{{"as":"{grant}","tool":"ok","expect":"{expected}"}}"#);
        let file = format!(r#"{{"policy":{text},"cases":[{{"name":"n","calls":[{call}]}}]}}"#);
        let failure = case(&file).run(None).err();
        assert!(failure.is_none(), "{grant}: {}", failure.map(|failure| failure.to_string()).unwrap_or_default());
    }
}
