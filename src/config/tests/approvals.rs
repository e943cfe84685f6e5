//! `approvals`, and the configuration of a console.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{load, problems};
use crate::{
    config::{Console, EtcdStore, LoadedConfig, NoticeFormat, Service},
    identity::{Grant, Peer, Source},
    json::quoted,
};

#[test]
fn approvals_are_decided_at_a_page_or_by_a_service() {
    let with = |approvals: &str| format!(r#"{{"policy":{{"version":"1","default":"deny"}},"approvals":{approvals}}}"#);
    let config =
        load(&with(r#"{"url":"https://gate.example.com/console","service":{"cluster":"c","path":"/decide"}}"#));
    assert_eq!(config.approvals.url.as_deref(), Some("https://gate.example.com/console/"));
    let service = Service { cluster: "c".into(), path: "/decide".into(), authority: "c".into(), timeout_ms: 2000 };
    assert_eq!(config.approvals.service, Some(service));
    let found = problems(&with(
        r#"{"url":"localhost:10001","service":{"cluster":"","path":"decide","authority":"a b","timeout_ms":0},"x":1}"#,
    ));
    let expected = [
        "/approvals/x: unknown key `x`; allowed: `url`, `service`, `store`, `elicit` or `notify`",
        "/approvals/url: found the string `localhost:10001`, expected the console's address, such as `http://localhost:10001/`",
        "/approvals/service/cluster: found the string ``, expected the name of an Envoy cluster",
        "/approvals/service/path: found the string `decide`, expected a path that begins with `/`",
        "/approvals/service/authority: found the string `a b`, expected a host, such as `approvals.example.com`",
        "/approvals/service/timeout_ms: found the number `0`, expected a whole number from 1 to 60000",
    ];
    let mut found = found;
    found.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(found, expected);
    for url in
        ["http:///", "http://a b/", "http://a/#x", "http://a/?x", "javascript:alert(1)", "http://a/\"x", "ftp://a/"]
    {
        assert_eq!(problems(&with(&format!("{{\"url\":{}}}", quoted(url)))).len(), 1, "{url}");
    }
}

#[test]
fn clients_are_sent_to_a_page_only_if_there_is_one() {
    let with = |approvals: &str| format!(r#"{{"policy":{{"version":"1","default":"deny"}},"approvals":{approvals}}}"#);
    for (approvals, elicit) in [
        ("{}", false),
        (r#"{"elicit":false}"#, false),
        (r#"{"url":"http://localhost:10001/","elicit":true}"#, true),
        (r#"{"service":{"cluster":"c","path":"/"},"elicit":true}"#, true),
    ] {
        assert_eq!(load(&with(approvals)).approvals.elicit, elicit, "{approvals}");
    }
    assert_eq!(
        problems(&with(r#"{"elicit":true}"#)),
        ["/approvals/elicit: no page can be shown to users; give the console's address in `approvals.url`"]
    );
    assert_eq!(
        problems(&with(r#"{"url":"http://localhost:10001/","elicit":"url"}"#)),
        ["/approvals/elicit: found the string `url`, expected `true` or `false`"]
    );
}

#[test]
fn requests_are_announced_to_a_webhook_whose_path_no_message_repeats() {
    let with = |notify: &str| {
        format!(
            r#"{{"policy":{{"version":"1","default":"deny"}},"approvals":{{"url":"http://localhost:10001/","notify":{notify}}}}}"#
        )
    };
    let notify =
        load(&with(r#"{"cluster":"slack","path":"/services/T0/B0/x","authority":"hooks.slack.com","format":"slack"}"#));
    let notify = notify.approvals.notify.unwrap();
    assert_eq!(
        (&*notify.cluster, notify.path.expose(), &*notify.authority),
        ("slack", "/services/T0/B0/x", "hooks.slack.com")
    );
    assert_eq!(notify.format, NoticeFormat::Slack);
    let short = load(&with(r#"{"cluster":"hooks","path":"/"}"#)).approvals.notify.unwrap();
    assert_eq!((&*short.authority, short.format), ("hooks", NoticeFormat::Json));
    let mut found =
        problems(&with(r#"{"cluster":"","path":"services/secret","authority":"a b","format":"teams","x":1}"#));
    found.sort();
    let mut expected = [
        "/approvals/notify/x: unknown key `x`; allowed: `cluster`, `path`, `authority` or `format`",
        "/approvals/notify/cluster: found the string ``, expected the name of an Envoy cluster",
        "/approvals/notify/path: expected a path that begins with `/`, of visible ASCII characters",
        "/approvals/notify/authority: found the string `a b`, expected a host, such as `approvals.example.com`",
        "/approvals/notify/format: found `teams`, expected `json`, `slack` or `workflows`",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(problems(&with("{}")).len(), 2);
    let both = r#"{"policy":{"version":"1","default":"deny"},"approvals":{"service":{"cluster":"c","path":"/"},"notify":{"cluster":"d","path":"/"}}}"#;
    assert_eq!(
        problems(both),
        ["/approvals/notify: `approvals.service` gets each request itself; remove `notify`, or the service"]
    );
}

#[test]
fn a_fleet_keeps_its_approvals_in_etcd() {
    let store = |cluster: &str, prefix: &str, timeout_ms| {
        Some(EtcdStore { cluster: cluster.into(), prefix: prefix.into(), timeout_ms })
    };
    let with = |approvals: &str| format!(r#"{{"policy":{{"version":"1","default":"deny"}},"approvals":{approvals}}}"#);
    let short = load(&with(r#"{"store":{"etcd":{"cluster":"etcd"}}}"#)).approvals.store;
    assert_eq!(short.as_deref().cloned(), store("etcd", "mcp-policy/", 250));
    let long = load(&with(r#"{"store":{"etcd":{"cluster":"c","prefix":"a/b/","timeout_ms":1000}}}"#)).approvals.store;
    assert_eq!(long.as_deref().cloned(), store("c", "a/b/", 1000));
    let text =
        r#"{"console":{"approvers":["peer:x"],"store":{"etcd":{"cluster":"c","prefix":"a/b/","timeout_ms":1000}}}}"#;
    match LoadedConfig::load(text.as_bytes()) {
        Ok(LoadedConfig::Console(console)) => assert_eq!(console.store, long, "the same key"),
        other => panic!("{other:?}"),
    }
    let prefix = "expected a prefix of keys that ends with `/`, such as `mcp-policy/`";
    let long = "x".repeat(126);
    for (approvals, expected) in [
        (r#"{"store":{}}"#.to_owned(), "/approvals/store: the key `etcd` is missing".to_owned()),
        (
            r#"{"store":{"redis":{},"etcd":{"cluster":"c"}}}"#.to_owned(),
            "/approvals/store/redis: unknown key `redis`; allowed: `etcd`".to_owned(),
        ),
        (
            r#"{"store":{"etcd":{"cluster":"c","prefix":"a"}}}"#.to_owned(),
            format!("/approvals/store/etcd/prefix: found the string `a`, {prefix}"),
        ),
        (
            r#"{"store":{"etcd":{"cluster":"c","prefix":"/"}}}"#.to_owned(),
            format!("/approvals/store/etcd/prefix: found the string `/`, {prefix}"),
        ),
        (
            format!(r#"{{"store":{{"etcd":{{"cluster":"{long}"}}}}}}"#),
            format!(
                "/approvals/store/etcd/cluster: found the string `{}…`, expected at most 125 characters: give the cluster a shorter name in Envoy",
                "x".repeat(64)
            ),
        ),
        (
            r#"{"service":{"cluster":"c","path":"/"},"store":{"etcd":{"cluster":"c"}}}"#.to_owned(),
            "/approvals/store: `approvals.service` keeps approvals itself; remove it, or remove `store`".to_owned(),
        ),
    ] {
        assert_eq!(problems(&with(&approvals)), [expected], "{approvals}");
    }
}

#[test]
fn a_console_names_who_may_approve() {
    let console = |text: &str| match LoadedConfig::load(text.as_bytes()) {
        Ok(LoadedConfig::Console(console)) => console,
        other => panic!("{other:?}"),
    };
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let one = console(&format!(r#"{{"console":{{"approvers":["bearer:{digest}","peer:spiffe://x/*"]}}}}"#));
    assert_eq!(one.identity, [Source::peer(Peer::UriSan), Source::Bearer]);
    let admits = |console: &Console, grant: &str| console.matches_approver(&Grant::from_name(grant));
    assert!(admits(&one, &format!("bearer:{digest}")) && admits(&one, "peer:spiffe://x/y"));
    for grant in ["bearer:9f86d081884c7d65", "peer:spiffe://z/y", "address:127.0.0.1", "peer:spiffe://x"] {
        assert!(!admits(&one, grant), "{grant}");
    }
    for host in ["localhost", "LOCALHOST:10001", "127.0.0.1:1", "[::1]:10001"] {
        assert!(one.has_host(host), "{host}");
    }
    for host in [
        "",
        "localhost.evil.com",
        "evil.com",
        "127.0.0.1.evil.com:1",
        "localhost:x",
        "localhost:",
        "localhost:99999",
        "localhost:+80",
    ] {
        assert!(!one.has_host(host), "{host}");
    }
    let two = console(
        r#"{"console":{"approvers":["jwt:*@example.com"],"identity":[{"jwt_claim":"email","payload":"p"}],"hosts":["Gate.example.com"]}}"#,
    );
    assert!(admits(&two, "jwt:a@example.com") && !admits(&two, "jwt:a@example.com.evil"));
    assert!(two.has_host("gate.Example.com") && !two.has_host("localhost") && !two.has_host("gate.example.com:80"));
}

#[test]
fn a_console_without_approvers_or_open_to_all_is_refused() {
    let found = |text: &str| -> Vec<String> {
        LoadedConfig::load(text.as_bytes()).unwrap_err().problems.iter().map(ToString::to_string).collect()
    };
    let forms =
        "expected `jwt:…`, `peer:…`, `token:…` or `bearer:` with the 64 hexadecimal digits of the token's SHA-256";
    let text = r#"{"console":{"approvers":["address:127.0.0.1","bearer:*","*","header:x","jwt:","constant:x","bearer:9f86"],"hosts":[]}}"#;
    let mut expected: Vec<String> =
        ["address:127.0.0.1", "bearer:*", "*", "header:x", "jwt:", "constant:x", "bearer:9f86"]
            .iter()
            .enumerate()
            .map(|(index, approver)| format!("/console/approvers/{index}: found the string `{approver}`, {forms}"))
            .collect();
    let named = r#"{"console":{"approvers":[{"grant":"peer:a*","name":"A"},{"grant":"peer:b","name":""},{"grant":"peer:c"},{"name":"D","x":1}]}}"#;
    let mut problems = found(named);
    problems.sort();
    let mut wrong = [
        "/console/approvers/0/grant: a name is for one approver; name a grant without `*`",
        "/console/approvers/1/name: found the string ``, expected a name of up to 64 visible characters",
        "/console/approvers/2: the key `name` is missing",
        "/console/approvers/3/x: unknown key `x`; allowed: `grant` or `name`",
        "/console/approvers/3: the key `grant` is missing",
    ];
    wrong.sort_unstable();
    assert_eq!(problems, wrong);
    expected.push("/console/hosts: the list is empty, so no address reaches the page; remove it, or add a host such as `localhost:10001`".to_owned());
    assert_eq!(found(text), expected);
    assert_eq!(
        found(r#"{"console":{"approvers":["jwt:a"]}}"#),
        ["/console/approvers/0: no source in `identity` yields `jwt:a`; add one, or correct the grant"]
    );
    assert_eq!(found(r#"{"console":{}}"#), ["/console: the key `approvers` is missing"]);
    assert_eq!(
        found(r#"{"console":{"approvers":[]}}"#),
        [
            "/console/approvers: the list is empty, so no one can approve calls; add an approver such as `jwt:*@example.com`"
        ]
    );
    let both = found(r#"{"policy":{"version":"1","default":"deny"},"console":{"approvers":["peer:a"]}}"#);
    let alone = "(top level): a console needs a listener of its own; its configuration has the key `console` only";
    assert_eq!(both[0], alone, "{both:?}");
}
