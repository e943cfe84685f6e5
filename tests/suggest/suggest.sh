# `./build.sh suggest`: how many tools of widely used MCP servers `mcp-policy suggest` classes right.
# `build.sh` sources this file; functions that it does not define are in `build.sh` and `envoy/tools.sh`.
# shellcheck shell=bash

verb_suggest() {
  takes_nothing "$@"
  need_rust
  need node 'most of the servers run in it: install Node 20 or later'
  need python3 'the other servers run in it: install Python 3.10 or later'
  cargo build --locked --bin mcp-policy
  say 'asking servers for their tools'
  python3 tests/suggest/measure.py target/debug/mcp-policy target/suggest
}
