#!/usr/bin/env bash
# Checks the files of MCP_POLICY_FILES, and prints a workflow command for each problem. Exits as `mcp-policy check` does.
set -euo pipefail

main() {
  local command=${MCP_POLICY_COMMAND:-} options=() files report status=0
  [[ $command ]] || command=$(download)
  [[ ${MCP_POLICY_DENY_WARNINGS:-} != true ]] || options=(--deny-warnings)
  shopt -s nullglob globstar
  # The patterns are the workflow's own.
  # shellcheck disable=SC2206
  files=($MCP_POLICY_FILES)
  if ((${#files[@]} == 0)); then
    printf '::error::no file matches `%s`\n' "$MCP_POLICY_FILES"
    return 2
  fi
  report=$("$command" check --format json ${options[@]+"${options[@]}"} -- "${files[@]}") || status=$?
  python3 "${BASH_SOURCE[0]%/*}/annotate.py" <<<"$report"
  "$command" check ${options[@]+"${options[@]}"} -- "${files[@]}" || true
  return "$status"
}

# Prints the path of the command of a release, whose checksum the release has, too.
download() {
  local system machine name base folder
  case $(uname -s) in
    Linux) system=unknown-linux-gnu ;;
    Darwin) system=apple-darwin ;;
    *) printf '::error::no release for this system; set `command`\n' >&2 && return 2 ;;
  esac
  case $(uname -m) in
    x86_64) machine=x86_64 ;;
    arm64 | aarch64) machine=aarch64 ;;
    *) printf '::error::no release for this machine; set `command`\n' >&2 && return 2 ;;
  esac
  name=mcp-policy-$machine-$system.tar.gz
  base=https://github.com/$MCP_POLICY_REPOSITORY/releases/download/$MCP_POLICY_VERSION
  folder=$(mktemp -d)
  curl --fail --silent --show-error --location --output "$folder/$name" "$base/$name"
  curl --fail --silent --show-error --location --output "$folder/$name.sha256" "$base/$name.sha256"
  (cd "$folder" && if command -v sha256sum >/dev/null; then sha256sum --check --quiet "$name.sha256"; else shasum -a 256 --check --quiet "$name.sha256"; fi) >&2
  tar -xzf "$folder/$name" -C "$folder"
  printf '%s\n' "$folder/mcp-policy"
}

main
