"""What mcp-policy costs in Envoy, against nothing, an empty filter and Envoy's own filters: `./build.sh bench`."""

import argparse
import sys
from pathlib import Path

import breakdown
import comparison
import latency
import pins
import report
import starting
from envoy import Envoy
from place import Place
from processes import Upstream
from rounds import measure

ROUNDS = {"quick": 15, "full": 31, "breakdown": 31, "pins": 31}


def main():
    arguments = argparse.ArgumentParser(prog="bench")
    arguments.add_argument("mode", choices=list(ROUNDS))
    for name in Place.__dataclass_fields__:
        arguments.add_argument(f"--{name}", type=Path, required=True)
    given = vars(arguments.parse_args())
    mode = given.pop("mode")
    place = Place(**given)
    place.folder.mkdir(parents=True, exist_ok=True)
    with Upstream(place.upstream(), place.folder, pins.lists(place) if mode == "pins" else ()) as upstream:
        if mode == "breakdown":
            report.breakdown(place, breakdown.measured(place, upstream, ROUNDS[mode], say))
        elif mode == "pins":
            report.pins(place, pins.measured(place, upstream, ROUNDS[mode], say))
        else:
            compare(place, upstream, mode)


def compare(place, upstream, mode):
    chains = comparison.chains(place)
    with (
        Envoy(place.envoy, place.folder, "one", upstream, chains) as one,
        Envoy(place.envoy, place.folder, "two", upstream, chains, workers=2) as two,
    ):
        experiments = comparison.experiments(place, one, two)
        comparison.introduce(experiments["callers"])
        measure(list(experiments.values()), ROUNDS[mode], say)
        times, seconds = (3, 1) if mode == "quick" else (10, 3)
        delays = latency.measure(one, experiments["allowed", 300].load, times, seconds)
    starts = starting.measure(place, upstream, 3 if mode == "quick" else 7)
    report.comparison(place, mode, experiments, delays, starts)


def say(text):
    print(text, file=sys.stderr, flush=True)


main()
