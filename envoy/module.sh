# `./build.sh wasm`: the module, the same bytes on every machine.
# `build.sh` sources this file, and defines the functions that this file does not.
# shellcheck shell=bash

readonly MODULE=target/wasm32-wasip1/release/mcp_policy.wasm
# 640 KiB, and 294 for, in KiB: rules on the caller, on time and on counts (46), pinned definitions (43), results (77), argument
# schemas (25), approvals of a fleet (23), approvals in the client's dialogue and notices of them (23), hints (7), functions that are inlined (7); the rest bounds each caller,
# answers each refusal with its id, shares rules, lists tokens, and links records.
readonly MODULE_MAX_BYTES=956416
# The version of `wasm-opt` and its checksum, and the exports that stay: without those for filters of TCP connections, queues and
# foreign functions, which the SDK brings, the module is 9 KB smaller. Without `proxy_on_done` each stream has one callback less: it could
# put off the end of a stream or a root, which nothing here does.
readonly BINARYEN=envoy/binaryen
# It says which way the branches go of what usual requests run: V8 from version 14 on (Envoy 1.40) places that together, apart from the
# rest, and a call takes about a tenth less time. Other hosts skip that section.
readonly HINTS=envoy/hints
# No flags for features: the module names those that the compiler used, and V8 has them.
# `--low-memory-unused` folds offsets: the lowest kilobyte is the end of the stack, and no address wraps around into it.
# A function with one caller stays apart if it is large: in the few functions that took in all others, what a call runs lay far apart,
# and V8 took half as much memory again to compile them.
readonly WASM_OPT=(-Oz --low-memory-unused --one-caller-inline-max-function-size=200 --strip-debug --strip-producers)

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
    printf '%s: not shrunk, since `npm` is missing; the module works all the same\n' "$MODULE"
    return
  fi
  shrink_module
  local bytes
  bytes=$(wc -c <"$MODULE")
  printf '%s: %d bytes\n' "$MODULE" "$bytes"
  ((bytes <= MODULE_MAX_BYTES)) || fail "the module is larger than $MODULE_MAX_BYTES bytes: remove what made it grow"
}

# Messages contain paths of sources: they are remapped, so that the module has the same bytes on every machine. Flags in the
# environment would replace these flags and those in `.cargo/config.toml`.
compile_module() {
  env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_RUSTFLAGS -u CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS \
    cargo build --release --locked --lib --target wasm32-wasip1 \
    --config "target.wasm32-wasip1.rustflags=['--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates']"
}

# Cargo restores its own file with every build, so the result is cached under the checksum of its input.
shrink_module() {
  local sum small tools=target/tools/binaryen
  sum=$({ cat "$MODULE" "$BINARYEN/exports.json" "$HINTS"/*.mjs && echo "${WASM_OPT[@]}"; } | sha256sum)
  small=$tools/${sum%% *}.wasm
  if [[ ! -f $small ]]; then
    if [[ ! -x $tools/node_modules/.bin/wasm-opt ]] || ! cmp -s "$BINARYEN/package-lock.json" "$tools/package-lock.json"; then
      mkdir -p "$tools"
      cp "$BINARYEN/package.json" "$BINARYEN/package-lock.json" "$tools"
      # Only what the lock file names, by its checksum, and without running any of its scripts.
      npm ci --ignore-scripts --silent --no-audit --no-fund --prefix "$tools"
    fi
    rm -f "$tools"/*.wasm
    say 'shrinking the module'
    # It prints what it removes.
    "$tools/node_modules/.bin/wasm-metadce" --graph-file "$BINARYEN/exports.json" "$MODULE" -o "$small.kept" >/dev/null
    "$tools/node_modules/.bin/wasm-opt" "${WASM_OPT[@]}" "$small.kept" -o "$small.new"
    node "$HINTS/main.mjs" "$small.new" "$small.hinted"
    rm "$small.kept" "$small.new"
    mv "$small.hinted" "$small"
  fi
  # Moved, not overwritten: cargo's own file is a hard link to it.
  cp "$small" "$MODULE.new"
  mv "$MODULE.new" "$MODULE"
}
