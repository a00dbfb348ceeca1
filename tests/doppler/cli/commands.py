"""The commands as a person runs them: real processes, real exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cosmo_sdk.envelope import Signal

COSMO = (sys.executable, "-m", "cosmo_doppler")
PATIENCE_S = 30.0


def environment(**extra: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("COSMO_")}
    # No test may depend on how somebody arranged the panes here, nor change that.
    return {**kept, "PYTHONUNBUFFERED": "1", "COSMO_STATE": "none", **extra}


def cosmo(*arguments: str, stdin: str | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*COSMO, *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(**extra),
        check=False,
    )


@dataclass
class Running:
    """A command that goes on. What it prints is collected as it comes."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    _grown: threading.Condition = field(default_factory=threading.Condition)

    def collect(self, stream: IO[str], lines: list[str]) -> None:
        for line in stream:
            with self._grown:
                lines.append(line.rstrip("\n"))
                self._grown.notify_all()

    def wait_for(self, text: str, times: int = 1) -> str:
        """Wait until `text` was in so many lines, on either stream, and return the last of these."""
        deadline = time.monotonic() + PATIENCE_S
        with self._grown:
            while True:
                found = [line for line in (*self.out, *self.err) if text in line]
                if len(found) >= times:
                    return found[times - 1]
                left = deadline - time.monotonic()
                assert left > 0, f"{text!r} never came; stdout {self.out}, stderr {self.err}"
                self._grown.wait(left)

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Send a signal, by default what Ctrl-C sends, and return the exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(PATIENCE_S)

    @property
    def text(self) -> str:
        return "\n".join((*self.out, *self.err))


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.01)


@contextmanager
def running(
    *arguments: str, stdin: int = subprocess.DEVNULL, program: tuple[str, ...] = COSMO, **extra: str
) -> Iterator[Running]:
    """Start a command; killed at the end of the block if it still runs."""
    process = subprocess.Popen(
        [*program, *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**extra),
    )
    command = Running(process)
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        threading.Thread(target=command.collect, args=(process.stdout, command.out)),
        threading.Thread(target=command.collect, args=(process.stderr, command.err)),
    ]
    for reader in readers:
        reader.start()
    try:
        yield command
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for reader in readers:
            reader.join()
        for stream in (process.stdout, process.stderr, process.stdin):
            if stream is not None:
                stream.close()


@contextmanager
def bus_process(folder: Path, *options: str, namespace: str = "dev") -> Iterator[tuple[Running, str]]:
    """`cosmo synapse start memory` on a free port, and its URL."""
    port_file = folder / "bus.port"
    arguments = ("synapse", "start", "memory", "-n", namespace, "--port", "0", "--port-file", str(port_file))
    with running(*arguments, *options) as bus:
        wait_until(lambda: port_file.exists() or bus.process.poll() is not None)
        assert port_file.exists(), bus.text
        yield bus, f"cosmo://127.0.0.1:{port_file.read_text().strip()}"


def publish(url: str, namespace: str, *signals: Signal) -> None:
    """Publish from a connection of its own; the bus has taken them when this returns."""
    host, _, port = url.removeprefix("cosmo://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        lines = connection.makefile("rwb")
        lines.readline()
        for each in signals:
            op = {
                "op": "pub",
                "subject": f"cosmonapse.{namespace}.{each.type}",
                "frame": each.encode().decode(),
            }
            lines.write(json.dumps(op).encode() + b"\n")
        lines.write(b'{"op":"ping"}\n')
        lines.flush()
        assert b"pong" in lines.readline()
