"""Writes what the module is made of, as CycloneDX: `sbom.py MODULE` prints the document, checked against its schema.

It lists the crates that are compiled into the module, and Rust's standard library, and nothing that only builds or tests it.
Neither time nor chance gets in: the serial number follows from the module's checksum.
"""

import hashlib
import pathlib
import re
import subprocess
import sys
import uuid
from datetime import datetime, timezone

from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

TREE = "cargo tree --locked --target wasm32-wasip1 --edges normal,no-proc-macro --prefix depth --no-dedupe --format".split()
LINE = re.compile(r"(\d+)(\S+) v(\S+)(?: \(.*\))?\|(.+)")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def main(module: str) -> None:
    checksum = hashlib.sha256(pathlib.Path(module).read_bytes()).hexdigest()
    own, components, dependencies = crates()
    std = standard_library()
    components[str(std.purl)] = std
    dependencies[own].add(str(std.purl))
    dependencies[str(std.purl)] = set()
    components[own].type = ComponentType.APPLICATION
    components[own].hashes.add(HashTypeFactory().from_composite_str(f"sha256:{checksum}"))

    bom = Bom(
        metadata=BomMetaData(component=components[own], timestamp=EPOCH),
        components=[component for name, component in components.items() if name != own],
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, checksum),
    )
    for name, others in dependencies.items():
        bom.register_dependency(components[name], [components[other] for other in sorted(others)])
    written = JsonV1Dot6(bom).output_as_string(indent=2)
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(written)
    if fault is not None:
        sys.exit(f"error: the list of components does not fit the schema of CycloneDX: {fault}")
    print(written)


def crates() -> tuple[str, dict[str, Component], dict[str, set[str]]]:
    """The crate itself, and all with what each needs, by their package URLs."""
    tree = subprocess.run([*TREE, "{p}|{l}"], check=True, stdout=subprocess.PIPE, text=True).stdout
    above: list[str] = []
    components: dict[str, Component] = {}
    dependencies: dict[str, set[str]] = {}
    for line in tree.splitlines():
        depth, name, version, license = LINE.fullmatch(line).groups()
        made = component(name, version, license)
        url = str(made.purl)
        components.setdefault(url, made)
        dependencies.setdefault(url, set())
        del above[int(depth) :]
        if above:
            dependencies[above[-1]].add(url)
        above.append(url)
    return above[0], components, dependencies


def standard_library() -> Component:
    """What every crate is linked with, of the Rust that is at hand. Cargo does not list it."""
    said = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    facts = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    url = PackageURL("github", namespace="rust-lang", name="rust", version=facts["release"], subpath="library")
    return Component(
        type=ComponentType.LIBRARY,
        name="std",
        version=facts["release"],
        description=f"Rust's standard library for wasm32-wasip1, with wasi-libc; commit {facts['commit-hash']}",
        licenses=[LicenseFactory().make_from_string("MIT OR Apache-2.0")],
        purl=url,
        bom_ref=str(url),
    )


def component(name: str, version: str, license: str) -> Component:
    url = PackageURL("cargo", name=name, version=version)
    # `MIT/Apache-2.0` is how some crates still write it.
    terms = LicenseFactory().make_from_string(license.replace("/", " OR "))
    return Component(
        type=ComponentType.LIBRARY, name=name, version=version, licenses=[terms], purl=url, bom_ref=str(url)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
