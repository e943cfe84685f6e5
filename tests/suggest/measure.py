"""Measures how many tools of widely used MCP servers `mcp-policy suggest` classes as a careful reader does.

Usage: measure.py MCP-POLICY FOLDER

`servers.tsv` names the servers and their versions; they are installed from npm and PyPI into FOLDER and asked for
`tools/list` over stdio, without credentials (`ENVIRONMENT` has what some want to see before they start). The lists are
kept in FOLDER, and nowhere in the repository. `classes.tsv` has the class of each tool, given by hand before the first
measurement, from what the list says of the tool, with the reason.

Prints a table by server, and every tool that is classed otherwise. Exit code 1: fewer than 95 % are right, or one is laxer
than right, or a server lists a tool that has no class.
"""

import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).parent
ORDER = ["read", "write", "execute", "financial", "destructive"]
LEAST_RIGHT = 0.95
SECONDS = 240

# No credential of anybody: servers want some text, and list their tools without using it.
ENVIRONMENT = {
    name: "x"
    for name in (
        "GITHUB_PERSONAL_ACCESS_TOKEN GITLAB_PERSONAL_ACCESS_TOKEN SLACK_BOT_TOKEN SLACK_TEAM_ID GOOGLE_MAPS_API_KEY "
        "BRAVE_API_KEY FIRECRAWL_API_KEY TAVILY_API_KEY EXA_API_KEY AIRTABLE_API_KEY NOTION_TOKEN "
        "PRIVATE_APP_ACCESS_TOKEN TRELLO_API_KEY TRELLO_TOKEN ELEVENLABS_API_KEY ALPACA_API_KEY ALPACA_SECRET_KEY "
        "CLICKHOUSE_USER CLICKHOUSE_PASSWORD"
    ).split()
} | {"CLICKHOUSE_HOST": "localhost", "OPENAPI_MCP_HEADERS": "{}"}


def rows(file):
    lines = (HERE / file).read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def main(command, folder):
    folder = Path(folder)
    classes = defaultdict(dict)
    for server, tool, expected, _why in rows("classes.tsv"):
        classes[server][tool] = expected
    servers = rows("servers.tsv")
    install(folder, [row for row in servers if row[1] == "npm"])
    total, wrong, table = Counter(), [], []
    for server, registry, package, version, arguments in servers:
        start = npm_command(folder, package) if registry == "npm" else pypi_command(folder, server, package, version)
        listed = listing(folder, server, version, start + arguments.split())
        found = suggested(command, listed)
        unknown = sorted(set(found) - set(classes[server]))
        if unknown:
            sys.exit(f"error: `classes.tsv` has no class for {unknown} of {server} {version}")
        counts = Counter()
        for tool, (given, why) in found.items():
            expected = classes[server][tool]
            kind = "right" if given == expected else judged(given, expected)
            counts[kind] += 1
            if kind != "right":
                wrong.append(f"{kind:6}  {server}/{tool}: {given}, expected {expected}; {why}")
        total.update(counts)
        table.append(f"| {server} {version} | {sum(counts.values())} | {counts['right']} | {counts['strict']} | {counts['lax']} |")
    print("| server | tools | right | too strict | too lax |\n|---|---|---|---|---|")
    print("\n".join(table))
    count = sum(total.values())
    share = total["right"] / count
    print(f"| {len(servers)} servers | {count} | {total['right']} ({share:.1%}) | {total['strict']} | {total['lax']} |\n")
    print("\n".join(sorted(wrong)))
    return 1 if share < LEAST_RIGHT or total["lax"] else 0


def judged(given, expected):
    return "strict" if ORDER.index(given) > ORDER.index(expected) else "lax"


def suggested(command, listed):
    ran = subprocess.run([command, "suggest", listed, "--format", "json"], capture_output=True, text=True, check=True)
    return {tool["name"]: (tool["class"], tool["why"]) for tool in json.loads(ran.stdout)["tools"]}


# === the servers


def install(folder, servers):
    place = folder / "npm"
    place.mkdir(parents=True, exist_ok=True)
    packages = [f"{package}@{version}" for _, _, package, version, _ in servers]
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(place)]
    subprocess.run(npm + packages, check=True, stdout=subprocess.DEVNULL)


def npm_command(folder, package):
    root = (folder / "npm/node_modules" / package).resolve()
    programs = json.loads((root / "package.json").read_text())["bin"]
    name = package.split("/")[-1]
    path = programs if isinstance(programs, str) else programs.get(name) or next(iter(programs.values()))
    return ["node", str(root / path)]


def pypi_command(folder, server, package, version):
    place = (folder / "pypi" / server).resolve()
    program = place / "bin" / package
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        pip = [place / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(pip + [f"{package}=={version}"], check=True)
    return [str(program)]


def listing(folder, server, version, command):
    file = folder / "lists" / f"{server}-{version}.json"
    if not file.exists():
        tools = list_tools(command)
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"tools": tools}))
    return file


def list_tools(command):
    """All pages of `tools/list`."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT},
        start_new_session=True,
    )
    lines = read_lines(process, time.monotonic() + SECONDS)
    try:
        client = {"name": "measure", "version": "1"}
        start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        exchange(process, lines, 1, "initialize", start)
        send(process, {"method": "notifications/initialized"})
        tools, cursor, number = [], None, 2
        while True:
            page = exchange(process, lines, number, "tools/list", {"cursor": cursor} if cursor else {})
            tools += page["tools"]
            cursor, number = page.get("nextCursor"), number + 1
            if not cursor:
                return tools
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def exchange(process, lines, number, method, params):
    send(process, {"id": number, "method": method, "params": params})
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict) and message.get("id") == number and "result" in message:
            return message["result"]
    sys.exit(f"error: {process.args} does not answer `{method}`")


def send(process, message):
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    process.stdin.flush()


def read_lines(process, end):
    """Lines of the server, until it ends or the time is over."""
    os.set_blocking(process.stdout.fileno(), False)
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    buffer = b""
    while selector.select(max(0, end - time.monotonic())):
        chunk = process.stdout.read()
        if not chunk:
            return
        buffer += chunk
        *whole, buffer = buffer.split(b"\n")
        yield from whole


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
