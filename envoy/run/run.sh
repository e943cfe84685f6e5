# `./build.sh run`: starts the gateway and the example MCP server, watches both, and stops both together.
# `build.sh` sources this file, and defines the functions that this file does not.
# shellcheck shell=bash

readonly ADMIN_PORT=9901
readonly CONSOLE_PORT=10001
readonly EXAMPLE_PORT=10002
readonly DEFAULT_POLICY=envoy/policies/krea.json
readonly RUN=target/run
# A separate folder, so that no build of a test replaces it.
readonly COMMAND=target/command/mcp-policy

policy=$DEFAULT_POLICY
upstream=
port=10000
# An approver's token for the console.
token=
# The token of an agent, and its name.
grant=
readonly GRANT=my-agent
# The policy with that token, and the folder in which Envoy finds the filter that enforces it.
readonly CONFIGURATION=$RUN/gateway.json
readonly FILTER=$RUN/gateway.d
# The checksum of the policy in force.
applied=
# The processes that `run` started, each as `name|pid|log`.
started=()
# The process groups of builds and downloads in the background.
background=()

verb_run() {
  read_run_options "$@"
  need_rust
  need_python 'it runs the example MCP server and shows the calls'
  check_ports
  make_token
  mkdir -p "$RUN"
  trap stop_all EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  prepare
  local envoy
  envoy=$(envoy_to_run)
  [[ $upstream ]] || start_example_server
  start_envoy "$envoy"
  [[ $upstream ]] || await 'the example MCP server' example_server_is_ready
  await 'the gateway' gateway_is_ready
  print_what_to_try
  watch_all
}

read_run_options() {
  while (($#)); do
    case $1 in
      --policy | --upstream | --port) (($# > 1)) || misused "\`$1\` requires a value" ;;
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

# Prints a path relative to the caller's folder: this script has changed into its own.
from_here() {
  [[ $1 == /* || $CALLED_FROM == "$PWD" ]] || printf '%s/' "$CALLED_FROM"
  printf '%s\n' "$1"
}

# Envoy itself would share a port with another Envoy without an error.
check_ports() {
  port_is_free "$port" || fail "the gateway's port $port is in use: choose another one with \`--port\`"
  port_is_free "$ADMIN_PORT" || fail "the port of Envoy's admin interface, $ADMIN_PORT, is in use: stop the program that uses it"
  port_is_free "$CONSOLE_PORT" || fail "the console's port $CONSOLE_PORT is in use: stop the program that uses it"
  [[ $upstream ]] || port_is_free "$EXAMPLE_PORT" ||
    fail "the example MCP server's port $EXAMPLE_PORT is in use: stop the program that uses it, or name a server with \`--upstream\`"
}

make_token() { token=$(od -An -N 24 -t x1 /dev/urandom | tr -d ' \n'); }

port_is_free() { ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# === build and download

# The two builds and the downloads run side by side, so together they take little longer than the longest one.
prepare() {
  local module python
  say 'building the module and the command; downloading Envoy and the packages of the example MCP server'
  in_background module prepare_module
  module=$!
  in_background python prepare_python
  python=$!
  cargo build --locked --profile command --bin mcp-policy --no-default-features --features cli
  # Reports mistakes in the policy and the URL before the longer build ends.
  render "$policy" >/dev/null
  applied=$(cksum <"$policy")
  make_grant
  render "$CONFIGURATION" --dynamic "$FILTER" >"$RUN/envoy.yaml"
  finish 'building the module' module "$module"
  finish 'downloading Envoy and the example MCP server' python "$python"
  background=()
}

prepare_module() {
  add_target wasm32-wasip1
  compile_module
}

prepare_python() {
  envoy_to_run
  [[ $upstream ]] || install_once "$RUN/python" install_python envoy/run/requirements.txt
}

# in_background LOG COMMAND: runs COMMAND in a process group of its own, so that `stop_all` can end all of its processes.
in_background() {
  set -m
  "$2" >"$RUN/$1.log" 2>&1 </dev/null &
  set +m
  background+=("$!")
}

# finish WHAT LOG PID
finish() {
  wait "$3" && return
  cat "$RUN/$2.log" >&2
  fail "$1 failed: see above"
}

envoy_to_run() { command -v envoy || envoy_wheel; }

# render CONFIGURATION [OPTION...]
render() {
  local digest
  digest=$(printf %s "$token" | sha256sum)
  "$COMMAND" render envoy "$1" --port "$port" --admin-port "$ADMIN_PORT" --module "$MODULE" \
    --console-port "$CONSOLE_PORT" --approver "bearer:${digest%% *}" \
    --upstream "$(server_url)" "${@:2}" || exit
}

# Makes a token for an agent. It belongs to this run: the next one makes another.
make_grant() {
  python3 envoy/run/with_tokens.py "$policy" >"$CONFIGURATION"
  grant=$("$COMMAND" grant new "$GRANT" "$CONFIGURATION" 2>"$RUN/grant.log") || {
    cat "$RUN/grant.log" >&2
    exit 1
  }
}

# Puts an edited policy into force, with the same token; one with mistakes is reported, and the one before stays.
apply_policy() {
  local now
  # An editor may replace the file: then it is missing for a moment.
  now=$(cksum 2>/dev/null <"$policy") || return 0
  [[ $now != "$applied" ]] || return 0
  applied=$now
  if "$COMMAND" check "$policy" >"$RUN/apply.log" 2>&1 && write_configuration 2>"$RUN/apply.log" &&
    "$COMMAND" apply "$CONFIGURATION" "$FILTER" --admin "http://127.0.0.1:$ADMIN_PORT" 2>"$RUN/apply.log"; then
    printf '\n== the edited policy is in force\n'
  else
    cat "$RUN/apply.log" >&2
    printf '\n== the edited policy is not in force: see above; the one before it stays\n' >&2
  fi
}

write_configuration() {
  local digest
  digest=$(printf %s "$grant" | sha256sum)
  python3 envoy/run/with_tokens.py "$policy" >"$CONFIGURATION.new" &&
    "$COMMAND" grant new "$GRANT" "$CONFIGURATION.new" --sha256 "${digest%% *}" &&
    mv "$CONFIGURATION.new" "$CONFIGURATION"
}

server_url() { printf '%s\n' "${upstream:-http://127.0.0.1:$EXAMPLE_PORT}"; }

# === start

start_example_server() {
  local log=$RUN/mcp-server.log
  "$RUN/python/bin/python" envoy/run/example_server.py --port "$EXAMPLE_PORT" --policy "$policy" >"$log" 2>&1 &
  started+=("the example MCP server|$!|$log")
}

# Envoy's stdout is the access log.
start_envoy() {
  say "starting \`$1\`"
  "$1" --config-path "$RUN/envoy.yaml" --disable-hot-restart --file-flush-interval-msec 200 \
    > >(exec python3 envoy/run/records.py --policy "$policy" --records "$RUN/records.jsonl") 2>"$RUN/envoy.log" &
  started+=("Envoy|$!|$RUN/envoy.log")
}

# await NAME IS-READY: waits until the function IS-READY succeeds, for 30 seconds at most.
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

# Sends the request without `curl`, which may be missing. `/ready` has status 200 once Envoy's listeners are open.
gateway_is_ready() {
  {
    printf 'GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    [[ $(head -n 1 <&3) == *' 200 '* ]]
  } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$ADMIN_PORT"
}

watch_all() {
  while check_all; do
    apply_policy
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
    fail "$name ended by itself; the end of its log is above"
  done
}

stop_all() {
  local entry pid
  # A second Ctrl-C or a failure here must not leave a process behind.
  trap '' HUP INT TERM
  set +e
  for pid in ${background[@]+"${background[@]}"}; do
    kill -TERM -- "-$pid" 2>/dev/null
  done
  for entry in ${started[@]+"${started[@]}"}; do
    IFS='|' read -r _ pid _ <<<"$entry"
    stop "$pid"
  done
}

# Sends SIGTERM, and SIGKILL after 5 seconds.
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

# The token goes by a pipe, since a list of processes shows arguments.
print_clients() {
  printf '\n%s\n' "To connect an agent, paste this into its configuration; its calls are those of \`token:$GRANT\`, until this run ends."
  python3 envoy/run/clients.py mcp-policy "http://127.0.0.1:$port/mcp" <<<"$grant"
}

print_what_to_try() {
  say "the gateway is ready: http://127.0.0.1:$port/mcp"
  python3 envoy/run/calls --command "$COMMAND" --policy "$policy" --gateway "http://127.0.0.1:$port/mcp" \
    --server "$(server_url)" || printf '\nThere is no example call for this policy.\n'
  print_clients
  printf '\n%s\n\n%s\n' 'The console shows pending approvals, counters and decisions (the token belongs to this run):' \
    "http://localhost:$CONSOLE_PORT/#token=$token"
  printf '\n%s\n\n%s\n' 'The same in a terminal, for approvals:' \
    "MCP_POLICY_TOKEN=$token $COMMAND approvals --url http://localhost:$CONSOLE_PORT list"
  printf '\n%s\n' 'Whether a model reads why a call was denied depends on its framework: "What an agent sees" in README.md.'
  printf '\nEdit %s: it is in force within two seconds, and counts stay.\n' "$policy"
  printf '\nLogs: %s (Envoy), %s (one JSON record for each call). Ctrl-C ends everything. Calls:\n\n' \
    "$RUN/envoy.log" "$RUN/records.jsonl"
}
