"""Measures how much of the schemas of widely used MCP servers `mcp-policy pin` keeps, and that the servers' own examples fit.

Usage: schemas.py MCP-POLICY FOLDER

The servers are those of `servers.tsv`; FOLDER is that of `measure.py`, which installs and asks them. Prints a table by server and
one by keyword. A value that a schema gives as `default`, or in `examples`, must fit the part of its property that is kept.
Exit code 1: one does not, or a schema is not kept at all. A server that does not start is left out, and named.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import measure

# They ask nothing of a value.
ANNOTATIONS = set(
    "$schema $id $comment $defs definitions $anchor title description default examples example deprecated readOnly writeOnly $ref".split()
)
SCHEMAS = {"additionalProperties", "items", "not", "if", "then", "else", "contains", "propertyNames"}
LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
MAPS = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}


def main(command, folder):
    folder = Path(folder)
    servers = measure.rows("servers.tsv")
    measure.install(folder, [row for row in servers if row[1] == "npm"])
    kept, left, table, wrong, examples = Counter(), Counter(), [], [], 0
    for server, registry, package, version, arguments in servers:
        try:
            if registry == "npm":
                start = measure.npm_command(folder, package)
            else:
                start = measure.pypi_command(folder, server, package, version)
            listed = measure.listing(folder, server, version, start + arguments.split())
        except (SystemExit, OSError, subprocess.CalledProcessError) as why:
            print(f"left out: {server} {version}: {why}", file=sys.stderr)
            continue
        tools = json.loads(listed.read_text())["tools"]
        pins, not_kept = pin(command, folder, listed)
        wrong += [f"{server}/{tool['name']}: no schema is kept" for tool in tools if "schema" not in pins[tool["name"]]]
        keywords = Counter()
        for one in pins.values():
            count(one.get("schema"), keywords)
        tried, misfits = check_examples(command, folder, tools, pins)
        examples += tried
        wrong += [f"{server}/{misfit}" for misfit in misfits]
        out = sum(not_kept.values())
        table.append(f"| {server} {version} | {len(tools)} | {sum(keywords.values())} | {out} | {tried} |")
        kept.update(keywords)
        left.update(not_kept)
    total = sum(kept.values())
    share = total / (total + sum(left.values()))
    print("| server | tools | kept | left out | examples |\n|---|---|---|---|---|")
    print("\n".join(table))
    print(f"| {len(table)} servers | | {total} | {sum(left.values())} ({share:.1%} enforced) | {examples} |\n")
    print("\n".join(f"{count:5} {what}" for what, count in left.most_common()))
    print("\n".join(wrong))
    return 1 if wrong else 0


def pin(command, folder, listed):
    """The pins by tool, and how many places of each keyword are left out."""
    policy = folder / "policy.json"
    policy.write_text('{"version": "1", "default": "deny"}')
    run = subprocess.run([command, "pin", policy, listed, "--schemas"], capture_output=True, text=True, check=True)
    left = Counter()
    for line in run.stdout.splitlines():
        _, found, parts = line.partition(": not enforced of its schema: ")
        for part in parts.split("; ") if found else []:
            what, _, places = part.rpartition(" at ") if " at the top" in part else part.partition(" at /")
            left[what.split(" (")[0]] += len(places.split(", "))
    return json.loads(policy.read_text())["definitions"], left


def count(schema, keywords):
    """Counts the keywords of a schema that ask something of a value."""
    if not isinstance(schema, dict):
        return
    for name, value in schema.items():
        if name not in ANNOTATIONS:
            keywords[name] += 1
        if name in SCHEMAS:
            count(value, keywords)
        elif name in LISTS and isinstance(value, list):
            for one in value:
                count(one, keywords)
        elif name in MAPS and isinstance(value, dict):
            for one in value.values():
                count(one, keywords)


def check_examples(command, folder, tools, pins):
    """Calls with the values that schemas give as examples: how many there are, and which do not fit."""
    definitions, calls = {}, []
    for tool in tools:
        schema = pins[tool["name"]].get("schema", {})
        for name, declared in tool["inputSchema"].get("properties", {}).items():
            if not isinstance(declared, dict):
                continue
            values = [declared["default"]] if "default" in declared else []
            given = declared.get("examples", [])
            values += given if isinstance(given, list) else []
            for value in values:
                case = f"t{len(calls)}"
                one = {"properties": {name: schema.get("properties", {}).get(name, {})}}
                definitions[case] = {"sha256": "0" * 64, "schema": one}
                calls.append((tool["name"], name, value, case))
    if not calls:
        return 0, []
    policy = {"version": "1", "default": "allow", "arguments": "declared", "definitions": definitions}
    cases = [
        {"name": case, "calls": [{"tool": case, "args": {name: value}, "expect": "allow"}]}
        for _, name, value, case in calls
    ]
    (folder / "examples.json").write_text(json.dumps(policy))
    (folder / "examples.cases.json").write_text(json.dumps({"cases": cases}))
    run = subprocess.run(
        [command, "test", folder / "examples.json", folder / "examples.cases.json"], capture_output=True, text=True
    )
    if run.returncode == 0:
        return len(calls), []
    failed = set(re.findall(r"\bt\d+\b", run.stdout + run.stderr))
    return len(calls), [f"{tool}: {name} {json.dumps(value)}" for tool, name, value, case in calls if case in failed]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
