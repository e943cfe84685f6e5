"""What an agent framework gives to its model when the gateway refuses a tool call: `frameworks.py FRAMEWORK CALLS URL`.

`FRAMEWORK` is `openai-agents`, `langgraph` or `pydantic-ai`; each runs with a stub of a model that makes one call. `CALLS` is a JSON
object: a kind of refusal, and the name and arguments of the call that meets it. Prints a JSON object: for each kind, what the
model is given, or how the run ended without it.
"""

import asyncio
import json
import logging
import sys

logging.disable(logging.CRITICAL)


async def openai_agents(url, call):
    from agents import Agent, ModelResponse, Runner, Usage, set_tracing_disabled
    from agents.mcp import MCPServerStreamableHttp
    from agents.models.interface import Model
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    set_tracing_disabled(True)
    given = []

    class Stub(Model):
        async def get_response(self, *positional, **asked):
            input = asked["input"] if "input" in asked else positional[1]
            outputs = [item["output"] for item in input if item.get("type") == "function_call_output"] if isinstance(input, list) else []
            given.extend(outputs)
            text = ResponseOutputText(text="done", type="output_text", annotations=[])
            done = ResponseOutputMessage(id="m", content=[text], role="assistant", status="completed", type="message")
            calling = ResponseFunctionToolCall(
                call_id="c", name=call["name"], arguments=json.dumps(call.get("arguments", {})), type="function_call"
            )
            return ModelResponse(output=[done if outputs else calling], usage=Usage(), response_id=None)

        def stream_response(self, *_arguments, **_more):
            raise NotImplementedError

    async with MCPServerStreamableHttp(params={"url": url}) as server:
        await Runner.run(Agent(name="stub", model=Stub(), mcp_servers=[server]), "call")
    return as_text(given[0])


async def langgraph(url, call):
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage, ToolMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langchain_mcp_adapters.client import MultiServerMCPClient
    from langgraph.prebuilt import create_react_agent

    given = []

    class Stub(BaseChatModel):
        @property
        def _llm_type(self):
            return "stub"

        def bind_tools(self, _tools, **_more):
            return self

        def _generate(self, messages, *_rest, **_more):
            outputs = [message.content for message in messages if isinstance(message, ToolMessage)]
            given.extend(outputs)
            calling = {"name": call["name"], "args": call.get("arguments", {}), "id": "c", "type": "tool_call"}
            message = AIMessage("done") if outputs else AIMessage("", tool_calls=[calling])
            return ChatResult(generations=[ChatGeneration(message=message)])

    client = MultiServerMCPClient({"gateway": {"transport": "streamable_http", "url": url}})
    agent = create_react_agent(Stub(), await client.get_tools())
    await agent.ainvoke({"messages": [("user", "call")]})
    return as_text(given[0])


async def pydantic_ai(url, call):
    from pydantic_ai import Agent
    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.messages import ModelResponse, RetryPromptPart, TextPart, ToolCallPart, ToolReturnPart
    from pydantic_ai.models.function import FunctionModel

    given = []

    def stub(messages, _info):
        parts = [part for message in messages for part in message.parts]
        outputs = [part.content for part in parts if isinstance(part, (ToolReturnPart, RetryPromptPart))]
        given.extend(outputs)
        return ModelResponse(parts=[TextPart("done") if outputs else ToolCallPart(call["name"], call.get("arguments", {}))])

    async with Agent(FunctionModel(stub), toolsets=[MCPToolset(url)]) as agent:
        await agent.run("call")
    return as_text(given[0])


def as_text(output):
    """What models are given in: a text, or a list of parts."""
    if isinstance(output, list):
        return " ".join(as_text(part) for part in output)
    if isinstance(output, dict):
        return output.get("text", "")
    return str(output)


async def one(framework, url, calls):
    try:
        for call in calls:
            given = await framework(url, call)
        return given
    except BaseException as error:
        while isinstance(error, BaseExceptionGroup) and error.exceptions:
            error = error.exceptions[0]
        return f"(the run ended) {type(error).__name__}: {error}"


async def main(framework, calls, url):
    run = {"openai-agents": openai_agents, "langgraph": langgraph, "pydantic-ai": pydantic_ai}[framework]
    print(json.dumps({kind: await one(run, url, attempts) for kind, attempts in json.loads(calls).items()}))


asyncio.run(main(*sys.argv[1:]))
