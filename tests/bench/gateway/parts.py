"""What each callback, each call into Envoy and each stage of ours costs a request."""

from chains import TOOL, Chain, module, policy, stacked
from envoy import Envoy
from load import call
from rounds import Experiment, measure

CALLBACKS = [
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_log",
    "proxy_on_delete",
    "proxy_on_request_trailers",
]
CALLS = [
    "header_pairs",
    "header_value",
    "property_address",
    "property_absent",
    "property_attempts",
    "property_upstream",
    "property_flags",
    "request_body",
    "time",
    "shared_get",
    "shared_set",
    "set_record",
    "add_to_metric",
]
FEWEST = ["header_pairs", "property_address", "request_body", "time", "shared_get", "shared_set", "set_record", "add_to_metric"]
"""What no call with a limit can do without."""
OURS = [*FEWEST, "property_absent", "header_value"]
"""What our filter asks for a call with one limit."""
UNNEEDED = ["proxy_on_response_body", "proxy_on_log"]
"""The callbacks that could be left out, were refunds settled otherwise."""
STACKED = 8
TIMES = 25
"""How often the probe makes a call."""


def measured(place, upstream, rounds, say):
    chains = {"none": Chain()} | callbacks(place) | calls(place) | stages(place)
    with Envoy(place.envoy, place.folder, "parts", upstream, chains) as envoy:
        load = place.load("call-300", call(300, TOOL), 1000)
        experiment = Experiment({name: (envoy, name) for name in chains}, load, "none")
        measure([experiment], rounds, say)
    return experiment


def callbacks(place):
    probe, idle = place.filter("probe"), ""
    variants = {"all callbacks": probe} | {f"without {name}": place.without(probe, [name]) for name in CALLBACKS}
    variants["without any"] = place.without(probe, CALLBACKS)
    return {name: stacked(STACKED, lambda n: [module(file, f"{name} {n}", idle, vm=name)]) for name, file in variants.items()}


def calls(place):
    """The probe, each in a VM of its own, since it keeps one list of tasks."""
    probe = place.filter("probe")
    once = lambda names: ", ".join(f"{name} 1" for name in names)
    several = {"the calls of ours": (probe, once(OURS)), "the fewest calls": (place.without(probe, UNNEEDED), once(FEWEST))}
    found = {"no call": Chain([module(probe, "no call", "", vm="no call")])}
    for name in CALLS:
        found[name] = Chain([module(probe, name, f"{name} {TIMES}", vm=name)])
    for name, (file, tasks) in several.items():
        found[name] = stacked(STACKED, lambda n: [module(file, f"{name} {n}", tasks, vm=name)])
    return found


def stages(place):
    """Ours, with one thing left out of what it does, or one more."""
    constant = [{"constant": "anybody"}]
    open_policy = {"version": "1", "default": "deny", "tools": {TOOL: {}}}
    bypassed = {"policies": {"p": open_policy}, "bindings": [{"route": "mcp", "bypass": True}]}
    variants = {
        "ours": policy(),
        "headers released": policy(protocol={"headers": "release"}),
        "a constant caller": policy(identity=constant),
        "no arguments noted": policy(audit={"arguments": "none"}),
        "no refunds": policy(limits={"refund": "never"}),
        "no limit": policy(policy=open_policy),
        "two limits": policy(counters=2),
        "no limit, a constant caller, no arguments": policy(policy=open_policy, identity=constant, audit={"arguments": "none"}),
        "bypassed": bypassed,
    }
    return {name: stacked(STACKED, lambda n: [module(place.module, f"{name} {n}", value)]) for name, value in variants.items()}
