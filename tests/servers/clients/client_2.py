"""The client of the Python SDK 2.x: uses all of a server at the URL that it is given, in the revision that both prefer."""

import asyncio
import sys

from mcp import Client
from mcp_types import PromptReference, ResourceTemplateReference


async def progress(_progress, _total, _message) -> None:
    pass


async def main(url: str) -> None:
    async with Client(url) as client:
        await client.list_tools()
        await client.list_prompts()
        await client.list_resources()
        await client.list_resource_templates()
        for text in ["a", "“é🦀”\n\t\\ \u0001", ""]:
            await client.call_tool("ok", {"text": text, "count": 2}, progress_callback=progress)
        await client.call_tool("ok", {"text": "x", "count": -1})
        await client.get_prompt("greet", {"name": "Alice"})
        await client.read_resource("note://today")
        await client.read_resource("note://a-b_c")
        await client.complete(PromptReference(type="ref/prompt", name="greet"), {"name": "name", "value": "o"})
        template = ResourceTemplateReference(type="ref/resource", uri="note://{day}")
        await client.complete(template, {"name": "day", "value": "t"})


asyncio.run(main(sys.argv[1]))
