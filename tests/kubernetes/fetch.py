"""Pulls a module as Istio does: `fetch.py http://HOST/REPOSITORY@sha256:… FILE`, and prints the manifest's digest.

It follows Istio's `pkg/wasm/imagefetcher.go`, which Envoy Gateway has copied, step by step, but for the artifacts of two
layers that it takes, too.
"""

import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile
import urllib.request

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
# What go-containerregistry asks for; an index would be resolved to the image for linux/amd64.
ACCEPTED = [DOCKER, OCI, "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"]
# `ISTIO_WASM_MAX_BINARY_SIZE_BYTES`, as it is set.
MOST = 256 << 20


def main(reference: str, file: str) -> None:
    repository, digest = reference.split("@")
    host, name = repository.removeprefix("http://").split("/", 1)
    registry = f"http://{host}/v2/{name}"
    manifest, media_type = get(f"{registry}/manifests/{digest}", ACCEPTED)
    # `PrepareFetch` hands out the digest of the image that was resolved; `cache.go` compares it with the pin.
    actual = "sha256:" + hashlib.sha256(manifest).hexdigest()
    assert actual == digest, f"module downloaded has checksum {actual}, which does not match: {digest}"
    assert media_type in (DOCKER, OCI), media_type
    layers = json.loads(manifest)["layers"]
    module = extract(registry, layers, media_type)
    assert module[:4] == b"\0asm", "fetched Wasm binary is invalid"
    pathlib.Path(file).write_bytes(module)
    print(actual)


def extract(registry: str, layers: list[dict], media_type: str) -> bytes:
    """`extractDockerImage` or `extractOCIStandardImage`, and `extractWasmPluginBinary`."""
    wanted = {
        DOCKER: "application/vnd.docker.image.rootfs.diff.tar.gzip",
        OCI: "application/vnd.oci.image.layer.v1.tar+gzip",
    }[media_type]
    last = layers[-1]
    assert last["mediaType"] == wanted, f"invalid media type {last['mediaType']} (expect {wanted})"
    content, _ = get(f"{registry}/blobs/{last['digest']}", ["*/*"])
    assert "sha256:" + hashlib.sha256(content).hexdigest() == last["digest"] and len(content) == last["size"]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content)[:MOST])) as archive:
        for entry in archive:
            if pathlib.PurePosixPath(entry.name).name == "plugin.wasm":
                return archive.extractfile(entry).read()
    raise AssertionError("plugin.wasm not found in the archive")


def get(url: str, accepted: list[str]) -> tuple[bytes, str]:
    request = urllib.request.Request(url, headers={"Accept": ",".join(accepted)})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read(), answer.headers["Content-Type"]


if __name__ == "__main__":
    main(*sys.argv[1:])
