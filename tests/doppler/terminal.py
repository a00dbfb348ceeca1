"""Doppler on a terminal that is really there: a pseudo-terminal of some size, read as a person's would be."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.doppler.cli.commands import COSMO, environment

PATIENCE_S = 30.0


class Terminal:
    """What a program wrote to its terminal, and the keys one presses there."""

    def __init__(self, near: int, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._near = near
        self._written = bytearray()
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                some = os.read(self._near, 65_536)
            except OSError:  # the program and its terminal are gone
                some = b""
            with self._grown:
                self._written += some
                self._grown.notify_all()
            if not some:
                return

    @property
    def written(self) -> str:
        """Everything so far."""
        with self._grown:
            return self._written.decode("utf-8", "replace")

    def wait_for(self, text: str, since: int = 0) -> None:
        """Wait until a text was written after so many bytes."""
        self._wait(lambda: text.encode() in self._written[since:], f"{text!r} never came")

    def type(self, keys: str) -> None:
        """Press keys that may change nothing."""
        os.write(self._near, keys.encode())

    def press(self, keys: str) -> int:
        """Press keys and wait until the program drew something; returns where in the output that begins."""
        with self._grown:
            before = len(self._written)
        self.type(keys)
        self._wait(lambda: len(self._written) > before, f"nothing was drawn after {keys!r}")
        return before

    def _wait(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        with self._grown:
            while not condition():
                left = deadline - time.monotonic()
                assert left > 0, complaint
                assert self.process.poll() is None or condition(), f"{complaint}: the program ended"
                self._grown.wait(min(left, 0.5))

    def end(self) -> int:
        """Wait for the program and all it wrote; its exit code."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code


@contextmanager
def on_terminal(*arguments: str, columns: int = 120, rows: int = 40, **extra: str) -> Iterator[Terminal]:
    """Run `cosmo` on a terminal; killed at the end of the block if it still runs."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [*COSMO, *arguments],
        stdin=far,
        stdout=far,
        stderr=far,
        env=environment(TERM="xterm-256color", **extra),
        start_new_session=True,
    )
    os.close(far)
    terminal = Terminal(near, process)
    try:
        yield terminal
    finally:
        process.kill()
        terminal.end()
        os.close(near)
