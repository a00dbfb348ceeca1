"""Doppler on a terminal that is really there: a pseudo-terminal of some size, read as a person's would be."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.doppler.cli.commands import COSMO, environment
from tests.doppler.vt import Picture

PATIENCE_S = 30.0

AGAIN_S = 0.4
"""How long keys that are pressed until they work may take each time, seconds."""


class Terminal:
    """What a program wrote to its terminal, and the keys one presses there."""

    def __init__(self, near: int, process: subprocess.Popen[bytes], picture: Picture) -> None:
        self.process = process
        self._picture = picture
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
                self._picture.take(some)
                self._grown.notify_all()
            if not some:
                return

    @property
    def written(self) -> str:
        """Everything so far."""
        with self._grown:
            return self._written.decode("utf-8", "replace")

    @property
    def screen(self) -> str:
        """What stands on the terminal now."""
        with self._grown:
            return self._picture.text

    def shows(self, pattern: str) -> None:
        """Wait until a line of the screen matches a regular expression."""
        found = re.compile(pattern)
        self._wait(lambda: found.search(self._picture.text) is not None, f"{pattern!r} is not on the screen")

    def hides(self, pattern: str) -> None:
        """Wait until no line of the screen matches a regular expression."""
        found = re.compile(pattern)
        self._wait(lambda: found.search(self._picture.text) is None, f"{pattern!r} stays on the screen")

    def insist(self, keys: str, pattern: str) -> None:
        """Press keys, again and again, until a line of the screen matches: a form that opens is deaf for a moment.

        For keys that may be pressed twice.
        """
        self._insist(lambda: keys, pattern)

    def click(self, text: str, pattern: str) -> None:
        """Click on a text that is shown, again and again, until a line of the screen matches."""

        def mouse() -> str:
            for row, line in enumerate(self._picture.text.splitlines(), 1):
                if text in line:
                    place = f"0;{line.index(text) + 1};{row}"
                    return f"\x1b[<{place}M\x1b[<{place}m"
            return ""

        self._insist(mouse, pattern)

    def _insist(self, keys: Callable[[], str], pattern: str) -> None:
        found = re.compile(pattern)
        deadline = time.monotonic() + PATIENCE_S
        with self._grown:
            while found.search(self._picture.text) is None:
                said = f"{keys()!r} never led to {pattern!r}"
                assert time.monotonic() < deadline, f"{said}\n{self._picture.text}"
                self.type(keys())
                self._grown.wait_for(lambda: found.search(self._picture.text) is not None, AGAIN_S)

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
                assert left > 0, f"{complaint}\n{self._picture.text}"
                ended = self.process.poll() is not None and not condition()
                assert not ended, f"{complaint}: the program ended\n{self._picture.text}"
                self._grown.wait(min(left, 0.5))

    def end(self) -> int:
        """Wait for the program and all it wrote; its exit code."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code


@contextmanager
def on_terminal(
    *arguments: str, columns: int = 120, rows: int = 40, through: Sequence[str] = (), **extra: str
) -> Iterator[Terminal]:
    """Run `cosmo` on a terminal, maybe through a command that runs it; killed at the end of the block if it still runs."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [*through, *COSMO, *arguments],
        stdin=far,
        stdout=far,
        stderr=far,
        # Whoever runs the tests may have said how large their own terminal is.
        env=environment(**{"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows), **extra}),
        start_new_session=True,
    )
    os.close(far)
    terminal = Terminal(near, process, Picture(columns, rows))
    try:
        yield terminal
    finally:
        process.kill()
        terminal.end()
        os.close(near)
