"""What it takes Envoy to start, and what it has in memory then."""

from chains import Chain, module, policy
from envoy import Envoy
from rounds import Figure


def measure(place, upstream, times):
    """Seconds until ready, by the clock and of processor time, and MiB, by what is in its one listener."""
    ours = lambda tools: Chain([module(place.module, "ours", policy(tools))])
    cases = {"no filter": Chain(), "1 tool": ours(1), "10 tools": ours(10), "10,000 tools": ours(10_000)}
    cases["the empty filter"] = Chain([module(place.filter("empty"), "empty")])
    found = {name: {"seconds": [], "processor": [], "MiB": []} for name in cases}
    for _ in range(times):
        for name, chain in cases.items():
            with Envoy(place.envoy, place.folder, "starting", upstream, {"mcp": chain}) as envoy:
                found[name]["seconds"].append(envoy.started_in)
                found[name]["processor"].append(envoy.cpu())
                found[name]["MiB"].append(envoy.memory())
    return {name: {kind: Figure.of(samples) for kind, samples in kinds.items()} for name, kinds in found.items()}
