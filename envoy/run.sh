# `./build.sh run`: the gateway with everything it needs, started, watched and ended together.
# `build.sh` reads this file; what it calls and does not define stands there.
# shellcheck shell=bash

readonly ADMIN_PORT=9901
readonly CONSOLE_PORT=10001
readonly EXAMPLE_PORT=10002
readonly DEFAULT_POLICY=envoy/policies/krea.json

policy=$DEFAULT_POLICY
upstream=
port=10000
# Whoever shows it may approve calls.
token=
# What `run` started: `name|pid|log`, each.
started=()

verb_run() {
  read_run_options "$@"
  need_rust
  check_ports
  make_token
  local envoy
  envoy=$(envoy_to_run)
  build_command
  # Before the long build: it finds fault with the policy and the URL.
  render
  build_module
  trap stop_all EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
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
  if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
    misused "\`--port $port\`: give a number from 1 to 65535"
  fi
  ((port != CONSOLE_PORT)) || misused "\`--port $port\`: the console listens there"
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
  port_is_free "$CONSOLE_PORT" || fail "port $CONSOLE_PORT is in use, where the console would listen: end what runs there"
  [[ $upstream ]] || port_is_free "$EXAMPLE_PORT" ||
    fail "port $EXAMPLE_PORT is in use, where the example MCP server would listen: end what runs there, or name it with \`--upstream\`"
}

make_token() { token=$(od -An -N 24 -t x1 /dev/urandom | tr -d ' \n'); }

port_is_free() { ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

envoy_to_run() { command -v envoy || envoy_wheel; }

build_command() {
  say 'building the command'
  cargo build --locked --bin mcp-policy
  [[ $upstream ]] && return
  say 'building the example MCP server'
  cargo build --locked --example mcp-server
}

render() {
  mkdir -p target/run
  # Written beside and moved, so that a failure leaves no half of a configuration.
  local digest
  digest=$(printf %s "$token" | sha256sum)
  target/debug/mcp-policy render envoy "$policy" --port "$port" --admin-port "$ADMIN_PORT" --module "$MODULE" \
    --console-port "$CONSOLE_PORT" --approver "bearer:${digest%% *}" \
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
  say "starting \`$1\`"
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
  printf '\n%s\n\n%s\n' 'The console, where calls are approved and counters are seen (the token is this run'"'"'s own):' \
    "http://localhost:$CONSOLE_PORT/#token=$token"
  printf '\nWhat Envoy logs: target/run/envoy.log. Ctrl-C ends everything. Calls show up here:\n\n'
}

curl_line() {
  curl_body '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'"$1"'","arguments":{"prompt":"a cat"}}}'
}

curl_body() {
  printf "curl -sS -w '\\\\n' http://127.0.0.1:%s/mcp -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '%s'" \
    "$port" "$1"
}
