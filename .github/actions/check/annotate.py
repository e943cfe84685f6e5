"""Reads what `mcp-policy check --format json` prints, and prints a workflow command for each problem: GitHub shows it at its line."""

import json
import sys


def main():
    for file in json.load(sys.stdin)["files"]:
        if "error" in file:
            annotate("error", {"file": file["file"]}, file["error"])
        for problem in file.get("problems", []):
            place = {"file": file["file"], "line": problem["line"], "col": problem["column"]}
            annotate(problem["severity"], place, f"{problem['pointer'] or '(top level)'}: {problem['message']}")


def annotate(severity, place, message):
    properties = ",".join(f"{name}={escape(str(value), ':,')}" for name, value in place.items())
    print(f"::{severity} {properties}::{escape(message)}")


def escape(text, more=""):
    """A percent sign, line ends and `more` by their numbers, as the runner wants them."""
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" + more else c for c in text)


main()
