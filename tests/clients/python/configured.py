"""A client that is configured by what `./build.sh run` prints.

    configured.py HOW             HOW is `sdk`, `sdk-2`, `fastmcp` or `stdio`; the configuration comes from stdin

Prints a JSON object: the names of the tools that it sees, and what two calls give: one of `echo`, and one of `get-env`.
"""

import asyncio
import contextlib
import json
import sys


@contextlib.asynccontextmanager
async def sdk(configuration):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    server = only_server(configuration)
    async with streamablehttp_client(server["url"], headers=server["headers"]) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            yield session


@contextlib.asynccontextmanager
async def stdio(configuration):
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = only_server(configuration)
    parameters = StdioServerParameters(command=server["command"], args=server["args"], env=server["env"])
    async with stdio_client(parameters, errlog=sys.stderr) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            yield session


@contextlib.asynccontextmanager
async def sdk_2(configuration):
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    server = only_server(configuration)
    async with create_mcp_http_client(headers=server["headers"]) as http:
        async with Client(streamable_http_client(server["url"], http_client=http), mode="legacy") as client:
            yield client


@contextlib.asynccontextmanager
async def fastmcp(configuration):
    from fastmcp import Client

    async with Client(configuration) as client:
        yield client


def only_server(configuration):
    (server,) = configuration["mcpServers"].values()
    return server


async def attempt(session, name, arguments):
    try:
        result = await session.call_tool(name, arguments)
        return " ".join(getattr(item, "text", "") for item in result.content)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]


async def main(how):
    connect = {"sdk": sdk, "sdk-2": sdk_2, "fastmcp": fastmcp, "stdio": stdio}[how]
    async with connect(json.load(sys.stdin)) as session:
        tools = await session.list_tools()
        found = {
            "tools": [tool.name for tool in getattr(tools, "tools", tools)],
            "allowed": await attempt(session, "echo", {"message": "yes"}),
            "denied": await attempt(session, "get-env", {}),
        }
        print(json.dumps(found))


asyncio.run(main(*sys.argv[1:]))
