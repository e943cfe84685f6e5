"""Records what real clients send: `record.py NAME COMMAND…` starts a server, runs the client's command with the server's URL
as its last argument, and prints each request as a line of `tests/cases/clients.jsonl`.

Runs with the Python SDK 1.x or 2.x; the second speaks revision 2026-07-28, too. The server has a tool, a prompt, a resource, a template
and completions, with sessions, so that a client can use all of the protocol.
"""

import asyncio
import json
import socket
import sys

import uvicorn

try:
    from mcp.server.mcpserver import Context, MCPServer as Server
    from mcp_types import Completion
except ImportError:
    from mcp.server.fastmcp import Context, FastMCP as Server
    from mcp.types import Completion

server = Server("recorded")


@server.tool()
async def ok(text: str, count: int, context: Context) -> str:
    """Is permitted."""
    await context.report_progress(1, 2, "half")
    return text * count


@server.prompt()
def greet(name: str) -> str:
    """Greets a person."""
    return f"Hello, {name}"


@server.resource("note://today")
def today() -> str:
    """Has a note."""
    return "a note"


@server.resource("note://{day}")
def note(day: str) -> str:
    """Has the note of a day."""
    return day


@server.completion()
async def complete(_reference, _argument, _context):
    return Completion(values=["one", "two"])


# Headers that differ from run to run, and what is written for them.
CHANGING = {"mcp-session-id": "0123456789abcdef0123456789abcdef"}
# Headers that a client writes by itself when it sends the request again.
FRAMING = ("host", "connection", "content-length")
recorded = []


def recording(app):
    async def wrapped(scope, receive, send):
        if scope["type"] != "http":
            return await app(scope, receive, send)
        body = []
        headers: dict = {}
        for name, value in scope["headers"]:
            name, value = name.decode(), value.decode("latin-1")
            if name in FRAMING:
                continue
            value = CHANGING.get(name, value)
            # A list is a repeated header.
            headers[name] = value if name not in headers else [headers[name], value]
        entry = {"method": scope["method"], "path": scope["path"], "headers": headers}
        recorded.append((entry, body))

        async def received():
            message = await receive()
            body.append(message.get("body", b""))
            return message

        return await app(scope, received, send)

    return wrapped


async def main(name: str, command: list[str]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    uvicorn_server = uvicorn.Server(uvicorn.Config(recording(server.streamable_http_app()), log_level="warning"))
    serving = asyncio.create_task(uvicorn_server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    client = await asyncio.create_subprocess_exec(*command, url, stdout=sys.stderr)
    status = await client.wait()
    uvicorn_server.should_exit = True
    await asyncio.wait_for(serving, 20)
    if status:
        sys.exit(f"error: the client ended with {status}")
    for number, (entry, body) in enumerate(recorded):
        text = b"".join(body).decode()
        method = json.loads(text).get("method", "response") if text else entry["method"]
        line = {"name": f"{name} {number}: {method}", **entry, "body": text, "expect": "forward"}
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
