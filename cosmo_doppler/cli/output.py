"""Two streams, two purposes: data on stdout, words on stderr."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Generic, TextIO, TypeVar

T = TypeVar("T")


def say(words: str) -> None:
    """One line of words for the person at the terminal, on stderr."""
    # Text and newline in one write: a log in another thread may write to the same terminal.
    print(_printable(f"{words}\n", sys.stderr.encoding), end="", file=sys.stderr, flush=True)  # noqa: T201


class ReaderLeft(Exception):
    """Whoever read our stdout is gone, as in `cosmo doppler FILE | head`."""


def show(line: str) -> None:
    """One line of data on stdout.

    Raises:
        ReaderLeft: nobody reads it any more.
    """
    show_all([line])


def show_all(lines: Iterable[str]) -> None:
    """Many lines of data on stdout, written in blocks.

    Raises:
        ReaderLeft: nobody reads them any more.
    """
    # Converted here, because click ends the process with 1 on a BrokenPipeError.
    try:
        for line in lines:
            sys.stdout.write(f"{_printable(line, sys.stdout.encoding)}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderLeft from None


def show_json(value: Any) -> None:
    """A JSON document on stdout, indented. What is not printable stays a JSON escape, so no terminal obeys it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    show(
        "".join(
            [glyph if glyph.isprintable() or glyph == "\n" else json.dumps(glyph)[1:-1] for glyph in text]
        )
    )


def _printable(text: str, encoding: str) -> str:
    """What the stream's encoding has no letter for becomes a question mark instead of an exception."""
    return text.encode(encoding, "replace").decode(encoding)


class LinePrinter(Generic[T]):
    """Prints from a thread of its own, so that a terminal that stalls never stops who calls.

    Between the caller and the terminal is a bounded queue. When it is full lines are dropped, and as soon as the
    terminal moves again a line on stderr says how many.

    Args:
        line_of: makes the line; called in the thread.
        backlog: items that may wait.
        on_broken: called from the thread when the reader of `stream` has left.
        stream: where to; stdout when None.
        complain: told in words, from the thread, what was left out.
    """

    def __init__(
        self,
        line_of: Callable[[T], str],
        *,
        backlog: int = 20_000,
        on_broken: Callable[[], None] = lambda: None,
        stream: TextIO | None = None,
        complain: Callable[[str], None] = say,
    ) -> None:
        self.dropped = 0
        """Items that were not printed because the terminal was too slow."""
        self._line_of = line_of
        self._backlog = backlog
        self._on_broken = on_broken
        self._stream = stream or sys.stdout
        self._complain = complain
        self._items: deque[T | str] = deque()
        self._in_hand = 0
        self._unreported = 0
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="cosmo-printer", daemon=True)
        self._thread.start()

    def print(self, item: T | str) -> None:
        """Queue one item, or a line as it is. Never waits."""
        with self._wake:
            if len(self._items) >= self._backlog:
                self.dropped += 1
                self._unreported += 1
                return
            self._items.append(item)
            self._wake.notify()

    def flush(self, patience_s: float = 2.0) -> None:
        """Wait until what is queued is printed; a terminal that stands still is waited for `patience_s` seconds."""
        with self._wake:
            self._wake.wait_for(lambda: not (self._items or self._in_hand), patience_s)

    def close(self, patience_s: float = 2.0) -> None:
        """Print what is queued, then end. A terminal that stands still is left after `patience_s` seconds."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(patience_s)
        if self._thread.is_alive():
            with self._wake:
                left = len(self._items) + self._in_hand + self._unreported
            self._complain(f"up to {left} lines not shown: the terminal stands still")

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._items and not self._closing:
                    self._wake.wait()
                items, self._items = self._items, deque()
                self._in_hand = len(items)
                unreported, self._unreported = self._unreported, 0
            if not items:
                return
            try:
                self._write(items)
            except BrokenPipeError:
                self._on_broken()
                return
            finally:
                with self._wake:
                    self._in_hand = 0
                    self._wake.notify_all()
            if unreported:
                self._complain(f"{unreported} lines not shown: the terminal is too slow")

    def _write(self, items: deque[T | str]) -> None:
        lines = [item if isinstance(item, str) else self._line_of(item) for item in items]
        text = "".join(f"{line}\n" for line in lines)
        data = memoryview(text.encode(self._stream.encoding, "replace"))
        # Not through the stream: a thread that stands still inside its lock would take the whole process with it.
        while data:
            data = data[os.write(self._stream.fileno(), data) :]
