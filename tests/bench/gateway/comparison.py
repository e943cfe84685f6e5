"""What a filter costs a request: ours, Envoy's own chain and an empty filter over none, in one Envoy."""

from chains import TOOL, Chain, answered_by_envoy, caller_from_path, module, native, policy, stacked
from load import PLAIN, call, list_tools
from rounds import Experiment

SIZES = {300: "300 B", 8 << 10: "8 KiB", 64 << 10: "64 KiB", 512 << 10: "512 KiB"}
REQUESTS = {300: 2000, 8 << 10: 1200, 64 << 10: 250, 512 << 10: 32}
"""As many as take a fifth of a second or so."""
STACKED = 4
CALLERS = 50_000
SLICE = 2000
OTHER_TOOL = "drop_table"
DENIED = {"status": 403, "answer": "denied"}
LIMITED = {"status": 429, "answer": "rate_limited"}


def chains(place):
    """Every listener of the Envoy that is measured."""
    ours = lambda name, configuration, **more: module(place.module, name, configuration, **more)
    half = {"version": "1", "default": "deny", "tools": {"get_*": {}}}
    trim = lambda show: {"policy": half, "protocol": {"headers": "hold"}, "lists": {"show": show}}
    known = lambda name: policy(identity=[{"jwt_claim": "sub", "payload": "jwt"}])
    return {
        "none": Chain(),
        "empty": stacked(STACKED, lambda n: [module(place.filter("empty"), f"empty_{n}")]),
        "native": stacked(STACKED, lambda n: native()),
        "ours": stacked(STACKED, lambda n: [ours(f"ours_{n}", policy())]),
        "answered": answered_by_envoy(),
        "native denies": Chain(native(), **DENIED),
        "ours denies": Chain([ours("denies", policy())], answer="-31403"),
        "native limits": Chain(native(limit=1), **LIMITED),
        "ours limits": Chain([ours("limits", policy(limit=1))], answer="-31429"),
        "ours once": Chain([ours("once", policy())]),
        "native once": Chain(native()),
        "native by tool": Chain(native(by_tool=True)),
        "native by tool limits": Chain(native(limit=1, by_tool=True), **LIMITED),
        "list whole": Chain([ours("whole", trim("full"))], answer="set_thing_1"),
        "list trimmed": Chain([ours("trimmed", trim("permitted"))], answer="get_thing_2"),
        "10 tools": stacked(STACKED, lambda n: [ours(f"ten_{n}", policy(tools=10))]),
        "10,000 tools": stacked(STACKED, lambda n: [ours(f"ten_thousand_{n}", policy(tools=10_000))]),
        # Tables of their own: the counters of one must not lie between those of the other.
        "callers": Chain([caller_from_path(len(path(0)))]),
        "one caller": Chain([caller_from_path(len("/caller/")), ours("one", known("one"), vm="one")]),
        "many callers": Chain([caller_from_path(len(path(0))), ours("many", known("many"), vm="many")]),
    }


def path(caller):
    return f"/caller/{caller:06}"


def experiments(place, one_worker, two_workers):
    """All of them, each of the two Envoys with its own number of workers."""
    here = lambda **sides: {side: (one_worker, chain) for side, chain in sides.items()}
    calls = {size: place.load(f"call-{size}", call(size, TOOL), REQUESTS[size], streams=16 if size < 64 << 10 else 4) for size in SIZES}
    others = {
        size: place.load(f"other-{size}", call(size, OTHER_TOOL), REQUESTS[size], streams=16 if size < 64 << 10 else 4)
        for size in SIZES
    }
    small, listing = calls[300], place.load("list", list_tools(), 1000, path="/list")
    found = {}
    once = here(none="none", native="native once", by_tool="native by tool", ours="ours once")
    limited = here(none="answered", native="native limits", by_tool="native by tool limits", ours="ours limits")
    for size in SIZES:
        found["once", size] = Experiment(once, calls[size], "none")
    http1 = place.load("http1", call(300, TOOL), REQUESTS[300], connections=16, streams=1, http1=True)
    found["http1", 300] = Experiment(once, http1, "none")
    for size in SIZES:
        found["allowed", size] = Experiment(here(none="none", empty="empty", native="native", ours="ours"), calls[size], "none")
        found["denied", size] = Experiment(here(none="answered", native="native denies", ours="ours denies"), others[size], "none")
        found["limited", size] = Experiment(limited, calls[size], "none")
    plain = place.load("plain", call(64 << 10, TOOL, PLAIN), REQUESTS[64 << 10], streams=4)
    found["plain", 64 << 10] = Experiment(here(none="none", native="native", ours="ours"), plain, "none")
    found["lists"] = Experiment(here(none="none", whole="list whole", trimmed="list trimmed"), listing, "none")
    found["tools"] = Experiment(here(none="none", few="10 tools", many="10,000 tools"), small, "none")
    callers = here(none="callers", one="one caller", many="many callers")
    in_turn = place.load("caller", call(300, TOOL), SLICE, path=path(0), connections=1, streams=32)
    found["callers"] = Experiment(callers, in_turn, "none", slices(place))
    both = {
        f"{name}{workers}": (envoy, chain)
        for workers, envoy in ((1, one_worker), (2, two_workers))
        for name, chain in (("none", "none"), ("ours", "ours"), ("native", "native"))
    }
    found["workers"] = Experiment(both, place.load("workers", call(300, TOOL), 2000, connections=4, streams=8), "none1")
    return found


def slices(place):
    """Paths that name all callers, a slice for each round."""
    paths = lambda start: "".join(f"{path(caller)}\n" for caller in range(start, start + SLICE))
    return [place.file(f"paths-{start}", paths(start)) for start in range(0, CALLERS, SLICE)]


def introduce(callers):
    """Lets each caller have its counter."""
    envoy, chain = callers.sides["many"]
    for paths in callers.paths:
        callers.load.send(envoy.ports[chain], paths=paths)
