"""The Envoy that is measured, and the server behind it."""

import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from chains import TYPES, extension

WINDOW = 16 << 20
"""Room for several whole bodies, so that nobody waits for anybody."""


class Program:
    """A process of ours, which ends with us."""

    def __init__(self, command, log):
        self.log = Path(log)
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log.open("w"), stderr=subprocess.STDOUT)

    def cpu(self):
        """The processor time that the process has had on all its threads, in seconds, as the scheduler counts it."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def until(self, ready, what):
        for _ in range(600):
            if self.process.poll() is not None:
                raise SystemExit(f"error: {what} ended:\n{self.log.read_text()[-3000:]}")
            if ready():
                return
            time.sleep(0.05)
        raise SystemExit(f"error: {what} is not ready after 30 s:\n{self.log.read_text()[-3000:]}")


class Upstream(Program):
    """Reads each body before it answers."""

    def __init__(self, program, folder):
        self.port = free_port()
        super().__init__([program, self.port], folder / "upstream.log")
        self.until(lambda: is_open(self.port), "the server behind Envoy")


class Gateway(Program):
    """One Envoy with a listener for each chain: `chains` are the filters of each, by its name."""

    def __init__(self, envoy, folder, upstream, chains, workers=1, name="envoy"):
        self.ports = {chain: free_port() for chain in chains}
        self.admin = free_port()
        config = folder / f"{name}.json"
        config.write_text(json.dumps(bootstrap(self.admin, upstream.port, self.ports, chains)))
        options = ["--concurrency", workers, "--use-dynamic-base-id", "--log-level", "warning"]
        began = time.monotonic()
        super().__init__([envoy, "--config-path", config, *options], folder / f"{name}.log")
        self.until(self.is_live, "Envoy")
        self.started_in = time.monotonic() - began

    def is_live(self):
        try:
            return self.ask("/ready").strip() == "LIVE"
        except OSError:
            return False

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=10) as answer:
            return answer.read().decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bootstrap(admin, upstream, ports, chains):
    return {
        "static_resources": {
            "listeners": [listener(name, ports[name], filters) for name, filters in chains.items()],
            "clusters": [cluster(upstream)],
        },
        "admin": {"address": address(admin)},
    }


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(name, port, filters):
    """Of filters alone, in front of the server; or of a dictionary that says more."""
    chain = filters if isinstance(filters, dict) else {"filters": filters}
    route = chain.get("route", {"route": {"cluster": "server", "timeout": "0s"}})
    manager = extension(
        "envoy.filters.network.http_connection_manager",
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        codec_type="HTTP2",
        use_remote_address=True,
        http2_protocol_options={"initial_stream_window_size": WINDOW, "initial_connection_window_size": WINDOW},
        http_filters=[*chain["filters"], extension("envoy.filters.http.router", "filters.http.router.v3.Router")],
        route_config={
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"name": "mcp", "match": {"prefix": "/"}, **route}]}]
        },
    )
    return {
        "name": name,
        "address": address(port),
        "per_connection_buffer_limit_bytes": 2 << 20,
        # Two connections on two workers are to be one each.
        "connection_balance_config": {"exact_balance": {}},
        "filter_chains": [{"filters": [manager]}],
    }


def cluster(port):
    http2 = {"initial_stream_window_size": WINDOW, "initial_connection_window_size": WINDOW}
    options = {"@type": f"{TYPES}.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http2_protocol_options": http2}}
    endpoint = {"endpoint": {"address": address(port)}}
    return {
        "name": "server",
        "type": "STATIC",
        "per_connection_buffer_limit_bytes": 2 << 20,
        "circuit_breakers": {"thresholds": [{"max_requests": 10000, "max_pending_requests": 10000}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "load_assignment": {"cluster_name": "server", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
