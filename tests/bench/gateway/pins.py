"""What a list of many pinned tools costs, against the same list without pins."""

import hashlib
import json

from chains import Chain, module
from envoy import Envoy
from load import list_tools
from rounds import Experiment, measure

TOOLS = 5000
REQUESTS = 20
EDITIONS = ("of the first edition", "of the second edition")
"""Each tool has two pinned definitions. A server that shows them in turn shows each as if for the first time: a worker remembers
of a tool the definition that it has seen last."""


def tool(number, edition):
    """A tool as servers list it, in their order of members."""
    text = lambda description: {"type": "string", "description": description}
    properties = {
        "query": text("What to search for, as a person would write it."),
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        "since": {"type": "string", "format": "date-time"},
    }
    return {
        "name": f"tool_{number:04}",
        "title": f"Tool {number}",
        "description": f"Searches the records {edition} of department {number} for a text, and returns the first matches with their "
        "dates. Use it before you write, and never for records of other departments.",
        "inputSchema": {"type": "object", "properties": properties, "required": ["query"], "additionalProperties": False},
        "annotations": {"readOnlyHint": True, "openWorldHint": False},
    }


def lists(place):
    """The files of the lists that the server shows in turn."""
    return [place.file(f"list-{number}.json", listed(edition)) for number, edition in enumerate(EDITIONS)]


def listed(edition):
    tools = [tool(number, edition) for number in range(TOOLS)]
    return json.dumps({"jsonrpc": "2.0", "id": 17, "result": {"tools": tools}}, separators=(",", ":"))


def digest(definition):
    """Of its canonical JSON, which has ASCII names and whole numbers only."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def measured(place, upstream, rounds, say):
    """Experiments by what the server shows: the same list each time, or two in turn."""
    pinned = {f"tool_{number:04}": {"sha256": [digest(tool(number, edition)) for edition in EDITIONS]} for number in range(TOOLS)}
    policy = lambda **more: {"policy": {"version": "1", "default": "allow"} | more, "protocol": {"headers": "hold"}}
    ours = lambda name, **more: Chain([module(place.module, name, policy(**more), vm=name)], answer=f"tool_{TOOLS - 1}")
    chains = {"none": Chain(answer=f"tool_{TOOLS - 1}"), "plain": ours("plain"), "pinned": ours("pinned", definitions=pinned)}
    load = lambda name, path: place.load(name, list_tools(), REQUESTS, path=path, connections=1, streams=1)
    with Envoy(place.envoy, place.folder, "pins", upstream, chains) as envoy:
        sides = {name: (envoy, name) for name in chains}
        found = {
            "again": Experiment(sides, load("again", "/file"), "none"),
            "first": Experiment(sides, load("first", "/files"), "none"),
        }
        measure(list(found.values()), rounds, say)
    return found
