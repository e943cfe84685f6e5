//! `render` keeps the user's text byte for byte, writes YAML that reads back, and refuses URLs that it cannot keep.

use std::collections::BTreeSet;

use clap::Parser;
use mcp_policy::mcp::head::RETRY_HEADERS;

mod credential;
mod image;
mod kubernetes;
mod limitador;
mod ports;
mod services;
mod size;

use super::{
    Args,
    configuration::{Configuration, with_held_headers},
    template::{REMOVED_HEADERS, fill, quoted, scalar},
    upstream::Upstream,
};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// What `mcp-policy render envoy …` prints for `document`.
fn render(document: &str, options: &[&str]) -> String {
    render_for("envoy", document, options).unwrap()
}

/// What `mcp-policy render GATEWAY …` comes to.
fn render_for(gateway: &str, document: &str, options: &[&str]) -> Result<String, String> {
    let line = Line::try_parse_from(["render", gateway, "-"].iter().chain(options)).unwrap();
    line.args.gateway.render(document)
}

/// What the command says besides.
fn warnings_for(gateway: &str, document: &str, options: &[&str]) -> Vec<String> {
    let line = Line::try_parse_from(["render", gateway, "-"].iter().chain(options)).unwrap();
    line.args.gateway.warnings(document, "")
}

/// The configuration in `rendered`, read as YAML reads it.
fn configuration_in(rendered: &str) -> String {
    let (_, value) = rendered.split_once("                  value: ").unwrap();
    if value.starts_with('"') {
        return serde_json::from_str(value.lines().next().unwrap()).unwrap();
    }
    let indentation = " ".repeat(20);
    let mut lines = value.split('\n');
    assert_eq!(lines.next(), Some("|-"));
    let block = lines.map_while(|line| if line.is_empty() { Some("") } else { line.strip_prefix(&indentation) });
    block.collect::<Vec<_>>().join("\n")
}

const POLICY: &str = r#"{"version":"1","default":"deny"}"#;

#[test]
fn the_shipped_configuration_is_what_render_prints() {
    let root = env!("CARGO_MANIFEST_DIR");
    let policy = std::fs::read_to_string(format!("{root}/envoy/policies/krea.json")).unwrap();
    let shipped = std::fs::read_to_string(format!("{root}/envoy/envoy.yaml")).unwrap();
    // Envoy reads the file that is in the repository from the repository's folder.
    let rendered = render(&policy, &[]).replace(&format!("{root}/target/"), "target/");
    assert!(
        shipped == rendered,
        "envoy/envoy.yaml is out of date: cargo run -- render envoy envoy/policies/krea.json | sed \"s|$PWD/||\" > envoy/envoy.yaml"
    );
}

#[test]
fn every_gateway_removes_in_the_route_what_the_filter_cannot_remove_without_another_choice_of_route() {
    let removed = REMOVED_HEADERS.into_iter().skip(1).collect::<BTreeSet<_>>();
    assert_eq!(removed, RETRY_HEADERS.iter().collect());
    let names = "[accept-encoding, x-envoy-retry-on, x-envoy-retry-grpc-on, x-envoy-max-retries, x-envoy-hedge-on-per-try-timeout]";
    for (gateway, line) in [
        ("envoy", "                request_headers_to_remove: "),
        ("sidecar", "request_headers_to_remove: "),
        ("istio", "        request_headers_to_remove: "),
        ("envoy-gateway", "        remove: "),
    ] {
        let rendered = render_for(gateway, POLICY, &[]).unwrap();
        assert_eq!(rendered.matches(&format!("{line}{names}\n")).count(), 1, "{gateway}");
    }
}

#[test]
fn templates_leave_no_tag_and_no_trailing_space() {
    for options in [&[][..], &["--upstream", "https://mcp.example.com"], &["--upstream", "https://[::1]:8443"]] {
        let rendered = render(POLICY, options);
        assert!(!rendered.contains("{%") && !rendered.contains("{{"), "{rendered}");
        assert!(!rendered.lines().any(|line| line.ends_with(' ')), "{rendered}");
    }
}

#[test]
fn options_reach_their_lines() {
    let rendered = render(POLICY, &["--port", "8080", "--admin-port", "0", "--module", r#"/a "b" \c.wasm"#]);
    assert!(rendered.contains("{ address: 127.0.0.1, port_value: 8080 }"));
    assert!(rendered.contains("{ address: 127.0.0.1, port_value: 0 }"));
    assert!(rendered.contains(r#"filename: "/a \"b\" \\c.wasm""#));
    assert!(rendered.contains(r#"{ address: "127.0.0.1", port_value: 10002 }"#));
}

#[test]
fn the_console_is_on_loopback_for_the_named_approvers() {
    let rendered = render(POLICY, &["--console-port", "4321", "--approver", "peer:spiffe://x/*"]);
    assert!(rendered.contains("socket_address: { address: 127.0.0.1, port_value: 4321 }"), "{rendered}");
    assert!(rendered.contains(r#"{"console":{"approvers":["peer:spiffe://x/*"]}}"#), "{rendered}");
    let refused = render_for("envoy", POLICY, &["--approver", "address:127.0.0.1"]).unwrap_err();
    let expected = "the console refuses `--approver`:\n  /console/approvers/0: found the string `address:127.0.0.1`, \
                    expected `jwt:…`, `peer:…`, `token:…` or `bearer:` with the 64 hexadecimal digits of the token's SHA-256";
    assert_eq!(refused, expected);
}

#[test]
fn agents_get_the_address_of_the_console_if_a_rule_requires_approval() {
    let asks = r#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval"}}}"#;
    let url = |document: &str| {
        let configuration = configuration_in(&render(document, &["--console-port", "4321"]));
        mcp_policy::config::Config::load(configuration.as_bytes()).unwrap().approvals.url
    };
    assert_eq!(url(asks).as_deref(), Some("http://localhost:4321/"));
    assert_eq!(url(POLICY), None);
    assert_eq!(url(&POLICY.replace('}', r#","description":"no require_approval"}"#)), None);
    let own = format!(r#"{{"policy":{asks},"approvals":{{"url":"https://x.example/"}}}}"#);
    assert_eq!(url(&own).as_deref(), Some("https://x.example/"));
}

#[test]
fn plain_upstreams_keep_the_clients_host() {
    let rendered = render(POLICY, &["--upstream", "http://localhost:3000"]);
    assert!(rendered.contains("type: STRICT_DNS"));
    assert!(!rendered.contains("host_rewrite") && !rendered.contains("transport_socket"));
}

#[test]
fn tls_upstreams_are_verified_by_name() {
    let rendered = render(POLICY, &["--upstream", "https://MCP.example.com"]);
    for line in [
        r#"host_rewrite_literal: "mcp.example.com""#,
        r#"sni: "mcp.example.com""#,
        "san_type: DNS",
        r#"matcher: { exact: "mcp.example.com" }"#,
        "trusted_ca: ",
    ] {
        assert!(rendered.contains(line), "{line}");
    }
    let rendered = render(POLICY, &["--upstream", "https://10.0.0.7:8443"]);
    assert!(rendered.contains("san_type: IP_ADDRESS") && rendered.contains("type: STATIC"));
    assert!(rendered.contains(r#"host_rewrite_literal: "10.0.0.7:8443""#) && !rendered.contains("sni:"));
}

#[test]
fn a_policy_is_wrapped_as_it_is() {
    let policy = "{ \"version\": \"1\",\n\n\t\"default\" : \"deny\" }";
    assert_eq!(
        with_held_headers(&format!("\n  {policy}\n")).unwrap(),
        format!(r#"{{"policy": {policy}, "protocol": {{"headers": "hold"}}}}"#)
    );
}

#[test]
fn a_configuration_holds_headers_unless_it_says_otherwise() {
    for (given, rendered) in [
        (r#"{"policy":{}}"#, r#"{"protocol": {"headers": "hold"},"policy":{}}"#),
        ("{\n  \"policies\": {}\n}", "{\"protocol\": {\"headers\": \"hold\"},\n  \"policies\": {}\n}"),
        (r#"{"policy":{},"protocol":{}}"#, r#"{"policy":{},"protocol":{"headers": "hold"}}"#),
        (
            r#"{"policy":{"a":{}},"protocol": { "max_depth": 9 }}"#,
            r#"{"policy":{"a":{}},"protocol": {"headers": "hold",  "max_depth": 9 }}"#,
        ),
        (
            r#"{"policy":{},"protoco\u006c":{"max_depth":9}}"#,
            r#"{"policy":{},"protoco\u006c":{"headers": "hold", "max_depth":9}}"#,
        ),
        (r#"{"policy":{},"protocol":{"headers":"release"}}"#, r#"{"policy":{},"protocol":{"headers":"release"}}"#),
    ] {
        assert_eq!(with_held_headers(given).unwrap(), rendered);
    }
}

#[test]
fn a_document_that_is_neither_policy_nor_configuration_is_refused() {
    for (given, message) in [
        ("", "not JSON: the text ends too early (byte 0)"),
        ("{,}", "not JSON: expected a string (byte 1)"),
        ("[]", "must be a JSON object: a policy or a configuration"),
        ("{}", "neither a policy (no `version`) nor a configuration (no `policy`, no `policies`)"),
        (r#"{"console":{}}"#, "`/console`: `render` needs a gateway's policy, and this configures a console"),
        (r#"{"policy":{},"protocol":"hold"}"#, r#"`/protocol`: must be an object, such as `{"headers": "hold"}`"#),
        ("\u{feff}{}", "not JSON: the text starts with a byte order mark (byte 0)"),
    ] {
        assert_eq!(with_held_headers(given).unwrap_err(), message, "{given}");
    }
}

#[test]
fn what_the_filter_refuses_is_not_rendered() {
    let deep =
        format!(r#"{{"version":"1","default":"deny","description":"","x":{}1{}}}"#, "[".repeat(70), "]".repeat(70));
    assert_eq!(Configuration::prepare(&deep).unwrap_err(), "not JSON: more than 64 levels of nesting (byte 117)");
    let refusal = Configuration::prepare(r#"{"version":"2","default":"deny","tolls":{}}"#).unwrap_err();
    assert_eq!(
        refusal,
        "the filter refuses this; `mcp-policy check` shows where:\n  \
         /version: found `2`, expected `1`\n  \
         /tolls: unknown key `tolls` (did you mean `tools`?); allowed: `version`, `default`, `description`, \
         `hide`, `rules`, `all_tools`, `tools`, `resources`, `prompts`, `methods`, `definitions`, `on_drift`, `unpinned`, `arguments` or `mode`"
    );
}

/// The configuration of a gateway that only this machine reaches.
fn on_loopback(policy: &str) -> String {
    const ORIGINS: &str = r#""origins": ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]"#;
    let held = with_held_headers(policy).unwrap();
    let hold = r#""protocol": {"headers": "hold"}"#;
    assert!(held.contains(hold));
    let held = held.replace(hold, &format!(r#""protocol": {{{ORIGINS}, "headers": "hold"}}"#));
    held.replacen('{', r#"{"audit": {"fields": true}, "#, 1)
}

#[test]
fn hostile_text_reads_back_as_it_was() {
    for text in [
        "it's \\\"quoted\\\"",
        "a: b # no comment",
        "%YAML 1.2, %REQ(:PATH)%, {{ port }}, {% if x %} and {# no #}",
        "café 図 🦀",
        "next\u{85}line, \u{2028} and \u{2029}, \u{feff}, \u{7f}",
        "- & * ! | > @ ` {{ }}",
    ] {
        let policy =
            format!("{{\"version\": \"1\", \"default\": \"deny\",\n  \n\n \t\"description\"\n:\"{text}\"   }}");
        assert_eq!(configuration_in(&render(&policy, &[])), on_loopback(&policy), "{text}");
    }
}

#[test]
fn line_ends_of_windows_survive_in_quotes() {
    let policy = "{\"version\": \"1\",\r\n\"default\": \"deny\"}";
    let rendered = render(policy, &[]);
    assert!(rendered.contains(r#"{\"version\": \"1\",\u000d\u000a\"default\": \"deny\"}"#));
    assert_eq!(configuration_in(&rendered), on_loopback(policy));
}

#[test]
fn scalars_are_blocks_where_yaml_keeps_the_lines() {
    assert_eq!(scalar("a: 'b' # \"c\"\n\n  d\\"), "|-\n  a: 'b' # \"c\"\n\n    d\\");
    assert_eq!(scalar("a\rb"), r#""a\u000db""#);
    assert_eq!(quoted("a\"\\\n\u{2028}é"), r#""a\"\\\u000a\u2028é""#);
}

#[test]
fn a_template_indents_values_drops_its_tags_and_reads_no_value_as_a_template() {
    let template = "a: {{ word }}\n  {% if block %}\n  b: {{ block|scalar|indent(2) }}\n  {% endif %}\n";
    let values = serde_json::json!({ "word": "w", "block": "x\n\n{{ word }}" });
    assert_eq!(fill(template, &values).unwrap(), "a: w\n  b: |-\n    x\n\n    {{ word }}\n");
    let missing = fill(template, serde_json::json!({ "block": "" })).unwrap_err();
    assert!(missing.starts_with("cannot fill a template: undefined value"), "{missing}");
}

#[test]
fn urls_are_read() {
    for (url, tls, host, port, authority) in [
        ("http://127.0.0.1:10002", false, "127.0.0.1", 10002, "127.0.0.1:10002"),
        ("HTTP://localhost/", false, "localhost", 80, "localhost"),
        ("http://localhost:80/", false, "localhost", 80, "localhost"),
        ("https://MCP.Example.com/mcp", true, "mcp.example.com", 443, "mcp.example.com"),
        ("https://mcp_1.internal:80", true, "mcp_1.internal", 80, "mcp_1.internal:80"),
        ("http://[0:0::1]:8080", false, "::1", 8080, "[::1]:8080"),
        ("https://[::1]", true, "::1", 443, "[::1]"),
        ("http://127.1", false, "127.0.0.1", 80, "127.0.0.1"),
        ("http://h:", false, "h", 80, "h"),
        ("http://\u{e9}.fr", false, "xn--9ca.fr", 80, "xn--9ca.fr"),
    ] {
        let upstream: Upstream = url.parse().unwrap();
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        let (host, authority) = (host.to_owned(), authority.to_owned());
        assert_eq!(upstream, Upstream { tls, host, is_address, port, authority });
    }
}

#[test]
fn urls_that_cannot_be_kept_are_refused() {
    let example = "give a URL like `http://127.0.0.1:10002`";
    for (url, message) in [
        ("127.0.0.1:10002", "not a URL; give one like `http://127.0.0.1:10002`"),
        ("ws://h", "`ws` is not a scheme of MCP servers; give `http` or `https`"),
        (
            "http://h:1/api/mcp",
            "the gateway passes each request's path through unchanged, so it cannot add `/api/mcp`; give `http://h:1`, \
             and let clients request `/api/mcp` from the gateway",
        ),
        ("http://h/mcp?key=1", "`--upstream` cannot have a query or a fragment; give `http://HOST:PORT`"),
        ("http://h#f", "`--upstream` cannot have a query or a fragment; give `http://HOST:PORT`"),
        ("http://me:secret@h", "the gateway does not pass on a user name or password; remove it"),
        ("http://a..b", "`a..b` is neither a DNS name nor an address"),
        ("http://h:0", "`0` is not a port; give a number from 1 to 65535"),
        ("http://", &format!("empty host; {example}")),
        ("http://a b", &format!("invalid international domain name; {example}")),
        ("http://[::1", &format!("invalid IPv6 address; {example}")),
        ("http://[h]", &format!("invalid IPv6 address; {example}")),
        ("http://h:+80", &format!("invalid port number; {example}")),
        ("http://h:65536", &format!("invalid port number; {example}")),
    ] {
        assert_eq!(url.parse::<Upstream>().unwrap_err(), message, "{url}");
    }
}
