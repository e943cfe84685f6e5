"""A server of the Python SDK, 1.x or 2.x, without sessions. It answers with JSON (`json`) or with event streams (`events`).

`/evil-runs` says how often the tool `evil` has run.
"""

import socket
import sys

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse
from values import add_tools

HTTP = {
    "stateless_http": True,
    "json_response": sys.argv[1] == "json",
    "transport_security": TransportSecuritySettings(allowed_hosts=["localhost"]),
}

try:
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("attacked")
    app = server.streamable_http_app(**HTTP)
except ImportError:
    from mcp.server.fastmcp import FastMCP

    server = FastMCP("attacked", **HTTP)
    app = server.streamable_http_app()

evil_runs = 0


@server.tool()
def ok() -> str:
    """Is permitted."""
    return "ok has run"


@server.tool()
def evil() -> str:
    """Is never permitted."""
    global evil_runs
    evil_runs += 1
    return "evil has run"


add_tools(server)


async def told(_request):
    return PlainTextResponse(str(evil_runs))


app.add_route("/evil-runs", told)

listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
