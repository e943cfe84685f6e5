"""A client that is refused, and then makes a good call on the same session.

    client.py HOW CALLS URL             HOW is `sdk`, `sdk-2`, `sdk-2-stateless` or `fastmcp`
    client.py stdio CALLS COMMAND...    the client of the bridge that this command starts

`CALLS` is a JSON object: a kind of refusal, and the name and arguments of the call that meets it; `good` is the good call. Kinds
whose names begin with `unread` get a session each. Prints a JSON object: for each kind, what the client's user reads, and
what the good call after it gives: `ok`, or what went wrong.
"""

import asyncio
import contextlib
import datetime
import json
import sys

SECONDS = 10


def deep(levels):
    return [deep(levels - 1)] if levels else 1


def arguments(call):
    """What a call asks for in words: `deep` levels of nesting, `large` bytes of text."""
    extra = {}
    if "deep" in call:
        extra["value"] = deep(call["deep"])
    if "large" in call:
        extra["value"] = "x" * call["large"]
    return {**call.get("arguments", {}), **extra}


@contextlib.asynccontextmanager
async def sdk(url):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(url) as (read, write, _):
        async with session_of(ClientSession, read, write) as session:
            await session.initialize()
            yield session


@contextlib.asynccontextmanager
async def stdio(command, *rest):
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    async with stdio_client(StdioServerParameters(command=command, args=list(rest)), errlog=sys.stderr) as (read, write):
        async with session_of(ClientSession, read, write) as session:
            await session.initialize()
            yield session


def session_of(kind, read, write):
    return kind(read, write, read_timeout_seconds=datetime.timedelta(seconds=SECONDS))


@contextlib.asynccontextmanager
async def sdk_2(url, mode="legacy"):
    from mcp import Client

    async with Client(url, mode=mode, read_timeout_seconds=SECONDS) as client:
        yield client


def sdk_2_stateless(url):
    return sdk_2(url, mode="auto")


@contextlib.asynccontextmanager
async def fastmcp(url):
    from fastmcp import Client

    async with Client(url, timeout=SECONDS) as client:
        yield client


def told(outcome):
    """A result as its text, if that is another one than the server has sent."""
    is_error = getattr(outcome, "isError", None) or getattr(outcome, "is_error", None)
    text = " ".join(getattr(item, "text", "") for item in outcome.content)
    if is_error:
        return f"isError: {text}"
    return f"ok: {text}" if "[redacted]" in text else "ok"


async def attempt(session, call):
    try:
        calling = session.call_tool(call["name"], arguments(call))
        return told(await asyncio.wait_for(calling, SECONDS + 2))
    except asyncio.TimeoutError:
        return "no answer"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]


async def refused(connect, calls, kinds):
    found = {}
    try:
        async with connect() as session:
            for kind in kinds:
                for call in calls[kind]:
                    found[kind] = {"told": await attempt(session, call)}
                found[kind]["then"] = await attempt(session, calls["good"][0])
    except BaseException as error:
        while isinstance(error, BaseExceptionGroup) and error.exceptions:
            error = error.exceptions[0]
        for kind in kinds:
            found.setdefault(kind, {"told": "no answer"}).setdefault("then", f"the session has ended: {type(error).__name__}")
            found[kind]["ended"] = f"{type(error).__name__}: {error}"[:200]
    return found


async def main(how, calls, *place):
    calls = json.loads(calls)
    connect = {"sdk": sdk, "sdk-2": sdk_2, "sdk-2-stateless": sdk_2_stateless, "fastmcp": fastmcp, "stdio": stdio}[how]
    kinds = [kind for kind in calls if kind != "good"]
    sessions = [[kind for kind in kinds if not kind.startswith("unread")]]
    sessions += [[kind] for kind in kinds if kind.startswith("unread")]
    found = {}
    for one in sessions:
        # Whatever an SDK does to its task when it ends, the next session is another task.
        found |= await asyncio.create_task(refused(lambda: connect(*place), calls, one))
    print(json.dumps(found))


asyncio.run(main(*sys.argv[1:]))
