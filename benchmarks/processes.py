"""Fresh processes for one sample, and their end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.systems import ROOT, System


class SampleFailed(RuntimeError):
    """A process of a sample ended, or said nothing."""


@contextmanager
def broker(system: System) -> Iterator[str]:
    """The system's broker on a port of its own; gives the URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch, ExitStack() as stack:
        command = system.bus(system.programs, port)
        stack.enter_context(_running(command, scratch, stdout=subprocess.DEVNULL))
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise SampleFailed(f"nothing listens after {' '.join(command)}") from None
                time.sleep(0.05)
        yield system.url.format(port=port)


@contextmanager
def measuring(system: System, module: str, parameters: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that measures, under the interpreter of its system."""
    told = json.dumps({"sdk": system.sdk, **parameters})
    command = [system.python, "-m", f"benchmarks.work.{module}", told]
    with (
        tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch,
        _running(command, scratch, stdout=subprocess.PIPE) as process,
    ):
        yield process


def said(process: subprocess.Popen[bytes], key: str) -> Any:
    """What a process says under this key, as soon as it does.

    Raises:
        SampleFailed: it ended without.
    """
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"{") and key in (facts := json.loads(line)):
            return facts[key]
    raise SampleFailed(f"the process that says {key!r} ended with {process.wait()}")


@contextmanager
def _running(command: list[str], scratch: str, *, stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COSMONAPSE_STATE_DIR": scratch}
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command, cwd=scratch, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=complaints
        )
        try:
            yield process
        except SampleFailed as failure:
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().splitlines()[-1:]
            raise SampleFailed(": ".join([str(failure), *last])) from None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
