"""The client of the Python SDK 1.x: uses all of a server at the URL that it is given."""

import asyncio
import sys

from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client
from pydantic import AnyUrl


async def progress(_progress, _total, _message) -> None:
    pass


async def main(url: str) -> None:
    async with streamablehttp_client(url) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        await session.send_ping()
        await session.list_tools()
        await session.list_prompts()
        await session.list_resources()
        await session.list_resource_templates()
        for text in ["a", "“é🦀”\n\t\\ \u0001", ""]:
            await session.call_tool("ok", {"text": text, "count": 2}, progress_callback=progress)
        await session.call_tool("ok", {"text": "x", "count": -1})
        await session.get_prompt("greet", {"name": "Alice"})
        await session.read_resource(AnyUrl("note://today"))
        await session.read_resource(AnyUrl("note://a-b_c"))
        prompt = types.PromptReference(type="ref/prompt", name="greet")
        await session.complete(prompt, {"name": "name", "value": "o"})
        template = types.ResourceTemplateReference(type="ref/resource", uri="note://{day}")
        await session.complete(template, {"name": "day", "value": "t"})
        await session.send_roots_list_changed()
        await session.send_progress_notification("1", 1.0)


asyncio.run(main(sys.argv[1]))
