"""Prints `curl` commands that show what a policy does: a call that passes, some that do not, and why.

Calls come from the policy's case file, if there is one beside it, and from the tools of the server with arguments that
follow the conditions of the policy. `mcp-policy explain` decides on each, so what is printed of a call is what happens.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

# Each one is a run of `explain`; the first calls of a policy say the most about it.
MAX_CANDIDATES = 40
# A loop of more calls than this shows nothing that a shorter one does not.
MAX_REPEATS = 60
INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "curl", "version": "1"},
}
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
EXAMPLES = {"string": "example", "number": 1, "integer": 1, "boolean": True, "array": [], "object": {}}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--command", required=True, help="the command `mcp-policy`")
    options.add_argument("--policy", type=Path, required=True)
    options.add_argument("--gateway", required=True, help="URL of the gateway")
    options.add_argument("--server", required=True, help="URL of the MCP server behind it")
    options = options.parse_args()
    server = Server(options.server)
    try:
        tools = server.list_tools()
    except (OSError, ValueError) as error:
        print(f"\nNote: {options.server} does not list its tools ({error}).")
        tools = {}
    configuration = json.loads(options.policy.read_text(encoding="utf-8"))
    shown = choose(options, candidates(options.policy, configuration, tools), kinds(configuration))
    print_calls(options.gateway, server.session is not None, shown, configuration)


# === the server


class Server:
    """The MCP server, asked directly, so that the gateway counts nothing."""

    def __init__(self, url):
        self.url = url if urlsplit(url).path.strip("/") else url.rstrip("/") + "/mcp"
        self.session = None

    def list_tools(self):
        """Tools by name. Starts a session if the server does not answer without one."""
        try:
            answer = self.ask("tools/list", {})
        except urllib.error.HTTPError:
            answer = {}
        if "result" not in answer:
            self.session = ""
            self.ask("initialize", INITIALIZE)
            self.ask("notifications/initialized", None)
            answer = self.ask("tools/list", {})
        if "result" not in answer:
            raise ValueError(answer.get("error", {}).get("message", "no result"))
        return {tool["name"]: tool.get("inputSchema", {}) for tool in answer["result"]["tools"]}

    def ask(self, method, params):
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message.update(id=1, params=params)
        headers = dict(HEADERS)
        if self.session:
            headers["Mcp-Session-Id"] = self.session
        request = urllib.request.Request(self.url, json.dumps(message).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            self.session = response.headers.get("Mcp-Session-Id", self.session)
            if params is None:
                return {}
            if response.headers.get_content_type() == "text/event-stream":
                return first_answer(response)
            return json.load(response)


def first_answer(response):
    for line in response:
        if line.startswith(b"data:"):
            message = json.loads(line[5:])
            if "id" in message and "method" not in message:
                return message
    raise ValueError("the event stream ends without an answer")


# === calls that might be of interest


def candidates(file, configuration, tools):
    """Pairs of a tool and its arguments, the most telling first."""
    cases = file.with_suffix(".cases.json")
    if cases.is_file():
        for case in json.loads(cases.read_text(encoding="utf-8"))["cases"]:
            for call in case["calls"]:
                if call.get("tool") in tools:
                    yield call["tool"], call.get("args", {})
    policies = configuration.get("policies") or {"default": configuration.get("policy", configuration)}
    for policy in policies.values():
        for key in policy.get("tools", {}):
            for name in [tool for tool in tools if matches(key, tool)] or [key.replace("*", "example")]:
                yield from calls_of(name, tools.get(name, {}), list(rules_of(policy, name)))
    for name, schema in reversed(tools.items()):
        yield name, example(schema)


def matches(pattern, name):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def rules_of(policy, name):
    """Every rule that could decide on the tool, and the shared rules that those use."""
    for key, rule in {"*": policy.get("all_tools", {}), **policy.get("tools", {})}.items():
        if matches(key, name):
            yield rule
            yield from (policy.get("rules", {}).get(shared, {}) for shared in rule.get("use", []))


def calls_of(name, schema, rules):
    def conditions(key):
        return [predicate.get("conditions", []) for rule in rules for predicate in rule.get(key, [])]

    good = example(schema)
    for wanted in conditions("require"):
        fill(good, wanted, meeting)
    yield name, good
    for key, change in (("require_approval", meeting), ("deny_if", meeting), ("require", failing)):
        for wanted in conditions(key):
            yield name, fill(json.loads(json.dumps(good)), wanted, change)


def example(schema):
    """Arguments that an input schema requires."""
    properties = schema.get("properties", {})
    return {name: example_value(properties.get(name, {})) for name in schema.get("required", [])}


def example_value(schema):
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "string")
    return EXAMPLES.get(kind[0] if isinstance(kind, list) else kind, "example")


def meeting(operator, value):
    """A value for which the condition holds; None if that takes more thought."""
    match operator:
        case "eq" | "gte" | "lte" | "starts_with" | "ends_with" | "contains":
            return value
        case "in":
            return value[0]
        case "gt" | "lt":
            return value + (1 if operator == "gt" else -1)
        case "includes":
            return [value]
        case "exists":
            return "example" if value else None
        case "path_within":
            folders = value["folders"] if isinstance(value, dict) else value
            return f"{folders[0].rstrip('/')}/example"
        case "url_host_in":
            return f"https://{value[0].replace('*', 'www')}/"
    return None


def failing(operator, value):
    """A value for which the condition does not hold; None if that takes more thought."""
    match operator:
        case "eq" | "in" | "starts_with" | "ends_with" | "contains" | "regex":
            return "example"
        case "gt" | "lt":
            return value
        case "gte" | "lte":
            return value + (-1 if operator == "gte" else 1)
        case "path_within":
            return "/etc/passwd"
        case "url_host_in":
            return "https://example.com/"
    return None


def fill(arguments, conditions, change):
    for condition in conditions:
        value = change(condition.get("op"), condition.get("value"))
        keys = re.fullmatch(r"args((?:\.[\w-]+)+)(\[\*\]|\[0\])?", condition.get("path", ""))
        if value is None or keys is None:
            continue
        *parents, last = keys[1].split(".")[1:]
        place = arguments
        for key in parents:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                break
        else:
            place[last] = [value] if keys[2] else value
    return arguments


# === what the policy says of them


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
    address = urlsplit(options.gateway)
    command = [options.command, "explain", str(options.policy), "--format", "json", "--tool", tool]
    # As `render` names the route, and as a caller on this machine is named without an `identity`.
    command += ["--as", "address:127.0.0.1", "--route", "mcp", "--host", address.netloc, "--path", address.path]
    command += ["--args", json.dumps(arguments)]
    explained = subprocess.run(command, capture_output=True, text=True, check=False)
    if explained.returncode:
        sys.exit(explained.stderr)
    return json.loads(explained.stdout)


def repeats(remaining, configuration):
    """How many such calls each counter has room for; the least of them."""
    found = dict(limits(configuration, ""))
    rooms = []
    for counter, left in remaining.items():
        most = found.get(counter)
        if most is not None and most > left:
            rooms.append(int(most // (most - left)))
    return min(rooms, default=None)


def limits(value, pointer):
    """Counters with their `max`; the short form's counter is named by its pointer."""
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
        yield f"{place}/rate_limit", most
    for key, element in value.items():
        yield from limits(element, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")


# === the commands


def print_calls(gateway, session, chosen, configuration):
    def command(message, extra=""):
        headers = "".join(f" -H {shlex.quote(f'{name}: {value}')}" for name, value in HEADERS.items())
        headers += ' -H "Mcp-Session-Id: $session"' if session and message.get("method") != "initialize" else ""
        body = shlex.quote(json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":")))
        return f"curl -sS{extra} {gateway}{headers} -d {body}"

    def call(call):
        tool, arguments = call
        message = {"id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        return command(message, " -w '\\n'")

    def section(title, *lines):
        print(f"\n{title}\n")
        print("\n".join(lines))

    if session:
        section(
            "The server keeps sessions. Start one:",
            f"session=$({command({'id': 0, 'method': 'initialize', 'params': INITIALIZE}, ' -D - -o /dev/null')} |"
            " tr -d '\\r' | awk 'tolower($1) == \"mcp-session-id:\" { print $2 }')",
            command({"method": "notifications/initialized"}),
        )
    section("The tools that an agent sees:", command({"id": 1, "method": "tools/list"}, " -w '\\n'"))
    for decision, title in (
        ("allowed", "A call that passes:"),
        ("shadow", "A call that passes, and that the policy would have denied without shadow mode:"),
        ("denied", "A call that is denied ({message}):"),
        ("denied by a rule", "A call that is denied by `{rule}` ({message}):"),
        ("approval_required", "A call that needs approval: send it, approve it on the console below, send it again:"),
    ):
        if decision in chosen:
            candidate, explained = chosen[decision]
            message = explained.get("message", "").removeprefix("Policy violation: ").split(";")[0]
            section(title.format(rule=explained.get("rule"), message=message), call(candidate))
    if "limited" in chosen:
        limited, explained = chosen["limited"]
        most = repeats(explained["remaining"], configuration)
        if most and most <= MAX_REPEATS:
            section(
                f"Such calls pass {most} times; the next one is rate limited:",
                f"for call in $(seq {most + 1}); do {call(limited)}; done",
            )


if __name__ == "__main__":
    main()
