"""What a signal costs once it is here: `python -m benchmarks.folding`.

A recording is read into the store, its headers are read, and its signals are folded into a board, several times over.
Everything there is done at the same signal in every round, so the least of the rounds, signal by signal, is what the
work takes when nobody else is at the processor. Then the process folds it once more and counts what the board holds.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from benchmarks.table import short
from benchmarks.work.recording_file import write
from cosmo_doppler.model.board import Board
from cosmo_doppler.session import open_replay
from cosmo_doppler.store import Store

_AT_ONCE = 64
"""Signals read together, as a session does."""

_SETTLED, _COLLECT_AFTER = 20_000, 50_000
"""Signals after which a session spares the garbage collector the board, and objects after which that looks at all."""

_PARTS: dict[str, Callable[[Board], Any]] = {
    "traces": lambda board: board._traces,
    "links between them": lambda board: board._traces._links,
    "auctions": lambda board: board._auctions,
    "market": lambda board: board.market,
    "requests": lambda board: board._requests,
    "roster": lambda board: board._roster,
    "retries": lambda board: board.retries,
    "metrics": lambda board: board.metrics,
    "topology": lambda board: board.topology,
    "rules": lambda board: board._watch,
    "agenda": lambda board: board._agenda,
    "coordination": lambda board: board.coordination,
    "the rest": lambda board: board,
}
"""Parts of a board. What several of them hold counts for the one named first."""


class Least:
    """The least each step took in any round, nanoseconds."""

    def __init__(self) -> None:
        self._least: list[int] = []

    def take(self, took: list[int]) -> None:
        """Another round of the same steps."""
        self._least = [*map(min, self._least, took)] if self._least else took

    def __iter__(self) -> Iterator[int]:
        return iter(self._least)

    @property
    def total(self) -> int:
        """What all of them took."""
        return sum(self._least)


def opened(path: Path, most: int | None) -> Store:
    """A store with the first `most` signals of a recording."""
    session = open_replay(path, paused=True)
    while session.source.load(session, 1.0) and (most is None or len(session.store) < most):  # type: ignore[attr-defined]
        pass
    return session.store


def time_appending(store: Store, count: int, least: Least) -> None:
    """As a bus does: each frame as it comes, and its header read for the fold."""
    frames = [(store.at(seq), store.subject(seq), store.frame(seq)) for seq in range(count)]
    fresh, took, clock = Store(), [], time.perf_counter_ns
    for first in range(0, count, _AT_ONCE):
        begin = clock()
        for at, subject, frame in frames[first : first + _AT_ONCE]:
            fresh.append(at, subject, frame)
        took.append(clock() - begin)
    least.take(took)


def time_reading(store: Store, count: int, least: Least) -> None:
    """As a recording is folded: many headers at once."""
    took, clock = [], time.perf_counter_ns
    for first in range(0, count, _AT_ONCE):
        begin = clock()
        store.observe(first, min(count, first + _AT_ONCE))
        took.append(clock() - begin)
    least.take(took)


def time_folding(store: Store, count: int, least: Least) -> Board:
    """Fold signal by signal."""
    board, took, clock = Board(), [], time.perf_counter_ns
    apply = board.apply
    usual = gc.get_threshold()
    gc.collect()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    for first in range(0, count, _AT_ONCE):
        for seen in store.observe(first, min(count, first + _AT_ONCE)):
            begin = clock()
            apply(seen)
            took.append(clock() - begin)
        if first % _SETTLED < _AT_ONCE:
            gc.freeze()
        board.take_changes()
    gc.unfreeze()
    gc.set_threshold(*usual)
    least.take(took)
    return board


def by_type(store: Store, least: Least) -> dict[str, tuple[int, float]]:
    """How many signals of each type, and microseconds for one."""
    sums: dict[str, list[int]] = {}
    for seq, took in enumerate(least):
        each = sums.setdefault(store.type(seq), [0, 0])
        each[0] += 1
        each[1] += took
    return {
        type: (count, took / count / 1e3)
        for type, (count, took) in sorted(sums.items(), key=lambda s: -s[1][1])
    }


def clock_us() -> float:
    """What looking at the clock adds to each step, microseconds."""
    clock = time.perf_counter_ns
    return min(-(clock() - clock()) for _ in range(10_000)) / 1e3


def held(board: Board) -> dict[str, float]:
    """MiB that each part of a board holds."""
    roots = {part: find(board) for part, find in _PARTS.items()}
    known = {id(root) for root in roots.values()}
    return {part: _size(root, known) / 2**20 for part, root in roots.items()}


def _size(root: object, known: set[int]) -> int:
    """Bytes of something and all it refers to, but for what is known already, and for what belongs to the program."""
    total, waiting = sys.getsizeof(root), gc.get_referents(root)
    while waiting:
        each = waiting.pop()
        if id(each) in known or isinstance(each, type | ModuleType | FunctionType):
            continue
        known.add(id(each))
        total += sys.getsizeof(each)
        waiting.extend(gc.get_referents(each))
    return total


def resident_mib() -> float:
    """What the process holds now."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def measure(path: Path, most: int | None, rounds: int) -> dict[str, Any]:
    """Every figure."""
    store = opened(path, most)
    count = len(store) if most is None else min(most, len(store))
    before = resident_mib()
    board = time_folding(store, count, Least())
    figures: dict[str, Any] = {"signals": count, "read_mib": before, "folded_mib": resident_mib()}
    figures["held_mib"] = held(board)
    del board
    folding, reading, appending = Least(), Least(), Least()
    for _ in range(rounds):
        time_folding(store, count, folding)
        time_reading(store, count, reading)
        time_appending(store, min(count, 50_000), appending)
    clock = clock_us()
    figures["append_us"] = appending.total / min(count, 50_000) / 1e3
    figures["read_us"] = reading.total / count / 1e3
    figures["fold_us"] = folding.total / count / 1e3 - clock
    figures["types"] = {name: (number, us - clock) for name, (number, us) in by_type(store, folding).items()}
    return figures


def render(figures: dict[str, Any]) -> str:
    """Words for a person."""
    lines = [
        f"{figures['signals']:,} signals",
        f"  append and read the header {figures['append_us']:6.2f} us a signal",
        f"  read headers together      {figures['read_us']:6.2f}",
        f"  fold                       {figures['fold_us']:6.2f}",
        "",
        "of the fold",
    ]
    whole = figures["fold_us"] * figures["signals"]
    for name, (number, us) in figures["types"].items():
        lines.append(f"  {name or '(none)':<22} {number:>9,} x {us:6.2f} us {number * us / whole:6.1%}")
    lines += [
        "",
        f"memory: {figures['read_mib']:.0f} MiB read, {figures['folded_mib']:.0f} MiB folded, of the board",
    ]
    lines += [f"  {part:<22} {short(mib):>9} MiB" for part, mib in figures["held_mib"].items()]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.folding", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a recording; else one is made")
    parser.add_argument("--signals", type=int, default=100_000, help="at most, or how many are made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="benchmarks-folding-") as folder:
        path = asked.file
        if path is None:
            path = Path(folder) / "session.ndjson"
            write(path, asked.signals)
        figures = measure(path, asked.signals, asked.rounds)
    print(json.dumps(figures) if asked.json else render(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
