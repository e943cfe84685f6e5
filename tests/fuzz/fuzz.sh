# `./build.sh fuzz`: searches for inputs that break the reader, the engine or the list filter.
# `build.sh` sources this file; functions that it does not define are in `build.sh` and `envoy/tools.sh`.
# shellcheck shell=bash

readonly FUZZ_TARGETS=(json message engine config outcome lists)
readonly CARGO_FUZZ_VERSION=0.13.2

# The differential test and each target get an equal share of the time, in which the build is not counted.
verb_fuzz() {
  local seconds=${1:-600} share seed=${MCP_POLICY_FUZZ_SEED:-$(date +%s)}
  shift $(($# > 0))
  takes_nothing "$@"
  [[ $seconds =~ ^[1-9][0-9]{0,6}$ ]] || misused "\`$seconds\` is not a number of seconds"
  share=$((seconds / (${#FUZZ_TARGETS[@]} + 1) + 1))
  need_rust
  need python3 'the reader is compared with its `json`: install Python 3'
  need node 'the reader is compared with its `JSON.parse`: install Node 20 or later'
  need rustup 'fuzzing needs a nightly compiler beside the stable one: install Rust from https://rustup.rs'
  rustup run nightly rustc --version >/dev/null 2>&1 ||
    fail 'fuzzing needs a nightly compiler: add it with `rustup toolchain install nightly --profile minimal`'
  build_targets
  say "comparing readers for $share s, from the seed $seed"
  MCP_POLICY_FUZZ_SECONDS=$share MCP_POLICY_FUZZ_SEED=$seed \
    cargo test --locked --test differential -- --nocapture
  local target
  for target in "${FUZZ_TARGETS[@]}"; do
    fuzz_target "$target" "$share" "$((seed % 4294967295))"
  done
}

# The fuzz targets have a target folder of their own, since they are built with other flags.
build_targets() {
  say 'building the fuzz targets'
  [[ $(target/tools/bin/cargo-fuzz --version 2>/dev/null) == "cargo-fuzz $CARGO_FUZZ_VERSION" ]] ||
    cargo install --root target/tools --target-dir target/tools/build --locked \
      --version "$CARGO_FUZZ_VERSION" cargo-fuzz
  PATH="$PWD/target/tools/bin:$PATH" CARGO_TARGET_DIR="$PWD/target/fuzz" \
    cargo +nightly fuzz build --fuzz-dir tests/fuzz
  fuzz_binary seed tests/cases target/fuzz/corpus
}

fuzz_binary() {
  local host
  host=$(rustc +nightly -vV | awk '$1 == "host:" { print $2 }')
  "target/fuzz/$host/release/$1" "${@:2}"
}

# fuzz_target TARGET SECONDS SEED: the corpus stays for the next run; an input that fails goes to `target/fuzz/artifacts`.
fuzz_target() {
  local artifacts=target/fuzz/artifacts/$1/
  mkdir -p "$artifacts"
  say "fuzzing \`$1\` for $2 s, from the seed $3"
  fuzz_binary "$1" -seed="$3" -max_total_time="$2" -timeout=10 -max_len=65536 -dict=tests/fuzz/words.dict \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$artifacts" "target/fuzz/corpus/$1" ||
    fail "\`$1\` failed on the input in $artifacts"
}
