"""Programs that end with us."""

import socket
import subprocess
import time
from pathlib import Path


class Program:
    """A process, and its log."""

    def __init__(self, command, log):
        self.log = Path(log)
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log.open("w"), stderr=subprocess.STDOUT)

    def cpu(self):
        """The processor time of all its threads in seconds, as the scheduler counts it; this is the number of its clock."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def memory(self):
        """What it has in memory, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def until(self, is_ready, what):
        """Waits, and says how long it took."""
        began = time.monotonic()
        while time.monotonic() < began + 60:
            if self.process.poll() is not None:
                raise SystemExit(f"error: {what} ended; the end of its log:\n{self.log.read_text()[-3000:]}")
            if is_ready():
                return time.monotonic() - began
            time.sleep(0.005)
        raise SystemExit(f"error: {what} is not ready after a minute; the end of its log:\n{self.log.read_text()[-3000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Upstream(Program):
    """The server behind Envoy."""

    def __init__(self, program, folder, files=()):
        self.port = free_port()
        super().__init__([program, self.port, *files], folder / "upstream.log")
        self.until(lambda: is_open(self.port), "the server behind Envoy")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
