"""A client whose call needs approval, as `../dialogue.mjs` describes it.

    dialogue.py HOW DECLARES CALL URL CONSOLE TOKEN         HOW is `sdk`, `sdk-2` or `sdk-2-stateless`
"""

import asyncio
import contextlib
import datetime
import json
import re
import sys
import urllib.request

HOW, DECLARES, CALL, URL, CONSOLE, TOKEN = sys.argv[1:]
SECONDS = 20

shown = []
action = "approve"


def decide(page):
    """An approver, who is another person than the agent, decides on the page."""
    opened = urllib.request.urlopen(urllib.request.Request(CONSOLE, headers={"accept-encoding": "gzip"}))
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json", "origin": CONSOLE}
    body = json.dumps({"decision": "approve", "note": "seen"}).encode()
    path = f"{CONSOLE}/api/approvals/{page.split('#')[1]}"
    decided = urllib.request.urlopen(urllib.request.Request(path, data=body, headers=headers))
    return [opened.status, decided.status]


async def show(_context, params):
    from mcp import types

    page = {"mode": params.mode, "message": params.message, "url": params.url}
    shown.append(page)
    if action != "approve":
        return types.ElicitResult(action=action)
    page["decided"] = await asyncio.to_thread(decide, params.url)
    return types.ElicitResult(action="accept")


@contextlib.asynccontextmanager
async def sdk():
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    seconds = datetime.timedelta(seconds=SECONDS)
    async with streamablehttp_client(URL) as (read, write, _):
        async with ClientSession(read, write, seconds, elicitation_callback=show if DECLARES == "url" else None) as session:
            await session.initialize()
            yield session


@contextlib.asynccontextmanager
async def sdk_2(mode):
    from mcp import Client

    callback = show if DECLARES == "url" else None
    async with Client(URL, mode=mode, read_timeout_seconds=SECONDS, elicitation_callback=callback) as client:
        yield client


async def attempt(session):
    call = json.loads(CALL)
    try:
        result = await session.call_tool(call["name"], call["arguments"])
    except Exception as error:
        told = getattr(error, "error", error)
        data = told.data if isinstance(told.data, dict) else {}
        return {"code": told.code, "message": told.message, "pages": data.get("elicitations")}
    is_error = getattr(result, "isError", None) or getattr(result, "is_error", None)
    return {"text": result.content[0].text} if is_error else "passed"


async def main():
    global action
    connect = {"sdk": sdk, "sdk-2": lambda: sdk_2("legacy"), "sdk-2-stateless": lambda: sdk_2("auto")}[HOW]
    async with connect() as session:
        found = {"first": await attempt(session)}
        if found["first"] != "passed":
            pages = found["first"]["pages"]
            page = pages[0]["url"] if pages else re.search(r"https?:\S*#[0-9a-f]+", found["first"]["message"])[0]
            found["decided"] = await asyncio.to_thread(decide, page)
            found["repeated"] = await attempt(session)
        found["shown"] = list(shown)
        action = "decline"
        found["again"] = await attempt(session)
    print(json.dumps(found))


asyncio.run(main())
