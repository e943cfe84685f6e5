"""Calls that might show something: from the policy's case file, from its conditions, and from the server's tools."""

import json
import re

EXAMPLES = {"string": "example", "number": 1, "integer": 1, "boolean": True, "array": [], "object": {}}


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
    # Few policies permit it, and most readers know what it would do.
    yield "drop_table", {"table": "users"}


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
