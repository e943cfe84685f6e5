//! Which `results` apply to an answer, and whose tasks are whose; product contract, section 13.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Gateway, NOW, assert_answer, call};
use crate::{
    audit::Decision,
    engine::results::{ResultFilter, filter_for_stream},
    mcp::created_task::CreatedTask,
    policy::Mode,
};

fn body(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

/// The entries that apply to an answer, enforced and in shadow.
fn entries(filter: Option<&ResultFilter>) -> [Vec<String>; 2] {
    let entries = |mode| {
        let inspections = filter.map(|filter| &filter.inspections);
        let rules =
            inspections.and_then(|all| if mode == Mode::Enforce { all.enforced.as_ref() } else { all.shadow.as_ref() });
        rules.map(|rules| rules.entries().map(|(_, pointer)| pointer.to_owned()).collect()).unwrap_or_default()
    };
    [Mode::Enforce, Mode::Shadow].map(entries)
}

const POLICY: &str = r#""version":"1","default":"deny",
    "rules":{"shared":{"results":{"redact":[{"find":"jwt"}]}}},
    "all_tools":{"results":{"max_bytes":1000,"deny_if":[{"find":"iban"}]}},
    "tools":{"plain":{},"own":{"use":["shared"],"results":{"redact":[{"find":"email"},{"find":"iban"}]}},
             "watched":{"mode":"shadow","results":{"redact":[{"find":"email"}]}}},
    "prompts":{"p":{"results":{"redact":[{"find":"email"}]}},"q":{}},
    "resources":{"file:///*":{"results":{"redact":[{"find":"aws_key"}]}}}"#;

#[test]
fn the_results_of_a_calls_rules_apply_together() {
    let open = Gateway::new(&format!("{{{}}}", POLICY.replace(r#""default":"deny""#, r#""default":"allow""#)));
    let of = |method: &str, params: &str| entries(open.judge(&call("alice"), &body(method, params)).results.as_deref());
    let all = ["/all_tools/results/deny_if/0"];
    for (method, params, enforced, shadow) in [
        ("tools/call", r#"{"name":"plain"}"#, &all[..], &[][..]),
        (
            "tools/call",
            r#"{"name":"own"}"#,
            &["/rules/shared/results/redact/0", "/tools/own/results/redact/0", "/all_tools/results/deny_if/0"],
            &[],
        ),
        ("tools/call", r#"{"name":"watched"}"#, &all, &["/tools/watched/results/redact/0"]),
        ("prompts/get", r#"{"name":"p"}"#, &["/prompts/p/results/redact/0"], &[]),
        ("prompts/get", r#"{"name":"q"}"#, &[], &[]),
        ("resources/read", r#"{"uri":"file:///a"}"#, &["/resources/file:~1~1~1*/results/redact/0"], &[]),
        ("resources/subscribe", r#"{"uri":"file:///a"}"#, &[], &[]),
        ("tools/list", "{}", &[], &[]),
        (
            "tasks/result",
            r#"{"taskId":"t"}"#,
            &[
                "/all_tools/results/deny_if/0",
                "/rules/shared/results/redact/0",
                "/tools/own/results/redact/0",
                "/resources/file:~1~1~1*/results/redact/0",
            ],
            &["/tools/watched/results/redact/0"],
        ),
    ] {
        let [mut found, in_shadow] = of(method, params);
        found.sort();
        let mut expected: Vec<&str> = enforced.to_vec();
        expected.sort_unstable();
        assert_eq!(
            (found, in_shadow),
            (
                expected.iter().map(|one| (*one).to_owned()).collect(),
                shadow.iter().map(|one| (*one).to_owned()).collect()
            ),
            "{method} {params}"
        );
    }
    // Tasks have status messages, of whatever call.
    assert_eq!(of("tasks/list", "{}"), of("tasks/result", r#"{"taskId":"t"}"#));
}

#[test]
fn in_shadow_all_results_only_report() {
    for text in [format!(r#"{{"policy":{{{POLICY}}},"mode":"shadow"}}"#), format!(r#"{{{POLICY},"mode":"shadow"}}"#)] {
        let gateway = Gateway::new(&text);
        let response = gateway.judge(&call("alice"), &body("tools/call", r#"{"name":"plain"}"#));
        assert_eq!(entries(response.results.as_deref()), [vec![], vec!["/all_tools/results/deny_if/0".to_owned()]]);
    }
}

#[test]
fn a_policy_without_results_judges_no_answer() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow","tools":{"t":{"rate_limit":"5/minute"}}}"#);
    for (method, params) in [("tools/call", r#"{"name":"t"}"#), ("tasks/get", r#"{"taskId":"t"}"#)] {
        assert!(gateway.judge(&call("alice"), &body(method, params)).results.is_none());
    }
    assert!(filter_for_stream(&gateway.config, &gateway.bound("alice")).is_none());
}

#[test]
fn a_task_is_reached_by_the_caller_whose_call_created_it_and_by_no_other() {
    let gateway =
        Gateway::new(r#"{"policy":{"version":"1","default":"deny","tools":{"t":{}}},"tasks":{"owner":true}}"#);
    let unknown = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown task: a"}}"#;
    let about = |method: &str| body(method, r#"{"taskId":"a"}"#);
    let methods = ["tasks/get", "tasks/result", "tasks/cancel", "tasks/update"];
    for method in methods {
        assert_answer(gateway.answer(&about(method)), unknown);
    }
    let response = gateway.judge(&call("alice"), &body("tools/call", r#"{"name":"t"}"#));
    let watch = response.results.and_then(|results| results.tasks).expect("a call may create a task");
    watch.keep(&CreatedTask { id: "a".to_owned(), ttl_ms: Some(60_000) }, &gateway.store, NOW);
    for method in methods {
        assert_eq!(gateway.answer(&about(method)), None, "{method}");
        let other = gateway.judge(&call("bob"), &about(method)).record;
        assert_eq!((other.decision, &*other.rule), (Decision::Denied, "(unknown task)"), "{method}");
    }
    let listen = |tasks: &str| body("subscriptions/listen", &format!(r#"{{"notifications":{{"taskIds":[{tasks}]}}}}"#));
    assert_eq!(gateway.answer(&listen(r#""a""#)), None, "the server tells of the caller's own task");
    assert_answer(gateway.answer(&listen(r#""a","b""#)), &unknown.replace(" a\"", " b\""));
    let other = gateway.judge(&call("bob"), &listen(r#""a""#)).record;
    assert_eq!((other.decision, &*other.rule), (Decision::Denied, "(unknown task)"), "the task of another caller");
    let open = Gateway::new(r#"{"version":"1","default":"deny"}"#);
    assert_eq!(open.answer(&about("tasks/get")), None, "without the option");
    assert_eq!(open.answer(&listen(r#""a""#)), None, "without the option");
}
