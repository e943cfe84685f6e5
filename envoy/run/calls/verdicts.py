"""What the policy says of calls: `mcp-policy explain` and `mcp-policy test` decide."""

import json
import re
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

# Each one is a run of `explain`; the first calls of a policy say the most about it.
MAX_CANDIDATES = 40
# A loop of more calls than this shows nothing that a shorter one does not.
MAX_REPEATS = 60


def kinds(configuration):
    """The decisions that the policy can come to, as far as its keys tell."""
    keys = set(keys_of(configuration))
    return {
        "allowed",
        "denied",
        *(["denied by a rule"] if keys & {"require", "deny_if"} else []),
        *(["approval_required"] if keys & {"require_approval", "action"} else []),
        *(["limited"] if keys & {"limits", "rate_limit"} else []),
    }


def keys_of(value):
    for element in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_of(element)
    if isinstance(value, dict):
        yield from value


def choose(options, calls, wanted):
    """The first call of each kind, with what `explain` says of it."""
    chosen, seen = {}, []
    for call in calls:
        if call in seen:
            continue
        seen.append(call)
        if len(seen) > MAX_CANDIDATES:
            break
        explained = explain(options, call)
        decision, rule = explained["decision"], explained.get("rule", "")
        if decision == "denied" and rule.startswith("/"):
            decision = "denied by a rule"
        if decision == "allowed" and explained.get("shadow"):
            decision = "shadow"
        chosen.setdefault(decision, (call, explained))
        if decision == "allowed" and explained.get("remaining"):
            chosen.setdefault("limited", (call, explained))
        if wanted <= chosen.keys():
            break
    return chosen


def explain(options, call):
    tool, arguments = call
    caller = caller_of(options)
    command = [options.command, "explain", str(options.policy), "--format", "json", "--tool", tool]
    command += ["--args", json.dumps(arguments)]
    command += [word for name, value in caller.items() for word in (f"--{name}", value)]
    explained = subprocess.run(command, capture_output=True, text=True, check=False)
    if explained.returncode:
        sys.exit(explained.stderr)
    return json.loads(explained.stdout)


def caller_of(options):
    """As `render` names the route, and as a caller on this machine is named without an `identity`."""
    address = urlsplit(options.gateway)
    return {"as": "address:127.0.0.1", "route": "mcp", "host": address.netloc, "path": address.path}


def repeats(options, limited, configuration):
    """How many such calls pass before one is rate limited; None if none is, or only after very many."""
    if limited is None:
        return None
    (tool, arguments), explained = limited
    found = dict(limits(configuration, ""))
    remaining = [(found[counter], left) for counter, left in explained["remaining"].items() if counter in found]
    most = min((int(most // (most - left)) for most, left in remaining if most > left), default=None)
    if most is None or most > MAX_REPEATS:
        return None
    # A limit in shadow only reports: `mcp-policy test` knows.
    call = {**caller_of(options), "tool": tool, "args": arguments}
    calls = [{**call, "times": most, "expect": "allow"}, {**call, "expect": "rate_limited"}]
    with tempfile.NamedTemporaryFile("w", suffix=".cases.json", encoding="utf-8") as cases:
        json.dump({"cases": [{"name": "limited", "calls": calls}]}, cases)
        cases.flush()
        command = [options.command, "test", str(options.policy), cases.name]
        return None if subprocess.run(command, capture_output=True, check=False).returncode else most


def limits(value, pointer):
    """Counters with their `max`; the counter of a `rate_limit` is named by its rule's pointer."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from limits(element, f"{pointer}/{index}")
    if not isinstance(value, dict):
        return
    if "counter" in value and "max" in value:
        yield value["counter"], value["max"]
    short = value.get("rate_limit")
    if short:
        place = re.sub("^(/policy|/policies/[^/]*)(?=/)", "", pointer)
        most = short["max"] if isinstance(short, dict) else int(short.split("/")[0])
        yield place, most
    for key, element in value.items():
        yield from limits(element, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
