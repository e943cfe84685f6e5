#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BindingInput, PolicyMatch};
use crate::{config::Config, identity::Grant};

const POLICIES: &str = r#""policies":{"one":{"version":"1","default":"deny"},"two":{"version":"1","default":"allow"}}"#;

fn load(bindings: &str) -> Result<Config, Vec<String>> {
    let text = format!("{{{POLICIES}{bindings}}}");
    let messages = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect();
    Config::load(text.as_bytes()).map_err(|invalid| messages(invalid.problems))
}

/// What judges a request.
#[track_caller]
fn bound(bindings: &str, scene: &BindingInput<'_>) -> String {
    let config = load(&format!(r#","bindings":[{bindings}]"#)).unwrap();
    match config.bound(scene) {
        PolicyMatch::Policy(named) => named.name.to_string(),
        PolicyMatch::Bypass => "bypass".to_owned(),
        PolicyMatch::Unmatched => "nothing".to_owned(),
    }
}

fn at(path: &str) -> BindingInput<'_> {
    BindingInput { path: Some(path), ..BindingInput::default() }
}

#[test]
fn the_first_binding_that_fits_decides() {
    let both = r#"{"route":"a","policy":"one"},{"policy":"two"}"#;
    assert_eq!(bound(both, &BindingInput { route: Some("a"), ..BindingInput::default() }), "one");
    assert_eq!(bound(both, &BindingInput { route: Some("b"), ..BindingInput::default() }), "two");
    assert_eq!(bound(both, &BindingInput::default()), "two");
}

#[test]
fn with_nothing_bound_everything_is_denied() {
    assert_eq!(bound("", &BindingInput::default()), "nothing");
    assert_eq!(bound(r#"{"route":"a","policy":"one"}"#, &BindingInput::default()), "nothing");
    assert!(matches!(load("").unwrap().bound(&BindingInput::default()), PolicyMatch::Unmatched));
}

#[test]
fn everything_a_binding_names_has_to_fit() {
    let grant = Grant::named("jwt:alice");
    let binding = r#"{"route":"r*","host":"*.example.com","path":"/mcp","grant":"jwt:*","policy":"one"}"#;
    let scene = BindingInput {
        route: Some("r1"),
        host: Some("A.Example.com:8443"),
        path: Some("/mcp?x=/../;"),
        grant: Some(&grant),
    };
    assert_eq!(bound(binding, &scene), "one");
    for other in [
        BindingInput { route: Some("q"), ..scene },
        BindingInput { host: Some("example.com"), ..scene },
        BindingInput { path: Some("/mcp/"), ..scene },
        BindingInput { grant: None, ..scene },
    ] {
        assert_eq!(bound(binding, &other), "nothing", "{other:?}");
    }
}

#[test]
fn a_path_prefix_ends_where_a_segment_ends() {
    for (prefix, path, expected) in [
        ("/a", "/a", "one"),
        ("/a", "/a/b", "one"),
        ("/a", "/a?b", "one"),
        ("/a", "/ab", "nothing"),
        ("/a/", "/a/b", "one"),
        ("/a/", "/a", "nothing"),
        ("/*/mcp", "/team/mcp/x", "one"),
        ("/*/mcp", "/team/mcpx", "nothing"),
        ("/", "/x", "one"),
    ] {
        assert_eq!(
            bound(&format!(r#"{{"path_prefix":"{prefix}","policy":"one"}}"#), &at(path)),
            expected,
            "{prefix} {path}"
        );
    }
}

#[test]
fn a_path_that_servers_may_read_differently_is_bound_by_none() {
    let binding = r#"{"path":"*","policy":"one"},{"path_prefix":"/","policy":"one"}"#;
    for path in ["/a//b", "/a\\b", "/a;b", "/a/../b", "/./a", "/a/%2E/b", "/a%2fb", "/a%5cb"] {
        assert_eq!(bound(binding, &at(path)), "nothing", "{path}");
    }
    assert_eq!(bound(binding, &at("/a..b/c.d/%20")), "one");
}

#[test]
fn a_grant_is_bound_by_its_whole_name_or_the_one_that_is_shown() {
    let grant = Grant::named("address:10.0.0.7");
    let scene = BindingInput { grant: Some(&grant), ..BindingInput::default() };
    assert_eq!(bound(r#"{"grant":"address:10.0.0.*","policy":"one"}"#, &scene), "one");
    assert_eq!(bound(r#"{"grant":"10.0.0.7","policy":"one"}"#, &scene), "nothing");
}

#[test]
fn bypass_is_by_route_alone() {
    let scene = BindingInput { route: Some("oauth"), ..BindingInput::default() };
    assert_eq!(bound(r#"{"route":"oauth","bypass":true}"#, &scene), "bypass");
    let message = "`bypass` takes `route` and nothing else, since clients choose everything else; name Envoy's route";
    for binding in [r#"{"bypass":true}"#, r#"{"route":"a","path":"/x","bypass":true}"#, r#"{"host":"a","bypass":true}"#]
    {
        let problems = load(&format!(r#","bindings":[{binding}]"#)).unwrap_err();
        assert_eq!(problems, [format!("/bindings/0: {message}")], "{binding}");
    }
}

#[test]
fn every_mistake_in_a_binding_is_named() {
    let problems = load(
        r#","bindings":[{"route":"a","policy":"tow"},{"route":"a"},{"policy":"one","bypass":true},{"route":"","policy":"one"},
        {"path":"mcp","policy":"one"},{"rout":"a","policy":"one"},{"route":"a","bypass":false}]"#,
    );
    assert_eq!(
        problems.unwrap_err(),
        [
            "/bindings/0/policy: found `tow`, expected `one` or `two` (did you mean `two`?)",
            "/bindings/1: a binding has exactly one of `policy` and `bypass`",
            "/bindings/2: a binding has exactly one of `policy` and `bypass`",
            "/bindings/3/route: found the string ``, expected a text, exact or with `*`",
            "/bindings/4/path: a path begins with `/`",
            "/bindings/5/rout: unknown key `rout` (did you mean `route`?); allowed: `route`, `host`, `path`, \
             `path_prefix`, `grant`, `policy` or `bypass`",
            "/bindings/6/bypass: found `false`, expected `true`; name a `policy` otherwise",
        ]
    );
}
