"""Requests by the thousand, sent by `h2load`."""

import json
import os
import re
import subprocess
from pathlib import Path

HEADERS = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2025-06-18",
    "mcp-session-id": "3f0c6a0e-8f3b-4b0f-9d5c-9a6a2f0e7c11",
    "user-agent": "bench/1",
}
OUTCOME = re.compile(r"status codes: (\d+) 2xx, \d+ 3xx, (\d+) 4xx, (\d+) 5xx")


def call(size, tool):
    """A call whose body has `size` bytes: a prompt with a few members."""
    arguments = {"prompt": "", "model": "large", "n": 1, "seed": 4711, "options": {"tags": ["a", "b"], "stream": False}}
    message = {"jsonrpc": "2.0", "id": 17, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    line = 'Please draw the "report" and name its author.\n'
    missing = size - len(json.dumps(message))
    arguments["prompt"] = line * (missing // len(json.dumps(line)[1:-1]))
    arguments["prompt"] += "." * (size - len(json.dumps(message)))
    text = json.dumps(message)
    assert len(text) == size, (len(text), size)
    return text


def list_tools():
    return json.dumps({"jsonrpc": "2.0", "id": 17, "method": "tools/list", "params": {"cursor": "0"}})


class Load:
    """What is sent again and again."""

    def __init__(self, h2load, libraries, body, path="/mcp", connections=2, streams=16):
        self.environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries)}
        self.body = Path(body)
        self.command = [h2load, "--threads", 1, "--clients", connections, "--max-concurrent-streams", streams, "--data", body]
        for name, value in HEADERS.items():
            self.command += ["--header", f"{name}: {value}"]
        self.path = path

    def send(self, port, requests, expected=2):
        """Sends `requests` requests and sees that each is answered by a status of the `expected` class."""
        command = [*self.command, "--requests", requests, f"http://127.0.0.1:{port}{self.path}"]
        done = subprocess.run([str(word) for word in command], env=self.environment, capture_output=True, text=True, check=True)
        found = OUTCOME.search(done.stdout)
        counts = dict(zip((2, 4, 5), map(int, found.groups()), strict=True)) if found else {}
        if counts.get(expected) != requests:
            raise SystemExit(f"error: not all of {requests} requests were answered by {expected}xx:\n{done.stdout}{done.stderr}")
