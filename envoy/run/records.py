"""Reads Envoy's access log from stdin: each request becomes one readable line, and its whole record goes to a file.

    12:04:31 denied drop_table by address:127.0.0.1: not in the policy
"""

import argparse
import datetime
import json
import os
import re
import signal
import sys

WORDS = {"rate_limited": "rate limited", "approval_required": "needs approval"}
COLOURS = {"allowed": 32, "approved": 32, "denied": 31, "rejected": 31, "refused": 31, "failed": 31}
YELLOW = 33
# Rules that are not places in the policy.
REASONS = {
    "(default deny)": "not in the policy",
    "(hidden)": "hidden by the policy",
    "(method)": "this method is not in the policy",
    "(no policy)": "no binding names a policy for it",
    "(no identity)": "the caller is unknown",
}
# Envoy's lines are far shorter; a longer one is cut into pieces that are not JSON.
MAX_LINE = 1 << 16


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--policy", required=True, help="the policy whose rules the records name")
    options.add_argument("--records", required=True, help="the file that the whole records go to")
    options = options.parse_args()
    configuration = {}
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    # Ctrl-C reaches this process, too; it ends with Envoy, after the last line.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(options.records, "w", encoding="utf-8") as records:
        while line := sys.stdin.readline(MAX_LINE):
            records.write(line)
            records.flush()
            configuration = read_policy(options.policy, configuration)
            print(readable(line, configuration, colour), flush=True)


def read_policy(file, before):
    """The policy, which may be edited meanwhile; while it is not JSON, the one before."""
    try:
        with open(file, encoding="utf-8") as text:
            return json.load(text)
    except (OSError, ValueError):
        return before


def readable(line, configuration, colour=False):
    try:
        entry = json.loads(line)
        record = entry.get("mcp") or {}
        record = json.loads(record) if isinstance(record, str) else record
        time = local_time(entry["time"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return visible(line.rstrip("\n"))
    if not isinstance(record, dict) or "decision" not in record:
        return visible(f"{time} {entry.get('response_code')} {entry.get('method')} {entry.get('path')}")
    decision = record["decision"]
    word = WORDS.get(decision, decision)
    if colour:
        word = f"\x1b[{COLOURS.get(decision, YELLOW)}m{word}\x1b[0m"
    what = record.get("tool") or record.get("method") or f"{entry.get('method')} {entry.get('path')}"
    caller = record.get("grant") or "an unknown caller"
    # On the console the grant is that of the call, and an approver has decided on it.
    preposition = "of" if decision in ("approved", "rejected") else "by"
    detail = "; ".join(details(record, configuration))
    return f"{time} {word} {visible(what)} {preposition} {visible(caller)}" + (f": {visible(detail)}" if detail else "")


def local_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone().strftime("%H:%M:%S")


def details(record, configuration):
    """What is left, or why not."""
    rule = record.get("rule", "")
    if record.get("why"):
        yield record["why"]
    elif rule and record["decision"] not in ("approved", "rejected"):
        yield REASONS.get(rule) or describe_rule(rule, record.get("policy"), configuration)
    for counter, left in record.get("remaining", {}).items():
        # The counter of a `rate_limit` is named by its rule's pointer.
        yield f"{left} left" if counter.startswith("/") else f"{left} left of {counter}"
    approval = record.get("approval") or {}
    if approval.get("approver"):
        yield ("approved " if record["decision"] == "allowed" else "") + f"by {approval['approver']}"
    if approval.get("note"):
        yield f"note: {approval['note']}"
    shadow = record.get("shadow")
    if shadow:
        reason = REASONS.get(shadow["rule"]) or describe_rule(shadow["rule"], record.get("policy"), configuration)
        yield f"shadow: {WORDS.get(shadow['decision'], shadow['decision'])}: {reason}"


def describe_rule(rule, policy, configuration):
    """The text of the rule at this pointer, followed by the pointer."""
    policies = configuration.get("policies") or {}
    value = policies.get(policy) or configuration.get("policy") or configuration
    parent = {}
    for token in rule.split("/")[1:]:
        parent = value
        token = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(token)] if isinstance(value, list) else value[token]
        except (KeyError, IndexError, ValueError, TypeError):
            return rule
    text = parent.get("reason") if isinstance(parent, dict) else None
    if isinstance(value, dict):
        text = value.get("on_deny") or text
        if "max" in value:
            text = f"no more than {value['max']} per {window(value.get('window'))}"
    elif isinstance(value, str) and re.fullmatch(r"\d+/\w+", value):
        text = f"no more than {value.replace('/', ' per ')}"
    return f"{text} ({rule})" if text else rule


def window(value):
    return f"{value} s" if isinstance(value, int) else value


def visible(text):
    """Control, format and bidirectional characters by their numbers: callers choose these texts."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in str(text))


if __name__ == "__main__":
    sys.exit(main())
