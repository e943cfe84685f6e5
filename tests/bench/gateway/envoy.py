"""The Envoy that is measured: one listener for each chain."""

import json
import urllib.error
import urllib.request

from chains import TYPES, extension
from load import HEADERS
from processes import Program, free_port

WINDOW = 16 << 20
"""Room for several whole bodies, so that no stream waits for another."""


class Envoy(Program):
    """A running one; `chains` by their names."""

    def __init__(self, program, folder, name, upstream, chains, workers=1):
        self.chains = chains
        self.ports = {chain: free_port() for chain in chains}
        self.admin = free_port()
        config = folder / f"{name}.json"
        config.write_text(json.dumps(bootstrap(self.admin, upstream.port, self.ports, chains)))
        options = ["--concurrency", workers, "--use-dynamic-base-id", "--log-level", "warning"]
        super().__init__([program, "--config-path", config, *options], folder / f"{name}.log")
        self.started_in = self.until(self.is_ready, "Envoy")

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/ready", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def check(self, name, path, body):
        """One request, and that it is answered as the chain says. A counter that holds one is full after it."""
        chain = self.chains[name]
        address = f"http://127.0.0.1:{self.ports[name]}{path}"
        for _ in range(2):
            request = urllib.request.Request(address, body.read_bytes(), HEADERS)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    status, text = answer.status, answer.read().decode()
            except urllib.error.HTTPError as refused:
                status, text = refused.code, refused.read().decode()
        if status != chain.status or chain.answer not in text:
            raise SystemExit(f"error: `{name}` should answer {chain.status} with `{chain.answer}`; it says {status}: {text[:500]}")


def bootstrap(admin, upstream, ports, chains):
    return {
        "static_resources": {
            "listeners": [listener(name, ports[name], chain) for name, chain in chains.items()],
            "clusters": [cluster(upstream)],
        },
        "admin": {"address": address(admin)},
    }


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(name, port, chain):
    route = chain.route or {"route": {"cluster": "server", "timeout": "0s"}}
    host = {"name": "all", "domains": ["*"], "routes": [{"name": "mcp", "match": {"prefix": "/"}, **route}]}
    manager = extension(
        "envoy.filters.network.http_connection_manager",
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        codec_type="AUTO",
        use_remote_address=True,
        http2_protocol_options={"initial_stream_window_size": WINDOW, "initial_connection_window_size": WINDOW},
        http_filters=[*chain.filters, extension("envoy.filters.http.router", "filters.http.router.v3.Router")],
        route_config={"virtual_hosts": [host]},
    )
    return {
        "name": name,
        "address": address(port),
        "per_connection_buffer_limit_bytes": 2 << 20,
        # As many connections on each worker.
        "connection_balance_config": {"exact_balance": {}},
        "filter_chains": [{"filters": [manager]}],
    }


def cluster(port):
    http2 = {"initial_stream_window_size": WINDOW, "initial_connection_window_size": WINDOW}
    kind = "upstreams.http.v3.HttpProtocolOptions"
    options = {"@type": f"{TYPES}.{kind}", "explicit_http_config": {"http2_protocol_options": http2}}
    return {
        "name": "server",
        "type": "STATIC",
        "per_connection_buffer_limit_bytes": 2 << 20,
        "circuit_breakers": {"thresholds": [{"max_requests": 10000, "max_pending_requests": 10000}]},
        "typed_extension_protocol_options": {f"envoy.extensions.{kind}": options},
        "load_assignment": {"cluster_name": "server", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]},
    }
