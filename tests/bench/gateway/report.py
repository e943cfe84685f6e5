"""What was measured, as tables, as JSON and as a picture."""

import gzip
import json
import os
import subprocess

import picture
from comparison import SIZES
from breakdown import CALLS, TIMES
from rounds import Figure

KINDS = ("once", "http1", "denied", "limited", "allowed", "plain")
"""`once`: allowed by a chain that is alone in its listener, as a user has it; `http1`: the same over HTTP/1.1; `allowed`: a share of
several chains in a row; `plain`: the same, with a text without escapes."""
SHOWN = {"once": "allowed", "denied": "denied"}
"""The kinds in the picture, where each chain is alone in its listener, and their names there."""
TARGETS = {
    ("once", 300): 0.95,
    ("http1", 300): 0.95,
    ("once", 64 << 10): 0.15,
    ("allowed", 300): 0.75,
    ("allowed", 8 << 10): 0.28,
    ("allowed", 64 << 10): 0.10,
    ("plain", 64 << 10): 0.10,
    ("denied", 300): 0.80,
    ("limited", 300): 0.85,
} | {(kind, size): 0.5 for kind in ("denied", "limited") for size in SIZES if size > 300}
"""The most that ours may add, against Envoy's own filters."""


def comparison(place, mode, experiments, delays, starts):
    ratios = {key: experiments[key].ratio("ours", "native") for key in experiments if key[0] in KINDS}
    sections = [
        calls(experiments, ratios),
        growth(experiments),
        lists(experiments["lists"]),
        latencies(delays),
        startup(place, starts),
    ]
    more = {"ours / native": {label(key): ratio for key, ratio in ratios.items()}}
    more |= {"latency": delays, "starting": starts, "machine": machine(place)}
    write(place, mode, experiments, "\n\n".join(sections), more)
    place.file("comparison.svg", picture.bars([row(experiments, *key) for key in ratios if key[0] in SHOWN]))


def row(experiments, kind, size):
    """What the picture shows of an experiment."""
    found = experiments[kind, size]
    ours, native = (found.added(side).median for side in ("ours", "native"))
    return f"{SHOWN[kind]}, {SIZES[size]}", found.ratio("ours", "native").median, ours, native


def breakdown(place, measured):
    """Prints what each part costs a request; a call that the probe repeats, once."""
    lines = [f"{'':52}{'µs a request':>24}"]
    for name, experiment in measured.items():
        lines += ["", name]
        for side in experiment.sides:
            added = experiment.added(side)
            if side in CALLS:
                samples = experiment.differences(side)
                ground = experiment.differences("no call")
                added = Figure.of([(sample - base) / TIMES for sample, base in zip(samples, ground)])
            lines.append(f"{side:52}{added:8.2f}")
    write(place, "breakdown", measured, "\n".join(lines), {"machine": machine(place)})


def pins(place, measured):
    """Prints what a list of pinned tools takes, against the time that the same filter takes for it without pins."""
    lines = [
        "A list of 5,000 tools in Envoy, processor time in ms; medians [quartiles]",
        "",
        f"{'the server shows':24}{'no filter':>22}{'without pins':>22}{'pinned':>22}   {'pinned / without':22}  what the filter adds",
    ]
    shown = {"again": "the same as before", "first": "each for the first time"}
    for name, experiment in measured.items():
        cells = [f"{experiment.whole(side).thousandth():.2f}".rjust(22) for side in ("none", "plain", "pinned")]
        whole = Figure.of([mine / its for mine, its in zip(experiment.samples["pinned"], experiment.samples["plain"])])
        lines.append(f"{shown[name]:24}{''.join(cells)}   {whole:.2f}  {experiment.ratio('pinned', 'plain'):.2f}")
    write(place, "pins", measured, "\n".join(lines), {"machine": machine(place)})


def write(place, name, experiments, text, more):
    print(text)
    place.file(f"{name}.txt", text + "\n")
    data = more | {"experiments": {label(key): experiment.summary() for key, experiment in experiments.items()}}
    place.file(f"{name}.json", json.dumps(data, indent=1, default=vars) + "\n")
    print(f"\nwritten to {place.folder}")


def label(key):
    return key if isinstance(key, str) else " ".join(str(part) for part in key)


# === tables


def calls(experiments, ratios):
    lines = [
        "Envoy's processor time in µs a request: without a filter, and what is added to it; medians [quartiles]",
        "(`once` and refusals: a chain alone in its listener; the ground of refusals is an answer of Envoy's own, once it has the body;",
        "`allowed`: a share of several chains; `plain`: the same, a text without escapes; `by tool`: Envoy's chain with a limit for a tool)",
        "",
        f"{'':18}{'ground':>8}{'empty':>8}{'by tool':>9}{'native':>9}{'ours':>9}   {'ours / native':22}{'target':>7}",
    ]
    for (kind, size), ratio in ratios.items():
        experiment = experiments[kind, size]
        some = lambda side, width: f"{experiment.added(side).median:{width}.1f}" if side in experiment.sides else " " * width
        cells = [f"{experiment.whole('none').median:8.1f}", some("empty", 8), some("by_tool", 9)]
        cells += [f"{experiment.added(side).median:9.1f}" for side in ("native", "ours")]
        lines.append(f"{kind + ' ' + SIZES[size]:18}{''.join(cells)}   {judged(ratio, TARGETS.get((kind, size)))}")
    return "\n".join(lines)


def judged(ratio, target):
    if target is None:
        return f"{ratio:.2f}"
    return f"{ratio:.2f}".ljust(22) + f"{target:7.2f}  {'met' if ratio.median <= target else 'missed'}"


def growth(experiments):
    """What should cost the same."""
    tools, callers, workers = (experiments[key] for key in ("tools", "callers", "workers"))
    rows = [
        ("10,000 tools / 10", tools.ratio("many", "few"), 1.05),
        ("50,000 callers / 1", callers.ratio("many", "one"), 1.10),
        ("2 workers / 1", workers.ratio("ours2", "ours1", "none2", "none1"), 1.15),
        ("  the native chain", workers.ratio("native2", "native1", "none2", "none1"), None),
    ]
    return "\n".join(["What ours adds, against what it adds otherwise", ""] + [f"{name:44}{judged(*rest)}" for name, *rest in rows])


def lists(experiment):
    rows = [("ground", experiment.whole("none")), ("ours, showing all", experiment.added("whole"))]
    rows += [("ours, showing half", experiment.added("trimmed")), ("  of this the trimming", experiment.added("trimmed", "whole"))]
    title = "A list of 50 tools (35 KB), in µs a request: the ground, and what is added to it"
    return "\n".join([title, ""] + [f"{name:44}{figure:.1f}" for name, figure in rows])


def latencies(delays):
    lines = ["Milliseconds from request to answer at 1,000 requests of 300 B a second", ""]
    lines.append(f"{'':14}{'p50':>8}{'p90':>8}{'p99':>8}{'p99.9':>8}{'requests':>10}")
    for name, row in delays.items():
        cells = "".join(f"{row[cut]:8.2f}" for cut in ("p50", "p90", "p99", "p99.9"))
        lines.append(f"{name:14}{cells}{row['requests']:10}")
    return "\n".join(lines)


def startup(place, starts):
    code = place.module.read_bytes()
    lines = [f"Envoy's start with one worker; the module has {len(code):,} bytes, {len(gzip.compress(code, 9)):,} compressed", ""]
    lines.append(f"{'':20}{'seconds until ready':24}{'of processor time':24}MiB in memory")
    for name, row in starts.items():
        cells = [f"{row['seconds']:.3f}", f"{row['processor']:.3f}", f"{row['MiB']:.1f}"]
        lines.append(f"{name:20}{cells[0]:24}{cells[1]:24}{cells[2]}")
    more = starts["10,000 tools"]["processor"].median - starts["10 tools"]["processor"].median
    lines.append(f"10,000 tools take {more:.2f} s of processor time more than 10, on the main thread and the worker together")
    return "\n".join(lines)


def machine(place):
    said = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.strip()
    cpu = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "commit": said("git", "rev-parse", "--short", "HEAD"),
        "cpu": cpu[0] if cpu else "unknown",
        "cores": os.cpu_count(),
        "envoy": said(str(place.envoy), "--version").split("version:")[-1].strip(),
        "load generator": said(str(place.h2load), "--version"),
        "module bytes": place.module.stat().st_size,
    }
