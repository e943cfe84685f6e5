"""How long Envoy takes to start, and what it has in memory then."""

from chains import Chain, module, policy
from envoy import Envoy
from rounds import Figure


def measure(place, upstream, times):
    """Seconds until ready and MiB, by what is in its one listener."""
    ours = lambda tools: Chain([module(place.module, "ours", policy(tools))])
    cases = {"no filter": Chain(), "1 tool": ours(1), "10 tools": ours(10), "10,000 tools": ours(10_000)}
    cases["the empty filter"] = Chain([module(place.filter("empty"), "empty")])
    found = {name: ([], []) for name in cases}
    for _ in range(times):
        for name, chain in cases.items():
            with Envoy(place.envoy, place.folder, "starting", upstream, {"mcp": chain}) as envoy:
                found[name][0].append(envoy.started_in)
                found[name][1].append(envoy.memory())
    return {name: {"seconds": Figure.of(seconds), "MiB": Figure.of(memory)} for name, (seconds, memory) in found.items()}
