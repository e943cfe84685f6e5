# `./build.sh bench`: what the filter costs in Envoy, and its stages by themselves.
# `build.sh` sources this file, and defines the functions that this file does not.
# shellcheck shell=bash

# A workspace of its own, and none of its builds disturbs another.
readonly BENCH_PLACE=$PWD/target/bench
readonly BENCH_MANIFEST=tests/bench/Cargo.toml

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
  local envoy=${MCP_POLICY_ENVOY:-} h2load
  [[ $envoy ]] || envoy=$(envoy_wheel)
  h2load=$(h2load_program)
  build_module
  say 'building what it is compared with'
  bench_cargo build --release --package mcp-policy-bench-upstream
  bench_cargo build --release --target wasm32-wasip1 --package mcp-policy-bench-empty --package mcp-policy-bench-probe
  say "measuring: $1"
  python3 tests/bench/gateway "$1" --envoy "$envoy" --h2load "$h2load" --module "$MODULE" \
    --built "$BENCH_PLACE" --folder "$BENCH_PLACE/$1"
}

bench_cargo() { CARGO_TARGET_DIR=$BENCH_PLACE cargo "$1" --quiet --locked --manifest-path "$BENCH_MANIFEST" "${@:2}"; }

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
