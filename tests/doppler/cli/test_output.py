from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import IO

import pytest

from cosmo_doppler.cli.output import LinePrinter

Terminal = Callable[[str], tuple[int, IO[str]]]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Makes stdout a pipe in some encoding; gives its reading end, and the stream."""
    streams: list[IO[str]] = []

    def attach(encoding: str) -> tuple[int, IO[str]]:
        reading, writing = os.pipe()
        streams.append(os.fdopen(writing, "w", encoding=encoding))
        monkeypatch.setattr("sys.stdout", streams[0])
        return reading, streams[0]

    yield attach
    monkeypatch.undo()
    for stream in streams:
        stream.close()


def test_what_a_slow_terminal_misses_is_counted(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, stream = terminal("utf-8")
    printer = LinePrinter[int](lambda number: f"line {number} " + "x" * 1000, backlog=50)
    for number in range(1000):
        printer.print(number)
    assert printer.dropped > 0
    read: list[str] = []

    def follow() -> None:
        with os.fdopen(reading, encoding="utf-8") as lines:
            read.extend(lines)

    reader = threading.Thread(target=follow)
    reader.start()
    printer.close(patience_s=30)
    stream.close()
    reader.join()
    numbers = [int(line.split()[1]) for line in read]
    assert len(numbers) + printer.dropped == 1000
    assert numbers == sorted(numbers)
    assert f"{printer.dropped} lines not shown: the terminal is too slow" in capsys.readouterr().err


def test_a_reader_that_left_is_reported_and_nothing_raises(terminal: Terminal) -> None:
    reading, _ = terminal("utf-8")
    left = threading.Event()
    printer = LinePrinter[str](str, on_broken=left.set)
    os.close(reading)
    printer.print("hello")
    assert left.wait(30)
    printer.print("nobody hears this")
    printer.close()


def test_letters_the_terminal_does_not_know_become_question_marks(terminal: Terminal) -> None:
    reading, _ = terminal("ascii")
    printer = LinePrinter[str](str)
    printer.print("grün \udcff")
    printer.close()
    assert os.read(reading, 100) == b"gr?n ?\n"
    os.close(reading)
