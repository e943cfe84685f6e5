# `./build.sh wasm`: the module, the same bytes on every machine.
# `build.sh` reads this file; what it calls and does not define is there.
# shellcheck shell=bash

readonly MODULE=target/wasm32-wasip1/release/mcp_policy.wasm
readonly MODULE_MAX_BYTES=655360
readonly BINARYEN_VERSION=132.0.0
# No flags for features: those that the compiler used are named in the module, and V8 has them.
# The lowest kilobyte is the end of the stack: no address gets there by wrapping around, so that offsets can be folded.
readonly WASM_OPT=(-Oz --low-memory-unused --strip-debug --strip-producers)

verb_wasm() {
  takes_nothing "$@"
  need_rust
  build_module
}

build_module() {
  add_target wasm32-wasip1
  say 'building the module'
  compile_module
  if ! command -v npm >/dev/null; then
    printf '%s: not made smaller, since `npm` is missing; it does the same\n' "$MODULE"
    return
  fi
  shrink_module
  local bytes
  bytes=$(wc -c <"$MODULE")
  printf '%s: %d bytes\n' "$MODULE" "$bytes"
  ((bytes <= MODULE_MAX_BYTES)) || fail "the module is over $MODULE_MAX_BYTES bytes: see what was added"
}

# Messages hold paths of sources: remapped, they are the same on every machine, and so is the module. Flags in the
# environment would take the place of these and of those in `.cargo/config.toml`.
compile_module() {
  env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_RUSTFLAGS -u CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS \
    cargo build --release --locked --lib --target wasm32-wasip1 \
    --config "target.wasm32-wasip1.rustflags=['--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates']"
}

# Cargo puts its own file back with every build, so the result is kept by the checksum of its input.
shrink_module() {
  local sum small tools=target/tools/binaryen
  sum=$({ cat "$MODULE" && echo "${WASM_OPT[@]}"; } | sha256sum)
  small=$tools/${sum%% *}.wasm
  if [[ ! -f $small ]]; then
    [[ -x $tools/node_modules/.bin/wasm-opt ]] ||
      npm install --silent --no-audit --no-fund --prefix "$tools" "binaryen@$BINARYEN_VERSION"
    rm -f "$tools"/*.wasm
    say 'making the module smaller'
    "$tools/node_modules/.bin/wasm-opt" "${WASM_OPT[@]}" "$MODULE" -o "$small.new"
    mv "$small.new" "$small"
  fi
  # Moved, not written over: cargo's own file is a link to the same place.
  cp "$small" "$MODULE.new"
  mv "$MODULE.new" "$MODULE"
}
