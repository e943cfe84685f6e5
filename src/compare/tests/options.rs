//! Options and bindings.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, lines};

#[test]
fn options_and_bindings_are_compared() {
    let form = |more: &str| format!(r#"{{"policy":{{"version":"1","default":"deny"}}{more}}}"#);
    assert_eq!(lines(&form(""), &form(r#","audit":{"log":"all"}"#), None), NONE);
    assert_eq!(
        lines(&form(""), &form(r#","identity":[{"constant":"x"}]"#), None),
        ["+? : `identity` differs", "-? : `identity` differs"]
    );
    assert_eq!(lines(&form(""), &form(r#","mode":"shadow""#), None), ["+ : `mode` is `shadow`: nothing is enforced"]);
    let bound = |grant: &str| {
        format!(
            r#"{{"policies":{{"p":{{"version":"1","default":"deny"}}}},"bindings":[{{"route":"m","grant":"{grant}","policy":"p"}}],
            "identity":[{{"jwt_claim":"sub","payload":"p"}}]}}"#
        )
    };
    assert_eq!(lines(&bound("jwt:a"), &bound("jwt:a"), None), NONE);
    assert_eq!(lines(&bound("jwt:a"), &bound("jwt:b"), None).len(), 2);
}

#[test]
fn one_policy_alone_is_one_that_is_bound_to_every_caller() {
    let alone = r#"{"version":"1","default":"deny","tools":{"a":{}}}"#;
    let form_b = format!(r#"{{"policy":{alone}}}"#);
    let form_c = |binding: &str, default: &str| {
        let policies = format!(r#""default":{alone},"p":{{"version":"1","default":"{default}","tools":{{"a":{{}}}}}}"#);
        format!(r#"{{"policies":{{{policies}}},"bindings":[{binding}]}}"#)
    };
    for (one, other) in [(alone, &form_b), (alone, &form_c(r#"{"policy":"default"}"#, "allow"))] {
        assert_eq!((lines(one, other, None), lines(other, one, None)), (vec![], vec![]), "{other}");
    }
    assert_eq!(lines(alone, &form_c(r#"{"policy":"p"}"#, "deny"), None), NONE);
    assert_eq!(
        lines(&form_b, &form_c(r#"{"policy":"p"}"#, "allow"), None),
        [
            "+ every other tool, every other prompt, every other resource: is allowed; it was denied by `default`",
            "+ methods that the filter does not know: `default` allows them",
        ]
    );
    let differ = "`bindings` differ, so callers may be bound to other policies; policies of one name are compared";
    let by_route = form_c(r#"{"route":"m","policy":"default"}"#, "deny");
    assert_eq!(lines(alone, &by_route, None), [format!("+? : {differ}"), format!("-? : {differ}")]);
    let unbound = form_c("", "deny");
    assert_eq!(lines(alone, &unbound, None), [format!("+? : {differ}"), format!("-? : {differ}")]);
}

#[test]
fn what_is_refused_in_shadow_too_is_compared_in_shadow() {
    let form = |more: &str| format!(r#"{{"policy":{{"version":"1","default":"deny"}}{more}}}"#);
    let shadow = |more: &str| form(&format!(r#","mode":"shadow"{more}"#));
    let judged = r#","protocol":{"batches":"judge"}"#;
    let batches = "`protocol.batches` was not given and is `judge`";
    assert_eq!(lines(&shadow(""), &shadow(r#","identity":[{"constant":"x"}]"#), None), NONE);
    assert_eq!(
        lines(&shadow(""), &shadow(judged), None),
        [format!("+? : {batches}"), format!("-? : {batches}")],
        "a batch was refused, and may pass"
    );
    assert_eq!(
        lines(&shadow(""), &form(judged), None),
        [
            format!("+? : {batches}"),
            "- : `mode` is `enforce`: before, nothing was enforced".to_owned(),
            format!("-? : {batches}"),
        ]
    );
    let bound = |binding: &str| {
        format!(r#"{{"policies":{{"p":{{"version":"1","default":"deny"}}}},"bindings":[{binding}],"mode":"shadow"}}"#)
    };
    let bypass = "`bindings` differ, and what a route with `bypass` gets is not read";
    assert_eq!(
        lines(&bound(r#"{"route":"m","policy":"p"}"#), &bound(r#"{"route":"m","bypass":true}"#), None),
        [format!("+? : {bypass}"), format!("-? : {bypass}")]
    );
    assert_eq!(lines(&bound(r#"{"route":"m","policy":"p"}"#), &bound(r#"{"route":"n","policy":"p"}"#), None), NONE);
}

#[test]
fn the_members_of_an_option_that_differ_are_named_with_both_values() {
    let form = |more: &str| format!(r#"{{"policy":{{"version":"1","default":"deny"}}{more}}}"#);
    let differences = |old: &str, new: &str| {
        let lines = lines(&form(old), &form(new), None);
        let (wider, narrower) = lines.split_at(lines.len() / 2);
        let texts = |lines: &[String], sign: &str| -> Vec<String> {
            lines.iter().map(|line| line.strip_prefix(sign).unwrap().to_owned()).collect()
        };
        let wider = texts(wider, "+? : ");
        assert_eq!(wider, texts(narrower, "-? : "), "what an option brings about is not known");
        wider
    };
    let url = r#""url":"http://c/""#;
    assert_eq!(
        differences("", &format!(r#","approvals":{{{url},"elicit":true}}"#)),
        ["`approvals.url` was not given and is `http://c/`", "`approvals.elicit` was not given and is `true`"]
    );
    assert_eq!(
        differences(
            &format!(r#","approvals":{{{url},"elicit":true,"store":{{"etcd":{{"cluster":"e"}}}}}}"#),
            &format!(r#","approvals":{{"elicit":false,{url},"store":{{"etcd":{{"timeout_ms":99,"cluster":"f"}}}}}}"#),
        ),
        [
            "`approvals.elicit` was `true` and is `false`",
            "`approvals.store.etcd.cluster` was `e` and is `f`",
            "`approvals.store.etcd.timeout_ms` was not given and is `99`",
        ]
    );
    // The options of other callers, too; a list is not told apart.
    assert_eq!(differences(r#","clock":{"offset":"+01:00"}"#, ""), ["`clock.offset` was `+01:00` and is not given"]);
    assert_eq!(
        differences("", r#","protocol":{"headers":"release","origins":["https://a.example"]}"#),
        ["`protocol.headers` was not given and is `release`", "`protocol.origins` differs"]
    );
    // Nothing is given in either.
    assert_eq!(lines(&form(""), &form(r#","approvals":{}"#), None), NONE);
    // A path may be a credential.
    let notify = |path: &str| {
        format!(r#","approvals":{{{url},"notify":{{"cluster":"hooks","path":"{path}","format":"slack"}}}}"#)
    };
    let url = format!(r#","approvals":{{{url}}}"#);
    let [given, gone] = [differences(&url, &notify("/B0SECRET")), differences(&notify("/B0SECRET"), &url)];
    assert_eq!(
        given,
        [
            "`approvals.notify.cluster` was not given and is `hooks`",
            "`approvals.notify.path` was not given and is given",
            "`approvals.notify.format` was not given and is `slack`",
        ]
    );
    assert_eq!(gone[1], "`approvals.notify.path` was given and is not given");
    assert_eq!(
        differences(&notify("/B0SECRET"), &notify("/B1SECRET")),
        ["`approvals.notify.path` differs; it may be a credential, so it is not displayed"]
    );
}

#[test]
fn policies_are_paired_by_themselves_whatever_they_are_called() {
    let form = |last: &str| {
        let closed = r#"{"version":"1","default":"deny"}"#;
        let open = r#"{"version":"1","default":"deny","tools":{"t":{}}}"#;
        format!(
            r#"{{"policies":{{"a, now b":{closed},"a":{closed},"b":{open}}},
            "bindings":[{{"route":"m","policy":"a, now b"}},{{"policy":"{last}"}}]}}"#
        )
    };
    assert_eq!(lines(&form("a"), &form("b"), None), ["+ the tool `t`: is allowed; it was denied by `default`"]);
}
