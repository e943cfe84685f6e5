#!/usr/bin/env bash
# The one door to this repository: `./build.sh` lists its verbs.
set -euo pipefail
readonly CALLED_FROM=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

# Whatever the caller's settings: the module's place is part of the contract.
export CARGO_TARGET_DIR="$PWD/target"

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
      "verb_$verb" "$@"
      ;;
    *)
      printf "error: unknown verb \`%s\`\n\n" "$verb" >&2
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

takes_nothing() { [[ $# -eq 0 ]] || misused "unexpected argument \`$1\`"; }

# shellcheck source=envoy/tools.sh
source envoy/tools.sh
# shellcheck source=envoy/module.sh
source envoy/module.sh
# shellcheck source=envoy/image/image.sh
source envoy/image/image.sh
# shellcheck source=envoy/run/run.sh
source envoy/run/run.sh
# shellcheck source=tests/setup.sh
source tests/setup.sh
# shellcheck source=tests/test.sh
source tests/test.sh
# shellcheck source=tests/lint.sh
source tests/lint.sh
# shellcheck source=tests/fuzz/fuzz.sh
source tests/fuzz/fuzz.sh
# shellcheck source=tests/bench/bench.sh
source tests/bench/bench.sh

main "$@"
