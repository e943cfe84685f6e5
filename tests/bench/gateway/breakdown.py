"""Measures what each callback, each call into Envoy and each step of our filter costs a request."""

from chains import TOOL, Chain, answered_by_envoy, buffer, module, native, policy, stacked
from envoy import Envoy
from load import PLAIN, call
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
"""The calls into Envoy that the probe can repeat."""
FEWEST = ["header_pairs", "property_address", "request_body", "time", "shared_get", "shared_set", "set_record", "add_to_metric"]
"""The calls into Envoy that every filter with a limit needs."""
OURS = [*FEWEST, "property_absent", "header_value"]
"""The calls into Envoy that our filter makes for a call with one limit."""
REFUSING = ["header_pairs", "property_absent", "property_address", "request_body", "time", "set_record", "add_to_metric", "answer_body"]
"""Those that it makes for a call that it denies; for a used-up limit it also reads a cell."""
UNNEEDED = ["proxy_on_response_body", "proxy_on_log"]
"""The callbacks that only refunds need."""
STACKED = 4
"""In more, the requests that are open at once would take more streams than one caller may have in a worker."""
TIMES = 25
"""How often the probe repeats a call."""


def measured(place, upstream, rounds, say):
    """Measures calls that pass, and calls that are refused."""
    passing = {"none": Chain()} | callbacks(place) | calls(place) | steps(place)
    refusing = {"answered": answered_by_envoy()} | refusals(place)
    once = {"none": Chain()} | alone(place)
    with Envoy(place.envoy, place.folder, "breakdown", upstream, passing | refusing | once) as envoy:
        sides = lambda chains: {name: (envoy, name) for name in chains}
        load = place.load("call-300", call(300, TOOL), 1000)
        http1 = place.load("http1-300", call(300, TOOL), 1000, connections=16, streams=1, http1=True)
        large = place.load("call-65536", call(64 << 10, TOOL), 250, streams=4)
        plain = place.load("plain-65536", call(64 << 10, TOOL, PLAIN), 250, streams=4)
        found = {
            "several in a row": Experiment(sides(passing), load, "none"),
            "refused": Experiment(sides(refusing), load, "answered"),
            "alone in its listener": Experiment(sides(once), load, "none"),
            "alone in its listener, HTTP/1.1": Experiment(sides(once), http1, "none"),
            "alone in its listener, 64 KiB": Experiment(sides(once), large, "none"),
            "alone in its listener, 64 KiB without escapes": Experiment(sides(once), plain, "none"),
        }
        measure(list(found.values()), rounds, say)
    return found


def callbacks(place):
    probe, idle = place.filter("probe"), ""
    variants = {"all callbacks": probe} | {f"without {name}": place.without(probe, [name]) for name in CALLBACKS}
    variants["without any"] = place.without(probe, CALLBACKS)
    return {name: stacked(STACKED, lambda n: [module(file, f"{name} {n}", idle, vm=name)]) for name, file in variants.items()}


def calls(place):
    """Probes, each in its own VM, since one VM keeps one list of tasks."""
    probe = place.filter("probe")
    once = lambda names: ", ".join(f"{name} 1" for name in names)
    several = {"the calls of mcp-policy": (probe, once(OURS)), "the fewest calls": (place.without(probe, UNNEEDED), once(FEWEST))}
    found = {"no call": Chain([module(probe, "no call", "", vm="no call")])}
    for name in CALLS:
        found[name] = Chain([module(probe, name, f"{name} {TIMES}", vm=name)])
    for name, (file, tasks) in several.items():
        found[name] = stacked(STACKED, lambda n: [module(file, f"{name} {n}", tasks, vm=name)])
    return found


def alone(place):
    """Chains as a user has them, and what a filter costs there that does nothing, or nothing but to hold the request and to make the calls
    of mcp-policy."""
    tasks = ", ".join(f"{name} 1" for name in ["hold", *OURS])
    return {
        "native, alone": Chain(native()),
        "held by Envoy's own buffer filter": Chain([buffer()]),
        "an empty filter, alone": Chain([module(place.filter("empty"), "empty alone", vm="empty alone")]),
        "the calls of mcp-policy, alone": Chain([module(place.filter("probe"), "calls alone", tasks, vm="calls alone")]),
        "ours, alone": Chain([module(place.module, "alone", policy())]),
    }


def refusals(place):
    """Filters that answer the call themselves. Each is alone in its listener, since the first one ends the request."""
    probe = place.filter("probe")
    lean = place.without(probe, [name for name in CALLBACKS if name != "proxy_on_request_headers"])
    tasks = {
        "an answer when the head has come, no other callback": (lean, ["answer_head"]),
        "an answer when the head has come": (probe, ["answer_head"]),
        "an answer when the body has come": (probe, ["answer_body"]),
        "the calls of mcp-policy for one that is denied": (probe, REFUSING),
        "the calls of mcp-policy for one that is limited": (probe, ["shared_get", *REFUSING]),
    }
    found = {
        name: Chain([module(file, name, ", ".join(f"{call} 1" for call in calls), vm=name)], answer="xxx")
        for name, (file, calls) in tasks.items()
    }
    closed = {"version": "1", "default": "deny", "tools": {}}
    found["ours, denied"] = Chain([module(place.module, "denies", policy(policy=closed))], answer="-31403")
    found["ours, limited"] = Chain([module(place.module, "limits", policy(limit=1))], answer="-31429")
    return found


def steps(place):
    """Our filter without one of its steps, or with one more."""
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
