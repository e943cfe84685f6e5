#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy, warnings};

const GUARDED: &str = r#"{"require":[{"conditions":[{"path":"args.x","op":"eq","value":1}]}],"rate_limit":"1/minute"}"#;

#[test]
fn dropped_restriction() {
    assert_eq!(
        policy(&format!(r#""tools":{{"get_*":{GUARDED},"get_pods":{{}}}}"#)),
        ["/tools/get_pods: `get_pods` takes precedence over `get_*` and drops its `require` and `limits`, since \
          entries never merge; repeat that here, or move it to `all_tools` [dropped-restriction]"]
    );
    assert_eq!(
        policy(&format!(r#""tools":{{"get_*":{GUARDED},"get_p*":{{"rate_limit":"5/minute"}}}}"#)),
        ["/tools/get_p*: `get_p*` takes precedence over `get_*` and drops its `require`, since entries never merge; \
          repeat that here, or move it to `all_tools` [dropped-restriction]"]
    );
    assert_eq!(
        policy(&format!(r#""prompts":{{"*":{GUARDED},"a*b":{{}}}}"#)),
        ["/prompts/a*b: `a*b` takes precedence over `*` and drops its `require` and `limits`, since entries never \
          merge; repeat that here [dropped-restriction]"]
    );
    let shadow = GUARDED.replace("{\"require", "{\"mode\":\"shadow\",\"require");
    let text = format!(r#"{{"version":"1","default":"allow","tools":{{"get_*":{GUARDED},"get_pods":{shadow}}}}}"#);
    assert_eq!(
        warnings(&text),
        ["/tools/get_pods: `get_pods` takes precedence over `get_*` and drops its `require` and `limits`, since \
          entries never merge; repeat that here, or move it to `all_tools` [dropped-restriction]"]
    );
}

#[test]
fn dropped_restriction_of_answers_and_arguments() {
    let results = r#"{"results":{"deny_if":[{"find":"private_key"}]}}"#;
    let dropped = |part: &str| {
        format!(
            "/tools/get_pods: `get_pods` takes precedence over `get_*` and drops its `{part}`, since entries never merge; repeat that \
             here, or move it to `all_tools` [dropped-restriction]"
        )
    };
    assert_eq!(policy(&format!(r#""tools":{{"get_*":{results},"get_pods":{{}}}}"#)), [dropped("results")]);
    assert_eq!(policy(&format!(r#""tools":{{"get_*":{results},"get_pods":{results}}}"#)), NONE);
    let arguments = |of_policy: &str, pattern: &str, exact: &str| {
        let mut found = policy(&format!(
            r#""arguments":"{of_policy}","tools":{{"get_*":{{"arguments":"{pattern}"}},"get_pods":{{{exact}}}}}"#
        ));
        found.retain(|warning| warning.ends_with("[dropped-restriction]"));
        found
    };
    assert_eq!(arguments("any", "strict", ""), [dropped("arguments")]);
    assert_eq!(arguments("declared", "strict", ""), [dropped("arguments")]);
    assert_eq!(arguments("strict", "declared", r#""arguments":"any""#), [dropped("arguments")]);
    assert_eq!(arguments("strict", "strict", ""), NONE);
    assert_eq!(arguments("strict", "declared", ""), NONE);
    assert_eq!(arguments("any", "strict", r#""arguments":"strict""#), NONE);
}

#[test]
fn dropped_restriction_where_a_pattern_denies() {
    assert_eq!(
        policy(r#""tools":{"delete_*":{"action":"deny"},"delete_draft":{}}"#),
        [
            "/tools/delete_draft: `delete_draft` is allowed although `delete_*` is denied: an exact name takes precedence \
          over every pattern; remove this entry if you do not intend that [dropped-restriction]"
        ]
    );
    assert_eq!(policy(r#""tools":{"delete_*":{"action":"deny"},"delete_draft":{"action":"deny"}}"#), NONE);
}

#[test]
fn dropped_restriction_where_patterns_cross() {
    assert_eq!(
        policy(&format!(r#""tools":{{"repo_*":{{"rate_limit":"1/minute"}},"*_delete":{GUARDED}}}"#)),
        ["/tools/repo_*: `repo_*` takes precedence on names that `*_delete` matches, too, and drops its `require`, \
          since entries never merge; repeat that here, or move it to `all_tools` [dropped-restriction]"]
    );
    assert_eq!(policy(&format!(r#""tools":{{"repo_*":{GUARDED},"*_delete":{{}}}}"#)), NONE);
    assert_eq!(policy(&format!(r#""tools":{{"repo_*":{{}},"rep*_delete":{GUARDED},"repos*":{GUARDED}}}"#)).len(), 1);
}

#[test]
fn a_rule_as_strict_as_the_pattern_or_in_another_map_drops_nothing() {
    assert_eq!(policy(&format!(r#""tools":{{"get_*":{GUARDED},"get_pods":{GUARDED}}}"#)), NONE);
    assert_eq!(policy(&format!(r#""tools":{{"get_*":{GUARDED},"put":{{}},"pu*":{{}}}}"#)), NONE);
    assert_eq!(policy(&format!(r#""tools":{{"get_*":{GUARDED},"get_pods":{{"action":"deny"}}}}"#)), NONE);
    // The pattern that would decide instead asks for nothing.
    assert_eq!(policy(&format!(r#""tools":{{"get_*":{GUARDED},"get_p*":{GUARDED},"get_po*":{GUARDED}}}"#)), NONE);
}
