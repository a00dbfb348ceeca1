"""Two streams, two purposes: data on stdout, words on stderr."""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from typing import Any


def say(words: str) -> None:
    """One line of words for the person at the terminal, on stderr."""
    print(_printable(words, sys.stderr.encoding), file=sys.stderr, flush=True)  # noqa: T201


def show(line: str) -> None:
    """One line of data on stdout."""
    print(_printable(line, sys.stdout.encoding), flush=True)  # noqa: T201


def show_json(value: Any) -> None:
    """A JSON document on stdout, indented, ASCII: no escape sequence survives JSON's own escapes."""
    show(json.dumps(value, indent=2))


def _printable(text: str, encoding: str) -> str:
    """What the stream's encoding has no letter for becomes a question mark instead of an exception."""
    return text.encode(encoding, "replace").decode(encoding)


class LinePrinter:
    """Prints lines from a thread of its own, so that a terminal that stalls never stops who calls.

    Between the caller and the terminal is a bounded queue. When it is full lines are dropped, and as soon as the
    terminal moves again a line says how many.

    Args:
        backlog: lines that may wait.
    """

    def __init__(self, backlog: int = 20_000) -> None:
        self.dropped = 0
        """Lines that were not printed because the terminal was too slow."""
        self.broken = False
        """The reader of our stdout has left."""
        self._backlog = backlog
        self._lines: deque[str] = deque()
        self._unreported = 0
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="cosmo-printer", daemon=True)
        self._thread.start()

    def print(self, line: str) -> None:
        """Queue one line. Never waits."""
        with self._wake:
            if len(self._lines) >= self._backlog:
                self.dropped += 1
                self._unreported += 1
                return
            self._lines.append(line)
            self._wake.notify()

    def close(self, patience_s: float = 1.0) -> None:
        """Print what is queued, then end; a terminal that stands still is left after `patience_s` seconds."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(patience_s)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._lines and not self._closing:
                    self._wake.wait()
                lines, self._lines = self._lines, deque()
                unreported, self._unreported = self._unreported, 0
                closing = self._closing
            if not self._write(lines, unreported):
                return
            if closing and not lines:
                return

    def _write(self, lines: deque[str], unreported: int) -> bool:
        encoding = sys.stdout.encoding
        text = "".join(f"{_printable(line, encoding)}\n" for line in lines)
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            self.broken = True
            return False
        if unreported:
            say(f"{unreported} lines not shown: the terminal is too slow")
        return True
