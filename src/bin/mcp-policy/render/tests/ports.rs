//! Ports that collide, and an MCP server that is the gateway itself.

use super::render_for;

const POLICY: &str = r#"{"version":"1","default":"deny"}"#;

#[test]
fn two_listeners_on_one_port_are_refused() {
    for (gateway, options, message) in [
        ("envoy", &["--port", "10001"][..], "`--port` and `--console-port` are both 10001"),
        ("envoy", &["--admin-port", "10000"], "`--port` and `--admin-port` are both 10000"),
        ("envoy", &["--admin-port", "1", "--console-port", "1"], "`--console-port` and `--admin-port` are both 1"),
        ("sidecar", &["--port", "10001"], "`--port` and the console's port are both 10001"),
        ("sidecar", &["--port", "15021"], "`--port` and the port of the probes are both 15021"),
        ("sidecar", &["--port", "9901"], "`--port` and the admin interface's port are both 9901"),
    ] {
        let refused = render_for(gateway, POLICY, options).unwrap_err();
        assert_eq!(refused, format!("{message}: choose another port for one"));
    }
    // Ports of the system's choice are never the same.
    render_for("envoy", POLICY, &["--port", "0", "--admin-port", "0", "--console-port", "0"]).unwrap();
}

#[test]
fn an_mcp_server_that_is_the_gateway_itself_is_refused() {
    let sidecar = |upstream| ("sidecar", upstream);
    for ((gateway, upstream), authority, listens) in [
        (("envoy", "http://127.0.0.1:10000"), "127.0.0.1:10000", "`--port` is 10000"),
        (("envoy", "http://127.8.8.8:10001"), "127.8.8.8:10001", "`--console-port` is 10001"),
        (("envoy", "http://localhost:9901"), "localhost:9901", "`--admin-port` is 9901"),
        (("envoy", "http://[::1]:10000"), "[::1]:10000", "`--port` is 10000"),
        (("envoy", "http://[::ffff:127.0.0.1]:10000"), "[::ffff:7f00:1]:10000", "`--port` is 10000"),
        (("envoy", "http://0.0.0.0:10000"), "0.0.0.0:10000", "`--port` is 10000"),
        (sidecar("http://127.0.0.1:8080"), "127.0.0.1:8080", "`--port` is 8080"),
        (sidecar("http://mcp-server:8080"), "mcp-server:8080", "`--port` is 8080"),
        (sidecar("http://mcp-server.default:8080"), "mcp-server.default:8080", "`--port` is 8080"),
        (
            sidecar("http://mcp-server.default.svc.cluster.local:8080"),
            "mcp-server.default.svc.cluster.local:8080",
            "`--port` is 8080",
        ),
        (sidecar("http://127.0.0.1:15021"), "127.0.0.1:15021", "the port of the probes is 15021"),
    ] {
        assert_eq!(
            render_for(gateway, POLICY, &["--upstream", upstream]).unwrap_err(),
            format!(
                "`--upstream` is `{authority}`, where Envoy itself listens ({listens}): a call would come back to Envoy again \
                 and again; give the MCP server's own address"
            )
        );
    }
    render_for("envoy", POLICY, &["--upstream", "http://10.0.0.7:10000"]).unwrap();
    render_for("sidecar", POLICY, &["--upstream", "http://mcp-server:3000"]).unwrap();
}
