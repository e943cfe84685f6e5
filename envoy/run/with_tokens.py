"""Prints a policy or a configuration as a configuration to which `mcp-policy grant new` can add tokens. Callers without a token keep
the identity that they have without this: the policy's text stays as it is.

    with_tokens.py FILE
"""

import json
import sys

# What identifies callers if the configuration does not say (`envoy/policies/README.md`).
DEFAULT = '"identity": [{"peer": "uri_san"}, {"address": true}]'


def with_tokens(text):
    document = json.loads(text)
    text = text.strip()
    if "version" in document:
        return f'{{"policy": {text}, {DEFAULT}}}\n'
    if "identity" in document:
        return f"{text}\n"
    return f"{{{DEFAULT}, {text[1:]}\n"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(with_tokens(file.read()))
