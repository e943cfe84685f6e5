# `./build.sh image`: the module as an OCI image that meshes pull, with its checksums and an SBOM.
# `build.sh` sources this file, and defines the functions that this file does not.
# shellcheck shell=bash

readonly IMAGE=target/image
readonly SBOM_TOOLS=target/tools/sbom

verb_image() {
  local registry=
  while (($#)); do
    [[ $1 == --push ]] || misused "\`$1\` is not an option of \`image\`"
    (($# > 1)) && [[ $2 ]] || misused '`--push` requires a registry, such as `registry.example.com/team`'
    registry=${2%/}
    shift 2
  done
  need_rust
  need npm 'it shrinks the module, and without that the image has another digest: install Node 20 or later'
  need python3 'it writes the image: install Python 3.11 or later'
  build_module
  local version digest
  version=$(awk -F'"' '/^version = / { print $2; exit }' Cargo.toml)
  write_image "$version"
  digest=$(<"$IMAGE/digest")
  if [[ $registry ]]; then
    local skopeo
    skopeo=$(skopeo_program)
    bash envoy/image/push.sh "$skopeo" "$IMAGE/layout" "$registry/mcp-policy:$version"
    say "pushed; give this to \`mcp-policy render\` as \`--image\`"
    printf '%s\n' "$registry/mcp-policy@$digest"
  fi
}

# Empties the folder first, so that nothing of an earlier image stays.
write_image() {
  say 'writing the image'
  rm -rf "$IMAGE"
  mkdir -p "$IMAGE"
  cp "$MODULE" "$IMAGE/mcp_policy.wasm"
  python3 envoy/image/image.py "$MODULE" "$1" "$IMAGE/layout" >"$IMAGE/digest"
  install_once "$SBOM_TOOLS" install_python envoy/image/requirements.txt
  "$SBOM_TOOLS/bin/python" envoy/image/sbom.py "$MODULE" >"$IMAGE/sbom.cdx.json"
  (cd "$IMAGE" && sha256sum mcp_policy.wasm sbom.cdx.json digest >SHA256SUMS && cat SHA256SUMS)
  printf 'the image %s: %s\n' "$(<"$IMAGE/digest")" "$IMAGE/layout"
}
