"""The chains of filters that are compared, as Envoy reads them."""

import json

TYPES = "type.googleapis.com/envoy.extensions"
TOOL = "generate_image"
"""What every policy lets through."""
FREE_METHODS = ["initialize", "ping", "tools/list", "prompts/list", "resources/list", "notifications/initialized"]


def extension(name, kind, **fields):
    return {"name": name, "typed_config": {"@type": f"{TYPES}.{kind}", **fields}}


def module(file, name, configuration=None):
    """A Wasm filter. Each file is a VM of its own, each name a filter with counters of its own."""
    plugin = {
        "name": name,
        "root_id": "bench",
        "vm_config": {
            "vm_id": str(file),
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": str(file)}},
        },
        "failure_policy": "FAIL_RELOAD",
        "allow_on_headers_stop_iteration": True,
    }
    if configuration is not None:
        text = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps(configuration)}
        plugin["configuration"] = text
    return extension("envoy.filters.http.wasm", "filters.http.wasm.v3.Wasm", config=plugin)


def policy(tools=1, limit=10**9, **options):
    """One tool, or many, each with one limit for each caller; everything else is denied."""
    limits = [{"counter": "calls", "window": "day", "max": limit, "scope": "grant"}]
    rules = {TOOL: {"limits": limits}} | {f"tool_{n}": {"limits": limits} for n in range(1, tools)}
    return {
        "policy": {"version": "1", "default": "deny", "tools": rules},
        "protocol": {"headers": "hold"},
        **options,
    }


def native(limit=10**9, per_caller=False):
    """Envoy's own filters, doing the same job: one tool and the methods without a name pass, duplicate names do not."""
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
    rbac = extension("envoy.filters.http.rbac", "filters.http.rbac.v3.RBAC", rules={"action": "ALLOW", "policies": policies})
    return [mcp, rbac, local_ratelimit(limit, per_caller)]


def said(path, value):
    """What the `mcp` filter has noted of a message."""
    keys = [{"key": key} for key in path]
    return {"metadata": {"filter": "envoy.filters.http.mcp", "path": keys, "value": {"string_match": {"exact": value}}}}


def local_ratelimit(limit, per_caller):
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    bucket = {"max_tokens": limit, "tokens_per_fill": limit, "fill_interval": "86400s"}
    fields = {"stat_prefix": "bench", "token_bucket": bucket, "filter_enabled": always, "filter_enforced": always}
    if per_caller:
        fields["rate_limits"] = [{"actions": [{"remote_address": {}}]}]
        fields["descriptors"] = [{"entries": [{"key": "remote_address"}], "token_bucket": bucket}]
    return extension("envoy.filters.http.local_ratelimit", "filters.http.local_ratelimit.v3.LocalRateLimit", **fields)
