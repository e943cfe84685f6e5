"""What a server that parses with `json.loads` would do for each body; see `scripts.rs`."""
import base64
import json
import struct
import sys

sys.setrecursionlimit(2000)
ABOUT = {
    "tools/call": "name", "prompts/get": "name", "resources/read": "uri", "resources/subscribe": "uri",
    "resources/unsubscribe": "uri", "tasks/get": "taskId", "tasks/result": "taskId", "tasks/cancel": "taskId",
    "tasks/update": "taskId",
}


def first(pairs):
    found = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def scalar(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        try:
            return "n" + struct.pack(">d", float(value) + 0.0).hex()
        except OverflowError:
            return "?" + str(value)
    if isinstance(value, str):
        return "s" + text(value)
    return "array" if isinstance(value, list) else "object"


def text(value):
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def inside(value, name):
    return value.get(name) if isinstance(value, dict) else None


def inner(value, name):
    return scalar(value[name]) if isinstance(value, dict) and name in value else None


def act(message):
    done = {"method": None, "about": None, "id": inner(message, "id"), "amount": None, "payee": None}
    method = message.get("method")
    if not isinstance(method, str):
        return done
    done["method"] = text(method)
    params = message.get("params")
    about = inside(params, ABOUT.get(method))
    if isinstance(about, str):
        done["about"] = text(about)
    if method == "tools/call":
        arguments = inside(params, "arguments")
        done["amount"] = inner(arguments, "amount")
        done["payee"] = inner(inside(arguments, "to"), "name")
    return done


def acts(value):
    if isinstance(value, list):
        return [done for message in value for done in acts(message)]
    return [act(value)] if isinstance(value, dict) else []


hook = first if sys.argv[1:] == ["first"] else None
for line in sys.stdin:
    try:
        done = acts(json.loads(base64.b64decode(line), object_pairs_hook=hook))
    except (ValueError, RecursionError):
        done = None
    print(json.dumps(done))
