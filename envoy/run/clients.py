"""Prints the configuration of MCP clients for a gateway, to be pasted: an address and a token.

    clients.py NAME URL <TOKEN

The token comes from stdin, since a list of processes shows arguments.
"""

import json
import sys

# Claude Desktop starts programs only. Some versions of it split arguments at spaces, so the header has none.
VARIABLE = "MCP_POLICY_AUTHORIZATION"


def remote(url, token):
    """A server reached over HTTP."""
    return {"type": "http", "url": url, "headers": {"Authorization": f"Bearer {token}"}}


def bridge(url, token):
    """A program that speaks to its client over stdio, and to the gateway over HTTP."""
    arguments = ["-y", "mcp-remote", url, "--transport", "http-only", "--header", f"Authorization:${{{VARIABLE}}}"]
    return {"command": "npx", "args": arguments, "env": {VARIABLE: f"Bearer {token}"}}


def sections(name, url, token):
    """A title and a configuration for each kind of client."""
    return [
        (
            "Claude Code (`.mcp.json`), Cursor (`.cursor/mcp.json`) and most other clients:",
            {"mcpServers": {name: remote(url, token)}},
        ),
        ("VS Code (`.vscode/mcp.json`):", {"servers": {name: remote(url, token)}}),
        (
            "Claude Desktop (`claude_desktop_config.json`), which starts programs only; it needs Node:",
            {"mcpServers": {name: bridge(url, token)}},
        ),
    ]


def main(name, url):
    token = sys.stdin.read().strip()
    for title, configuration in sections(name, url, token):
        print(f"\n{title}\n\n{json.dumps(configuration, indent=2)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
