"""Writes the module as an OCI image: `image.py MODULE VERSION FOLDER` prints the digest of its manifest.

The layout is the one that Istio, Envoy Gateway and kubelets all read: one plain manifest, no index over it, whose only
layer is a tar with `plugin.wasm` in it. Nothing of the machine or of the time gets in, so the same module is the same
image, byte for byte. The layer is gzip without compression: what compressors write differs from release to release.
"""

import hashlib
import io
import json
import pathlib
import struct
import sys
import tarfile
import zlib

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def main(module: str, version: str, folder: str) -> None:
    place = pathlib.Path(folder)
    blobs = place / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    for old in blobs.iterdir():
        old.unlink()

    def blob(media_type: str, content: bytes) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    files = tar("plugin.wasm", pathlib.Path(module).read_bytes())
    layer = blob(LAYER, gzip(files))
    # The values of an image `FROM scratch` on most machines. No one runs the image; programs that mount it compare them.
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(files).hexdigest()]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(CONFIG, text(config)),
        "layers": [layer],
        "annotations": {
            "org.opencontainers.image.title": "mcp-policy",
            "org.opencontainers.image.version": version,
            "org.opencontainers.image.licenses": "Apache-2.0",
        },
    }
    described = blob(MANIFEST, text(manifest))
    described["annotations"] = {"org.opencontainers.image.ref.name": version}
    (place / "index.json").write_bytes(text({"schemaVersion": 2, "manifests": [described]}))
    (place / "oci-layout").write_bytes(text({"imageLayoutVersion": "1.0.0"}))
    print(described["digest"])


def text(value: dict) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def tar(name: str, content: bytes) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o644
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as writer:
        writer.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def gzip(content: bytes) -> bytes:
    """RFC 1952, with the stored blocks of RFC 1951."""
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for start in range(0, len(content), 0xFFFF):
        block = content[start : start + 0xFFFF]
        last = start + len(block) == len(content)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF))
    return b"".join(parts)


if __name__ == "__main__":
    main(*sys.argv[1:])
