"""The MCP server that `./build.sh run` starts behind the gateway: its tools do nothing and say so.

It has the tools of `tools.json`, so that every policy in `envoy/policies/` can be tried, and those that a policy of the
user's own names. It keeps no sessions: one `curl` command is a whole conversation, in every revision of MCP.
"""

import argparse
import json
import socket
from pathlib import Path

import uvicorn
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings

TOOLS = Path(__file__).with_name("tools.json")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True, help="0 takes a free one")
    options.add_argument("--policy", type=Path, help="also serve the tools that this policy names")
    options = options.parse_args()
    tools = {tool["name"]: tool for tool in json.loads(TOOLS.read_text())["tools"]}
    if options.policy:
        for name in named_tools(json.loads(options.policy.read_text())):
            tools.setdefault(name, {"name": name, "description": "Named by the policy.", "inputSchema": {"type": "object"}})
    listener = socket.create_server(("127.0.0.1", options.port))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    # Open event streams must not delay the end.
    config = uvicorn.Config(application(list(tools.values())), log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


def named_tools(configuration):
    """Names of the tools that a configuration permits by name; a pattern becomes a name that it matches."""
    policies = configuration.get("policies") or {"default": configuration.get("policy", configuration)}
    for policy in policies.values():
        for name in policy.get("tools", {}):
            yield name.replace("*", "example")


def application(tools):
    listed = [types.Tool.model_validate(tool) for tool in tools]
    names = {tool.name for tool in listed}

    async def list_tools(_context, _params):
        return types.ListToolsResult(tools=listed)

    async def call_tool(_context, params):
        known = params.name in names
        arguments = json.dumps(params.arguments or {}, ensure_ascii=False)
        text = f"{params.name} was called with {arguments}" if known else f"there is no tool `{params.name}`"
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=not known)

    server = Server("example", version="1", on_list_tools=list_tools, on_call_tool=call_tool)
    return server.streamable_http_app(
        json_response=True,
        stateless_http=True,
        # The gateway passes the client's `Host` on, and has checked it; a real server lists its names here.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )


if __name__ == "__main__":
    main()
