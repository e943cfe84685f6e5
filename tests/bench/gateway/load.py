"""Requests by the thousand, sent by `h2load`: HTTP/2 or HTTP/1.1, a fixed number of them or a fixed rate, in C, so that it leaves the
processor to Envoy."""

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HEADERS = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2025-06-18",
    "mcp-session-id": "3f0c6a0e-8f3b-4b0f-9d5c-9a6a2f0e7c11",
    "user-agent": "bench/1",
}
OUTCOME = re.compile(r"status codes: (\d+) 2xx, \d+ 3xx, (\d+) 4xx, (\d+) 5xx")


LINE = 'Please draw the "report" and name its author.\n'
"""Text with more escapes than most: three in 49 bytes of JSON."""
PLAIN = "Please draw the reports and name their authors. "


def call(size, tool, line=LINE):
    """A call whose body has `size` bytes: a prompt with a few members."""
    arguments = {"prompt": "", "model": "large", "n": 1, "seed": 4711, "options": {"tags": ["a", "b"], "stream": False}}
    message = {"jsonrpc": "2.0", "id": 17, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    arguments["prompt"] = line * ((size - len(json.dumps(message))) // len(json.dumps(line)[1:-1]))
    arguments["prompt"] += "." * (size - len(json.dumps(message)))
    return json.dumps(message)


def list_tools():
    return json.dumps({"jsonrpc": "2.0", "id": 17, "method": "tools/list", "params": {"cursor": "0"}})


@dataclass
class Load:
    """What is sent again and again."""

    program: Path
    body: Path
    requests: int
    path: str = "/mcp"
    connections: int = 2
    streams: int = 16
    """On each connection; HTTP/1.1 has one."""
    http1: bool = False

    def send(self, port, status=200, paths=None):
        """Sends them all, of `paths` each in its turn, and sees that each is answered with a status of this class."""
        where = ["--base-uri", f"http://127.0.0.1:{port}", "--input-file", paths] if paths else [f"http://127.0.0.1:{port}{self.path}"]
        said = self.run("--requests", self.requests, *where)
        found = OUTCOME.search(said)
        counts = dict(zip((2, 4, 5), map(int, found.groups()))) if found else {}
        if counts.get(status // 100) != self.requests:
            raise SystemExit(f"error: not all of {self.requests} requests were answered {status}:\n{said}")

    def at_rate(self, port, rate, seconds):
        """How long each of the requests took that were sent at this rate for so long, in milliseconds."""
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            each = max(1, rate // self.connections)
            self.run("--duration", seconds, "--rps", each, "--log-file", log, f"http://127.0.0.1:{port}{self.path}")
            lines = log.read_text().splitlines()
        rows = [line.split("\t") for line in lines]
        if not rows or any(row[1] != "200" for row in rows):
            raise SystemExit(f"error: not all requests at a fixed rate were answered 200: {rows[:5]}")
        return [int(row[2]) / 1000 for row in rows]

    def run(self, *options):
        command = [self.program, "--threads", 1, "--clients", self.connections, "--max-concurrent-streams", self.streams]
        command += ["--data", self.body] + (["--h1"] if self.http1 else [])
        for name, value in HEADERS.items():
            command += ["--header", f"{name}: {value}"]
        done = subprocess.run([str(word) for word in [*command, *options]], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"error: `h2load` failed:\n{done.stdout}{done.stderr}")
        return done.stdout
