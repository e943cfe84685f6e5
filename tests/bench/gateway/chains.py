"""The chains of filters that are compared, as Envoy reads them."""

import json
from dataclasses import dataclass, field

TYPES = "type.googleapis.com/envoy.extensions"
TOOL = "generate_image"
"""The tool that every policy allows; all others are denied."""
FREE_METHODS = ["initialize", "ping", "tools/list", "prompts/list", "resources/list", "notifications/initialized"]
DAY = 86400


@dataclass
class Chain:
    """The filters of one listener, and the expected answer to a request through it."""

    filters: list = field(default_factory=list)
    stacked: int = 1
    """How often the same filters are in it, one after the other, so that small costs can be measured."""
    route: dict | None = None
    status: int = 200
    answer: str = '"result"'
    """A part of the answer's body. It proves that the chain did what is measured."""


def stacked(times, filters, **more):
    """The same filters several times; `filters` makes them from a number."""
    return Chain([each for number in range(times) for each in filters(number)], times, **more)


def extension(name, kind, **fields):
    return {"name": name, "typed_config": {"@type": f"{TYPES}.{kind}", **fields}}


# === ours, and other modules


def module(file, name, configuration=None, vm=None):
    """A Wasm filter. Those of one file share a VM, unless it is named otherwise; each name has counters of its own."""
    vm_config = {"vm_id": vm or str(file), "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(file)}}}
    plugin = {
        "name": name,
        "root_id": "bench",
        "vm_config": vm_config,
        "failure_policy": "FAIL_RELOAD",
        "allow_on_headers_stop_iteration": True,
    }
    if configuration is not None:
        text = configuration if isinstance(configuration, str) else json.dumps(configuration)
        plugin["configuration"] = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text}
    return extension("envoy.filters.http.wasm", "filters.http.wasm.v3.Wasm", config=plugin)


def policy(tools=1, limit=10**9, counters=1, **options):
    """One tool, or many, each with a limit, or several, for each caller; every other is denied. Headers are held, as we render it."""
    each = [{"counter": f"calls_{n}", "window": "day", "max": limit, "scope": "grant"} for n in range(counters)]
    rules = {TOOL: {"limits": each}} | {f"tool_{n}": {"limits": each} for n in range(1, tools)}
    document = {"version": "1", "default": "deny", "tools": rules}
    return {"policy": document, "protocol": {"headers": "hold"}} | options


# === Envoy's own


def native(limit=10**9, by_tool=False):
    """Envoy's filters doing the same job: one tool and the methods that name nothing pass, duplicate names do not. The limit is one
    bucket for all calls, or `by_tool` one for the calls of the tool, as a user would set it up for several tools."""
    mcp = extension(
        "envoy.filters.http.mcp",
        "filters.http.mcp.v3.Mcp",
        traffic_mode="REJECT_NO_MCP",
        max_request_body_size=2**20,
        reject_duplicate_keys=True,
    )
    calls = {"and_rules": {"rules": [said(["method"], "tools/call"), said(["params", "name"], TOOL)]}}
    free = {"or_rules": {"rules": [said(["method"], method) for method in FREE_METHODS]}}
    everybody = [{"any": True}]
    policies = {
        "calls": {"permissions": [calls], "principals": everybody},
        "free": {"permissions": [free], "principals": everybody},
    }
    rules = {"action": "ALLOW", "policies": policies}
    rbac = extension("envoy.filters.http.rbac", "filters.http.rbac.v3.RBAC", rules=rules)
    # One bucket for all callers: a bucket for each is one per cent dearer.
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    bucket = {"max_tokens": limit, "tokens_per_fill": limit, "fill_interval": f"{DAY}s"}
    named = {"descriptor_key": "tool", "metadata_key": {"key": "envoy.filters.http.mcp", "path": [{"key": "params"}, {"key": "name"}]}}
    descriptors = {
        "rate_limits": [{"actions": [{"metadata": {**named, "source": "DYNAMIC"}}]}],
        "descriptors": [{"entries": [{"key": "tool", "value": TOOL}], "token_bucket": bucket}],
    }
    limiter = extension(
        "envoy.filters.http.local_ratelimit",
        "filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="bench",
        # Of calls that no descriptor is about.
        token_bucket=bucket | ({"max_tokens": 10**9, "tokens_per_fill": 10**9} if by_tool else {}),
        filter_enabled=always,
        filter_enforced=always,
        **(descriptors if by_tool else {}),
    )
    return [mcp, rbac, limiter]


def said(path, value):
    """What the `mcp` filter has noted of a message."""
    keys = [{"key": key} for key in path]
    return {"metadata": {"filter": "envoy.filters.http.mcp", "path": keys, "value": {"string_match": {"exact": value}}}}


def buffer():
    """Envoy's filter that holds a request until its body is complete, and does nothing else."""
    return extension("envoy.filters.http.buffer", "filters.http.buffer.v3.Buffer", max_request_bytes=2**20)


def answered_by_envoy():
    """The least that a refusal can cost: the whole body is awaited, and Envoy answers."""
    route = {"direct_response": {"status": 403, "body": {"inline_string": "RBAC: access denied"}}}
    return Chain([buffer()], route=route, status=403, answer="denied")


def caller_from_path(characters):
    """Makes so many characters of the path the caller, as if a token had said so."""
    code = f"""
function envoy_on_request(handle)
  local path = handle:headers():get(":path")
  handle:streamInfo():dynamicMetadata():set("envoy.filters.http.jwt_authn", "jwt", {{ sub = path:sub(1, {characters}) }})
end"""
    return extension("envoy.filters.http.lua", "filters.http.lua.v3.Lua", default_source_code={"inline_string": code})
