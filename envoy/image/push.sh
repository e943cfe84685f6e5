#!/usr/bin/env bash
# push.sh SKOPEO LAYOUT REFERENCE: pushes an OCI layout byte for byte, with the credentials that `skopeo login` or
# `docker login` left.
set -euo pipefail

# No registry on this machine has a certificate that others trust; any other must.
verify=true
[[ $3 != 127.0.0.1:* && $3 != localhost:* ]] || verify=false
# There is nothing to trust or not: the image is our own.
"$1" --insecure-policy copy --preserve-digests --dest-tls-verify="$verify" "oci:$2" "docker://$3"
