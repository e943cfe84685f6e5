"""Prints `curl` commands that show what a policy does: a call that passes, some that do not, and why.

Calls come from the policy's case file, if there is one beside it, and from the tools of the server with arguments that
follow the conditions of the policy. `mcp-policy explain` decides on each, so what is printed of a call is what happens.
"""

import argparse
import json
import shlex
from pathlib import Path

from candidates import candidates
from server import HEADERS, INITIALIZE, Server
from verdicts import choose, kinds, repeats


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
    chosen = choose(options, candidates(options.policy, configuration, tools), kinds(configuration))
    most = repeats(options, chosen.get("limited"), configuration)
    print_calls(options.gateway, server.session is not None, chosen, most)


def print_calls(gateway, session, chosen, most):
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
    if most:
        section(
            f"At most {most} such calls pass in a window; the next one is rate limited:",
            f"for call in $(seq {most + 1}); do {call(chosen['limited'][0])}; done",
        )


if __name__ == "__main__":
    main()
