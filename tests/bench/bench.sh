# `./build.sh bench`: what the filter costs in Envoy, and its stages by themselves.
# `build.sh` reads this file; what it calls and does not define stands there.
# shellcheck shell=bash

# A workspace of its own, and none of its builds disturbs another.
readonly BENCH_PLACE=$PWD/target/bench
readonly BENCH_MANIFEST=tests/bench/Cargo.toml
readonly H2LOAD=target/tools/h2load

verb_bench() {
  local what=${1:-full}
  shift $(($# > 0))
  takes_nothing "$@"
  need_rust
  case $what in
    quick | full | parts) bench_gateway "$what" ;;
    stages) bench_stages ;;
    *) misused "\`$what\` is nothing to measure" ;;
  esac
}

# bench_gateway quick|full|parts
bench_gateway() {
  need python3 'it starts Envoy and puts the figures together: install Python 3.9 or later'
  local envoy=${MCP_POLICY_ENVOY:-}
  [[ $envoy ]] || envoy=$(envoy_wheel)
  install_h2load
  build_module
  say 'building what it is compared with'
  bench_cargo build --release --package mcp-policy-bench-upstream
  bench_cargo build --release --target wasm32-wasip1 --package mcp-policy-bench-empty --package mcp-policy-bench-probe
  say "measuring: $1"
  python3 tests/bench/gateway "$1" --envoy "$envoy" --h2load "$(h2load_program)" --module "$MODULE" \
    --built "$BENCH_PLACE" --folder "$BENCH_PLACE/$1"
}

bench_cargo() { CARGO_TARGET_DIR=$BENCH_PLACE cargo "$1" --quiet --locked --manifest-path "$BENCH_MANIFEST" "${@:2}"; }

# === h2load

h2load_program() { command -v h2load || printf '%s\n' "$H2LOAD/h2load"; }

# Debian's package and the libraries that a small machine lacks, unpacked and not installed.
install_h2load() {
  [[ ! -x $(h2load_program) ]] || return 0
  local command packages=(nghttp2-client libnghttp2-14 libev4 libjansson4 libjemalloc2)
  for command in apt-get dpkg-deb; do
    need "$command" "it fetches h2load from Debian: put an \`h2load\` on PATH"
  done
  say 'fetching h2load'
  rm -rf "$H2LOAD" "$H2LOAD.new"
  mkdir -p "$H2LOAD.new"
  # A fresh machine knows of no package yet.
  download_debian "$H2LOAD.new" "${packages[@]}" 2>/dev/null ||
    { apt-get -qq update && download_debian "$H2LOAD.new" "${packages[@]}"; } ||
    fail 'cannot fetch the package `nghttp2-client` from Debian: put an `h2load` on PATH'
  for package in "$H2LOAD".new/*.deb; do
    dpkg-deb -x "$package" "$H2LOAD.new"
  done
  cat >"$H2LOAD.new/h2load" <<'PROGRAM'
#!/bin/sh
here=${0%/*}/usr
for libraries in "$here"/lib/*-linux-gnu; do :; done
LD_LIBRARY_PATH=$libraries exec "$here/bin/h2load" "$@"
PROGRAM
  chmod +x "$H2LOAD.new/h2load"
  mv "$H2LOAD.new" "$H2LOAD"
}

# download_debian FOLDER PACKAGE...: as whoever runs this, since apt's own user may not write there.
download_debian() { (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "${@:2}"); }

# === stages

# The same stages three times: natively, in V8, and by the instructions that they take.
bench_stages() {
  need node 'the stages run as WebAssembly in it: install Node 20 or later'
  add_target wasm32-wasip1
  say 'the stages in V8, in ns'
  bench_cargo build --release --target wasm32-wasip1 --bin stages
  # Envoy has V8 compile everything with its better compiler, too.
  node --no-warnings --no-liftoff tests/bench/stages/run.mjs "$BENCH_PLACE/wasm32-wasip1/release/stages.wasm"
  say 'the stages natively'
  bench_cargo bench --bench stages
  if ! command -v valgrind >/dev/null; then
    printf '\nno instructions were counted, since there is no `valgrind` on PATH\n'
    return
  fi
  say 'instructions natively'
  bench_cargo build --profile bench --bin stages
  python3 tests/bench/stages/instructions.py "$BENCH_PLACE/release/stages"
}
