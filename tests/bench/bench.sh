# `./build.sh bench`: measures what the filter costs in Envoy, and the stages of its engine alone.
# `build.sh` sources this file, and defines the functions that this file does not.
# shellcheck shell=bash

# The benchmark is a separate workspace with a separate target folder, so that its builds replace no others.
readonly BENCH_PLACE=$PWD/target/bench
readonly BENCH_MANIFEST=tests/bench/Cargo.toml

verb_bench() {
  local what=${1:-full}
  shift $(($# > 0))
  takes_nothing "$@"
  need_rust
  case $what in
    quick | full | breakdown | pins) bench_gateway "$what" ;;
    microbench) bench_engine ;;
    *) misused "unknown benchmark \`$what\`" ;;
  esac
}

# bench_gateway quick|full|breakdown|pins
bench_gateway() {
  need python3 'it starts Envoy and computes the figures: install Python 3.10 or later'
  local envoy=${MCP_POLICY_ENVOY:-} h2load
  [[ $envoy ]] || envoy=$(envoy_wheel)
  h2load=$(h2load_program)
  build_module
  say 'building the filters to compare with'
  bench_cargo build --release --package mcp-policy-bench-upstream
  bench_cargo build --release --target wasm32-wasip1 --package mcp-policy-bench-empty --package mcp-policy-bench-probe
  say "measuring: $1"
  python3 tests/bench/gateway "$1" --envoy "$envoy" --h2load "$h2load" --module "$MODULE" \
    --built "$BENCH_PLACE" --folder "$BENCH_PLACE/$1"
}

bench_cargo() { CARGO_TARGET_DIR=$BENCH_PLACE cargo "$1" --quiet --locked --manifest-path "$BENCH_MANIFEST" "${@:2}"; }

# === microbench

# Measures the stages of the engine in V8, natively, and by the instructions that they execute.
bench_engine() {
  need node 'the stages run as WebAssembly in it: install Node 20 or later'
  add_target wasm32-wasip1
  say 'the stages in V8, in ns'
  bench_cargo build --release --target wasm32-wasip1 --bin microbench
  # Envoy, too, has V8 compile everything with its optimising compiler.
  node --no-warnings --no-liftoff tests/bench/microbench/run.mjs "$BENCH_PLACE/wasm32-wasip1/release/microbench.wasm"
  say 'the stages natively'
  bench_cargo bench --bench microbench
  if ! command -v valgrind >/dev/null; then
    printf '\nInstructions are not counted, since there is no `valgrind` on PATH.\n'
    return
  fi
  say 'instructions natively'
  bench_cargo build --profile bench --bin microbench
  python3 tests/bench/microbench/instructions.py "$BENCH_PLACE/release/microbench"
}
