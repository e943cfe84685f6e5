"""Prints how many instructions each stage executes, as callgrind counts them: those of many rounds minus those of few, so that
work which is done once does not count. `instructions.py PROGRAM`"""

import re
import subprocess
import sys

FEW, MANY = 10, 110


def instructions(program, stage, times):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, stage, str(times)]
    said = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", said.stderr)
    if said.returncode != 0 or not found:
        raise SystemExit(f"error: `valgrind` failed:\n{said.stderr}")
    return int(found[1])


names = subprocess.run([sys.argv[1], "list"], capture_output=True, text=True, check=True).stdout.split()
for stage in names:
    counted = instructions(sys.argv[1], stage, MANY) - instructions(sys.argv[1], stage, FEW)
    print(f"{stage:16}{counted / (MANY - FEW):12,.0f}")
