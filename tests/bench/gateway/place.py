"""Where things are: what `./build.sh bench` has built and fetched."""

from dataclasses import dataclass
from pathlib import Path

from load import Load


@dataclass
class Place:
    envoy: Path
    h2load: Path
    module: Path
    """Ours."""
    built: Path
    """Cargo's folder for what is built for the benchmark."""
    folder: Path
    """Where to write."""

    def filter(self, name):
        """A module that is built for the benchmark."""
        return self.built / "wasm32-wasip1/release" / f"{name}.wasm"

    def upstream(self):
        return self.built / "release/upstream"

    def without(self, module, callbacks):
        """A module whose exports of these names have another, so that Envoy does not find them."""
        code = module.read_bytes()
        for callback in callbacks:
            exported = bytes([len(callback)]) + callback.encode() + b"\0"
            if code.count(exported) != 1:
                raise SystemExit(f"error: `{module}` does not export `{callback}`")
            code = code.replace(exported, exported.replace(b"proxy_", b"other_"))
        changed = self.folder / f"{module.stem}-without-{'-'.join(callbacks)}.wasm"
        changed.write_bytes(code)
        return changed

    def load(self, name, body, requests, **more):
        file = self.folder / f"{name}.body.json"
        file.write_text(body)
        return Load(self.h2load, file, requests, **more)

    def file(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file
