#!/usr/bin/env bash
# archive.sh COMMAND TARGET FOLDER: the command with its licence, manual pages and completions, as FOLDER/mcp-policy-TARGET.tar.gz with
# its checksum. On a machine that cannot run COMMAND, MCP_POLICY_NATIVE names one of the same version that it can.
set -euo pipefail

command=$1 name=mcp-policy-$2.tar.gz folder=$3
native=${MCP_POLICY_NATIVE:-$command}
contents=$(mktemp -d)
trap 'rm -rf "$contents"' EXIT

install -m 755 "$command" "$contents/mcp-policy"
cp LICENSE CHANGELOG.md "$contents"
"$native" man --all "$contents/man"
mkdir "$contents/completions"
for shell in bash zsh fish; do
  "$native" completions "$shell" >"$contents/completions/mcp-policy.$shell"
done
mkdir -p "$folder"
tar -czf "$folder/$name" -C "$contents" .
cd "$folder"
if command -v sha256sum >/dev/null; then sha256sum "$name"; else shasum -a 256 "$name"; fi >"$name.sha256"
