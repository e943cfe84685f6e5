"""The MCP server behind the gateway, asked directly, so that the gateway counts nothing."""

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "curl", "version": "1"},
}


class Server:
    def __init__(self, url):
        self.url = url if urlsplit(url).path.strip("/") else url.rstrip("/") + "/mcp"
        self.session = None

    def list_tools(self):
        """Tools by name. Starts a session if the server does not answer without one."""
        try:
            answer = self.ask("tools/list", {})
        except urllib.error.HTTPError:
            answer = {}
        if "result" not in answer:
            self.session = ""
            self.ask("initialize", INITIALIZE)
            self.ask("notifications/initialized", None)
            answer = self.ask("tools/list", {})
        if "result" not in answer:
            raise ValueError(answer.get("error", {}).get("message", "no result"))
        return {tool["name"]: tool.get("inputSchema", {}) for tool in answer["result"]["tools"]}

    def ask(self, method, params):
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message.update(id=1, params=params)
        headers = dict(HEADERS)
        if self.session:
            headers["Mcp-Session-Id"] = self.session
        request = urllib.request.Request(self.url, json.dumps(message).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            self.session = response.headers.get("Mcp-Session-Id", self.session)
            if params is None:
                return {}
            if response.headers.get_content_type() == "text/event-stream":
                return first_answer(response)
            return json.load(response)


def first_answer(response):
    for line in response:
        # A stream may begin with an event without data.
        if line.startswith(b"data:") and line[5:].strip():
            message = json.loads(line[5:])
            if "id" in message and "method" not in message:
                return message
    raise ValueError("the event stream ends without an answer")
