"""Reads the lists of the catalogue's servers again and says what changed, so that `envoy/catalog/` stays true.

Usage: catalog.py MCP-POLICY FOLDER [--newest] [SERVER…]
       catalog.py MCP-POLICY FOLDER --new SERVER (npm|pypi) PACKAGE VERSION [ARGUMENT…]

The first form starts each server of `envoy/catalog/` that can be started, in the version that its entry names or, with
`--newest`, the newest one, and compares its answer to `tools/list` with the entry: tools, arguments, hints, and whether
`suggest` finds the entry's class or the entry says why not. Exit code 1: something changed.

The second form prints an entry to begin with, each tool with the class that `suggest` finds. What it does, why, the attacks
and the rule are for a person to write.

Packages are installed into FOLDER; the servers get no credential (see `measure.py`). Descriptions of servers are kept in
FOLDER, and nowhere in the repository.
"""

import json
import subprocess
import sys
from pathlib import Path

import measure

CATALOG = Path(__file__).parents[2] / "envoy/catalog"
RISKS = {"read": "low", "write": "medium", "execute": "high", "financial": "critical", "destructive": "critical"}
# What a server wants to see before it lists its tools, beside `servers.tsv`. No key of anybody.
ARGUMENTS = {"@stripe/mcp": ["--tools=all", "--api-key=sk_test_x"]}


def main(command, folder, *words):
    folder = Path(folder)
    if words[:1] == ("--new",):
        return new(command, folder, *words[1:])
    newest = "--newest" in words
    chosen = [word for word in words if word != "--newest"]
    changed = False
    for file in sorted(CATALOG.glob("*.json")):
        if file.name.count(".") > 1 or file.name == "attacks.json" or chosen and file.stem not in chosen:
            continue
        entry = json.loads(file.read_text())
        source = entry["read_from"]
        if source["how"] != "tools/list":
            print(f"{file.stem}: from a published list, which no program can read again")
            continue
        version = newest_version(source) if newest else source["version"]
        listed = listing(folder, file.stem, source["registry"], source["package"], version)
        found = list(differences(command, entry, listed))
        changed |= bool(found)
        print(f"{file.stem} {version}: " + ("as the entry says" if not found else ""))
        print("".join(f"  {line}\n" for line in found), end="")
    return 1 if changed else 0


def differences(command, entry, listed):
    """What the entry says otherwise than the server's list."""
    tools = {tool["name"]: tool for tool in json.loads(Path(listed).read_text())["tools"]}
    known = {tool["name"]: tool for tool in entry["tools"]}
    yield from (f"new tool `{name}`" for name in tools if name not in known)
    yield from (f"no tool `{name}` any more" for name in known if name not in tools)
    classes = measure.suggested(command, listed)
    for name in tools.keys() & known.keys():
        facts, tool = described(tools[name]), known[name]
        for key in ("arguments", "read_only", "destructive"):
            if facts.get(key) != tool.get(key):
                yield f"`{name}`: {key} {tool.get(key)} is now {facts.get(key)}"
        if name in classes and classes[name][0] != tool["class"] and "differs" not in tool:
            yield f"`{name}`: {tool['class']} here, `suggest` says {classes[name][0]}: {classes[name][1]}"


def described(tool):
    """The facts that an entry keeps of a tool."""
    schema, hints = tool.get("inputSchema", {}), tool.get("annotations") or {}
    required = schema.get("required", [])
    facts = {"arguments": [key + "*" * (key in required) for key in schema.get("properties", {})]}
    for key, hint in (("read_only", "readOnlyHint"), ("destructive", "destructiveHint")):
        if hint in hints:
            facts[key] = hints[hint]
    return facts


def new(command, folder, server, registry, package, version, *arguments):
    ARGUMENTS[package] = list(arguments)
    listed = listing(folder, server, registry, package, version)
    classes = measure.suggested(command, listed)
    tools = []
    for tool in json.loads(Path(listed).read_text())["tools"]:
        name, (found, _why) = tool["name"], classes.get(tool["name"], ("execute", ""))
        facts = described(tool)
        tools.append({"name": name, "does": "", **facts, "class": found, "risk": RISKS[found], "why": "", "attacks": [], "rule": "deny"})
    head = {"server": server, "title": server, "about": "", "read_from": {
        "registry": registry, "package": package, "version": version, "how": "tools/list", "date": ""}}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    rows = ",\n".join("    " + json.dumps(tool, ensure_ascii=False) for tool in tools)
    print("{\n" + ",\n".join(lines) + ',\n  "tools": [\n' + rows + "\n  ]\n}")
    return 0


# === the servers


def listing(folder, server, registry, package, version):
    place = folder / f"{server}-{version}"
    place.mkdir(parents=True, exist_ok=True)
    start = starter(place, server, registry, package, version)
    return measure.listing(place, server, version, start + arguments_of(package))


def starter(place, server, registry, package, version):
    if registry == "pypi":
        return measure.pypi_command(place, server, package, version)
    if not (place / "npm/node_modules" / package).exists():
        measure.install(place, [(server, registry, package, version, "")])
    return measure.npm_command(place, package)


def arguments_of(package):
    rows = [row for row in measure.rows("servers.tsv") if row[2] == package]
    return ARGUMENTS.get(package) or (rows[0][4].split() if rows else [])


def newest_version(source):
    if source["registry"] == "npm":
        ran = subprocess.run(["npm", "view", source["package"], "version"], capture_output=True, text=True, check=True)
        return ran.stdout.strip()
    pip = [sys.executable, "-m", "pip", "index", "versions", source["package"]]
    ran = subprocess.run(pip, capture_output=True, text=True, check=True)
    return ran.stdout.split("(")[1].split(")")[0]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
