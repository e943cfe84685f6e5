#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BindingInput, PolicyMatch};
use crate::{config::Config, http::Header, identity::Grant};

const POLICIES: &str = r#""policies":{"one":{"version":"1","default":"deny"},"two":{"version":"1","default":"allow"}},
    "identity":[{"jwt_claim":"sub","payload":"p"},{"address":true}]"#;

fn load(bindings: &str) -> Result<Config, Vec<String>> {
    let text = format!("{{{POLICIES}{bindings}}}");
    let messages = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect();
    Config::load(text.as_bytes()).map_err(|invalid| messages(invalid.problems))
}

/// What judges a request.
#[track_caller]
fn bound(bindings: &str, scene: &BindingInput<'_>) -> String {
    let config = load(&format!(r#","bindings":[{bindings}]"#)).unwrap();
    match config.match_policy(scene) {
        PolicyMatch::Policy { policy, .. } => policy.name.to_string(),
        PolicyMatch::Bypass { .. } => "bypass".to_owned(),
        PolicyMatch::Unmatched => "nothing".to_owned(),
    }
}

fn at(path: &str) -> BindingInput<'_> {
    BindingInput { path: Header::Once(path.as_bytes()), ..BindingInput::default() }
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
    assert!(matches!(load("").unwrap().match_policy(&BindingInput::default()), PolicyMatch::Unmatched));
}

#[test]
fn everything_a_binding_names_has_to_fit() {
    let grant = Grant::from_name("jwt:alice");
    let binding = r#"{"route":"r*","host":"*.example.com","path":"/mcp","grant":"jwt:*","policy":"one"}"#;
    let scene = BindingInput {
        route: Some("r1"),
        host: Header::Once(b"A.Example.com:8443"),
        path: Header::Once(b"/mcp?x=/../;"),
        grant: Some(&grant),
    };
    assert_eq!(bound(binding, &scene), "one");
    for other in [
        BindingInput { route: Some("q"), ..scene },
        BindingInput { host: Header::Once(b"example.com"), ..scene },
        BindingInput { path: Header::Once(b"/mcp/"), ..scene },
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
fn a_path_that_servers_may_read_differently_gets_no_less_specific_policy() {
    for first in [r#"{"path":"/admin","policy":"one"}"#, r#"{"path_prefix":"/admin","policy":"one"}"#] {
        let bindings = format!(r#"{first},{{"policy":"two"}}"#);
        for path in [
            "//admin",
            "/x\\admin",
            "/admin;x",
            "/x/../admin",
            "/./admin",
            "/x/%2E/admin",
            "/x%2fadmin",
            "/x%5cadmin",
            "/%61dmin",
            "/admin%2d",
            "/%2561dmin",
            "/admin%",
            "/%u0061dmin",
            "/x/%c0%ae%c0%ae/admin",
            "/x%C0%AFadmin",
            "/admin%ff",
            "/x#/admin",
            "/caf\u{e9}",
            "/x admin",
            "",
        ] {
            let expected = if path.is_empty() { "two" } else { "nothing" };
            assert_eq!(bound(&bindings, &at(path)), expected, "{first} {path}");
        }
        for path in ["/ADMIN", "/Admin?x"] {
            assert_eq!(bound(&bindings, &at(path)), "nothing", "{first} {path}");
        }
        for path in ["/a..b/c.d/%20", "/x?//;%2e", "/administrator", "/caf%C3%A9"] {
            assert_eq!(bound(&bindings, &at(path)), "two", "{first} {path}");
        }
        let long = |length: usize| format!("/{}?{}", "x".repeat(length - 1), "y".repeat(9000));
        assert_eq!(bound(&bindings, &at(&long(4096))), "two");
        assert_eq!(bound(&bindings, &at(&long(4097))), "nothing");
        let bytes = BindingInput { path: Header::Once(b"/\xff"), ..BindingInput::default() };
        assert_eq!(bound(&bindings, &bytes), "nothing");
        assert_eq!(bound(&bindings, &BindingInput { path: Header::Repeated, ..bytes }), "nothing");
    }
}

#[test]
fn letters_in_percent_encoded_paths_have_a_case_too() {
    let bindings = r#"{"path":"/caf%C3%A9/*","policy":"one"},{"policy":"two"}"#;
    assert_eq!(bound(bindings, &at("/caf%C3%A9/x")), "one");
    for path in ["/caf%c3%a9/x", "/CAF%C3%A9/x", "/caf%C3%89/x"] {
        assert_eq!(bound(bindings, &at(path)), "nothing", "{path}");
    }
    assert_eq!(bound(bindings, &at("/cafe/x")), "two");
    // An escaped star is an ordinary character.
    assert_eq!(bound(r#"{"path":"/%2A","policy":"one"},{"policy":"two"}"#, &at("/x")), "two");
}

#[test]
fn a_path_decides_only_where_the_rest_of_its_binding_matches() {
    let bindings = r#"{"route":"a","policy":"one"},{"host":"h","path":"/x","policy":"one"},{"policy":"two"}"#;
    let odd = at("//x");
    assert_eq!(bound(bindings, &BindingInput { route: Some("a"), ..odd }), "one");
    assert_eq!(bound(bindings, &BindingInput { host: Header::Once(b"other"), ..odd }), "two");
    assert_eq!(bound(bindings, &BindingInput { host: Header::Once(b"h"), ..odd }), "nothing");
}

#[test]
fn a_host_that_servers_may_read_differently_gets_no_less_specific_policy() {
    let bindings = r#"{"host":"a.example.com","policy":"one"},{"policy":"two"}"#;
    let host = |host| bound(bindings, &BindingInput { host, ..BindingInput::default() });
    for name in ["a.example.com", "A.example.com:443", "a.example.com.", "a.example.com.:443"] {
        assert_eq!(host(Header::Once(name.as_bytes())), "one", "{name}");
    }
    assert_eq!(host(Header::Once(b"b.example.com")), "two");
    for odd in [Header::Once(b"a\xff"), Header::Repeated, Header::Once(&[b'a'; 513])] {
        assert_eq!(host(odd), "nothing", "{odd:?}");
    }
}

#[test]
fn a_host_is_bound_in_any_case() {
    for (written, sent) in
        [("A.com", "A.com"), ("A.com", "a.com"), ("a.com", "A.COM:443"), ("*.A.com:443", "x.a.com:443")]
    {
        let bindings = format!(r#"{{"host":"{written}","policy":"one"}},{{"policy":"two"}}"#);
        let scene = BindingInput { host: Header::Once(sent.as_bytes()), ..BindingInput::default() };
        assert_eq!(bound(&bindings, &scene), "one", "{written} {sent}");
    }
}

#[test]
fn a_grant_is_bound_by_its_whole_name_or_the_one_that_is_shown() {
    let grant = Grant::from_name("address:10.0.0.7");
    let scene = BindingInput { grant: Some(&grant), ..BindingInput::default() };
    assert_eq!(bound(r#"{"grant":"address:10.0.0.*","policy":"one"}"#, &scene), "one");
    assert_eq!(bound(r#"{"grant":"address:10.0.0.8","policy":"one"}"#, &scene), "nothing");
}

/// A value over 256 bytes is counted by its digest, and bound by what the caller sent.
#[test]
fn a_long_grant_is_bound_by_the_value_as_sent() {
    let bindings = r#"{"grant":"jwt:guest-*","policy":"one"},{"policy":"two"}"#;
    for length in [1, 256, 257, 4000] {
        let grant = Grant::from_name(&format!("jwt:guest-{}", "x".repeat(length)));
        let scene = BindingInput { grant: Some(&grant), ..BindingInput::default() };
        assert_eq!(bound(bindings, &scene), "one", "{length}");
        assert!(grant.id().len() <= 260, "{}", grant.id());
        assert_eq!(bound(&format!(r#"{{"grant":"{}","policy":"one"}}"#, grant.id()), &scene), "one", "{length}");
    }
}

#[test]
fn bypass_is_by_route_alone() {
    let scene = BindingInput { route: Some("oauth"), ..BindingInput::default() };
    assert_eq!(bound(r#"{"route":"oauth","bypass":true}"#, &scene), "bypass");
    let message = "`bypass` works with `route` only, since clients choose all other keys; name Envoy's route";
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
            "/bindings/4/path: found the string `mcp`, expected a path that begins with `/`, in ASCII, without a query, \
             `//`, `\\`, `;`, dot segments and needless escapes, since a request with another one matches no binding",
            "/bindings/5/rout: unknown key `rout` (did you mean `route`?); allowed: `route`, `host`, `path`, \
             `path_prefix`, `grant`, `policy` or `bypass`",
            "/bindings/6/bypass: found `false`, expected `true`; to apply a policy, name it in `policy`",
        ]
    );
}

#[test]
fn a_binding_that_no_request_matches_is_a_mistake() {
    for path in ["/a//b", "/a/../b", "/a;b", "/%61", "/%c0%ae", "/caf\u{e9}", "/a b", "/a#b", "/a?b"] {
        for key in ["path", "path_prefix"] {
            let problems = load(&format!(r#","bindings":[{{"{key}":"{path}","policy":"one"}}]"#)).unwrap_err();
            assert!(problems[0].starts_with(&format!("/bindings/0/{key}: found the string `{path}`, expected a path")));
        }
    }
    let many = vec![r#"{"policy":"one"}"#; 1001].join(",");
    let problems = load(&format!(r#","bindings":[{many}]"#)).unwrap_err();
    assert_eq!(problems, ["/bindings: found 1001 bindings; at most 1000 are allowed"]);
}

#[test]
fn an_explanation_says_why_each_binding_does_not_match() {
    let bindings = r#"{"route":"r","grant":"jwt:*","policy":"one"},{"host":"a.example","path_prefix":"/a","policy":"one"},
        {"path":"/b","policy":"one"},{"grant":"jwt:alice","policy":"one"}"#;
    let config = load(&format!(r#","bindings":[{bindings}]"#)).unwrap();
    let grant = Grant::from_name("address:10.0.0.7");
    let why = |input: &BindingInput<'_>| -> Vec<String> {
        let found = config.binding_mismatches(input);
        found.into_iter().map(|(index, why)| format!("{index} {why}")).collect()
    };
    let first = "0 does not match: its `route` is `r`, and the name of Envoy's route is not known; its `grant` is `jwt:*`, and the \
                 caller has no identity";
    assert_eq!(
        why(&BindingInput::default()),
        [
            first,
            "1 does not match: its `host` is `a.example`, and the request has no host; its `path_prefix` is `/a`, and the request has \
             no path",
            "2 does not match: its `path` is `/b`, and the request has no path",
            "3 does not match: its `grant` is `jwt:alice`, and the caller has no identity",
        ]
    );
    let input = BindingInput {
        route: Some("r"),
        host: Header::Once(b"a.example"),
        path: Header::Once(b"/c?q"),
        grant: Some(&grant),
    };
    assert_eq!(
        why(&input),
        [
            "0 does not match: its `grant` is `jwt:*`, and the caller is `address:10.0.0.7`",
            "1 does not match: its `path_prefix` is `/a`, and the path is `/c?q`",
            "2 does not match: its `path` is `/b`, and the path is `/c?q`",
            "3 does not match: its `grant` is `jwt:alice`, and the caller is `address:10.0.0.7`",
        ]
    );
    // What servers may read in more than one way ends the search.
    let odd =
        BindingInput { path: Header::Once(b"/a//b"), host: Header::Once(b"a.example"), ..BindingInput::default() };
    assert_eq!(
        why(&odd),
        [
            first,
            "1 servers may read the path `/a//b` in more than one way, so neither this binding nor one behind it applies",
        ]
    );
    // Of many bindings the first ones are explained.
    let many: Vec<String> = (0..100).map(|route| format!(r#"{{"route":"r{route}","policy":"one"}}"#)).collect();
    let found =
        load(&format!(r#","bindings":[{}]"#, many.join(","))).unwrap().binding_mismatches(&BindingInput::default());
    assert_eq!(found.len(), 33);
    assert_eq!(found.last().unwrap(), &(32, "does not match, nor does any of the 68 bindings from here on".to_owned()));
}
