"""How long requests take, sent at a fixed rate that is far from too much."""

import statistics

RATE = 1000
CHAINS = {"no filter": "none", "ours": "ours once", "native": "native once"}


def measure(envoy, load, times, seconds):
    """Percentiles in milliseconds by chain, the chains in turn."""
    taken = {name: [] for name in CHAINS}
    for _ in range(times):
        for name, chain in CHAINS.items():
            taken[name] += load.at_rate(envoy.ports[chain], RATE, seconds)
    return {name: percentiles(samples) for name, samples in taken.items()}


def percentiles(samples):
    cuts = statistics.quantiles(samples, n=1000, method="inclusive")
    return {"p50": cuts[499], "p90": cuts[899], "p99": cuts[989], "p99.9": cuts[998], "requests": len(samples)}
