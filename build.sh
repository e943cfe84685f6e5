#!/usr/bin/env bash
# Builds, runs and tests this repository: `./build.sh` lists its verbs.
set -euo pipefail
readonly CALLED_FROM=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

# The module's path does not depend on the caller's settings: documents and tests name it.
export CARGO_TARGET_DIR="$PWD/target"

usage() {
  cat <<'USAGE'
usage: ./build.sh VERB

  wasm    build the module: target/wasm32-wasip1/release/mcp_policy.wasm
  run     [--policy FILE] [--upstream URL] [--port N]
          start a gateway on 127.0.0.1 (default: port 10000) with the policy FILE (default:
          envoy/policies/krea.json), in front of URL (default: an example MCP server)
  test    run every test, as CI does
          MCP_POLICY_SKIP=servers,browser skips tests, by what they need: servers (of MCP SDKs), clients (of MCP
          and agent frameworks), prometheus, browser, schemas (of Kubernetes), registry (of images),
          rate_limit_service (gRPC for Python), etcd
          MCP_POLICY_ENVOY_VERSION=1.36.4 tests in that Envoy (default: 1.40.0)
  matrix  [VERSION...]
          run the end-to-end tests in these versions of Envoy (default: each supported one); four minutes each
  image   [--push REGISTRY]
          write the module as an OCI image, with checksums and an SBOM, to target/image; push it to
          REGISTRY/mcp-policy
  lint    check formatting, clippy, documentation, and that the oldest supported Rust compiles everything
  deny    check licences, sources and advisories of every dependency
          MCP_POLICY_SKIP=advisories skips the database of advisories
  bench   [full | quick | breakdown | pins | microbench]
          measure what the filter costs in Envoy, beside Envoy's own filters: full (the default, 8 minutes) or
          quick (3 minutes); breakdown: what each part of the filter costs; pins: lists of 5,000 pinned tools;
          microbench: the engine alone
  soak    [MINUTES]
          a real Envoy under honest and hostile load, for three minutes or as long as it says; a
          summary at the end (`test` runs three minutes of it)
  suggest measure how many tools of widely used MCP servers `mcp-policy suggest` classes right
          gets the servers from npm and PyPI (300 MB), so `test` does not run it
  fuzz    [SECONDS]
          search for requests that bypass the reader (default: 600 seconds)
USAGE
}

main() {
  local verb=${1:-help}
  case $verb in
    help | -h | --help) usage ;;
    wasm | run | test | matrix | image | lint | deny | bench | soak | suggest | fuzz)
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
# shellcheck source=tests/suggest/suggest.sh
source tests/suggest/suggest.sh
# shellcheck source=tests/fuzz/fuzz.sh
source tests/fuzz/fuzz.sh
# shellcheck source=tests/bench/bench.sh
source tests/bench/bench.sh

main "$@"
