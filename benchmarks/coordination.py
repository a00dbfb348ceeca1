"""How fast tasks are claimed and listed: `python -m benchmarks.coordination`.

Everything is compared within one run on one machine, by turns; absolute rates say more about the machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.mirroring import mirror
from cosmo_sdk.coordination import MemoryStore, SqliteStore, Store, Task, TaskManager

Row = tuple[str, float, float, str, str]
"""What, ours, the other, the unit, and what the ratio should be."""


def claim_all(manager: TaskManager, names: list[str]) -> float:
    """Claims per second of one caller."""
    begin = time.perf_counter()
    won = sum(manager.claim("ann", name) for name in names)
    assert won == len(names)
    return won / (time.perf_counter() - begin)


def filled(store: Store, count: int) -> list[str]:
    manager = TaskManager(store)
    return [manager.submit(Task(f"t{number:06}", priority=number % 5)) for number in range(count)]


def refresh(directory: Path, count: int) -> tuple[float, float, float]:
    """Milliseconds to read every task: one key after the other, by a manager that knows none, and by one that does."""
    store = SqliteStore(directory / "refresh.db")
    filled(store, count)
    begin = time.perf_counter()
    one_by_one = [store.get(key) for key in store.list("task:")]
    middle = time.perf_counter()
    assert len(one_by_one) == count
    del one_by_one
    manager = TaskManager(store)
    first = time.perf_counter()
    manager.refresh_from_store()
    second = time.perf_counter()
    manager.refresh_from_store()
    end = time.perf_counter()
    store.close()
    return (middle - begin) * 1e3, (second - first) * 1e3, (end - second) * 1e3


def stores(directory: Path, count: int) -> dict[str, float]:
    """Claims per second of one caller, by store."""
    rates = {}
    for name, store in (
        ("memory", MemoryStore()),
        ("sqlite", SqliteStore(directory / "normal.db")),
        ("sqlite, FULL", SqliteStore(directory / "full.db", synchronous="FULL")),
    ):
        rates[name] = claim_all(TaskManager(store), filled(store, count))
        store.close()
    return rates


TURN = 500
"""Claims between changes from one manager to the other, so that a slow moment hits both."""


def told(directory: Path, count: int) -> tuple[float, float]:
    """Claims per second with nobody told, and with a mirror that tells of them on a bus meanwhile."""
    quiet, loud = (SqliteStore(directory / f"{name}.db") for name in ("quiet", "loud"))
    names = filled(quiet, count), filled(loud, count)
    spent = [0.0, 0.0]
    with mirror() as (mirrored, flush):
        managers = TaskManager(quiet), TaskManager(loud).bind(sink=mirrored)
        flush()
        for start in range(0, count, TURN):
            for which in (0, 1):
                chosen = names[which][start : start + TURN]
                spent[which] += len(chosen) / claim_all(managers[which], chosen)
            # What is still to be said must not slow down who is next.
            flush()
        assert mirrored.published == 2 * count
    quiet.close()
    loud.close()
    return count / spent[0], count / spent[1]


def racer(path: str, agent: str, ready: Any, go: Any, results: Any, mode: str) -> None:
    manager = TaskManager(SqliteStore(path, busy_timeout_ms=60_000))
    waiting = [task.id for task in manager.list_pending_tasks()]
    ready.release()
    go.wait()
    begin = time.monotonic()
    won = 0
    if mode == "next":
        while manager.claim_next(agent) is not None:
            won += 1
    else:
        won = sum(manager.claim(agent, name) for name in waiting)
    results.put((won, begin, time.monotonic()))


def race(directory: Path, count: int, processes: int, mode: str) -> float:
    """Tasks per second that some processes claim of the same tasks, from the first start to the last end.

    Raises:
        AssertionError: a task was claimed by nobody, or twice.
    """
    path = str(directory / f"race-{mode}-{processes}.db")
    filled(SqliteStore(path), count)
    spawn = multiprocessing.get_context("spawn")
    ready, go, results = spawn.Semaphore(0), spawn.Event(), spawn.Queue()
    racers = [
        spawn.Process(target=racer, args=(path, f"agent{number}", ready, go, results, mode))
        for number in range(processes)
    ]
    for each in racers:
        each.start()
    for _ in racers:
        ready.acquire()
    go.set()
    ended = [results.get() for _ in racers]
    for each in racers:
        each.join()
    assert sum(won for won, _, _ in ended) == count
    return count / (max(end for _, _, end in ended) - min(begin for _, begin, _ in ended))


def measure(count: int, racing: int, processes: int) -> list[Row]:
    """Every figure once."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        by_key, first, again = refresh(directory, count)
        rates = stores(directory, racing)
        quiet, loud = told(directory, racing)
        alone, four = (race(directory, racing, each, "next") for each in (1, 4))
        crowd = race(directory, racing, processes, "claim")
        return [
            (f"refresh of {count:,}: key by key / the first time", by_key, first, "ms", ""),
            (f"refresh of {count:,}: key by key / again", by_key, again, "ms", ">= 5"),
            ("claims: memory / sqlite", rates["memory"], rates["sqlite"], "per s", ""),
            ("claims: sqlite NORMAL / FULL", rates["sqlite"], rates["sqlite, FULL"], "per s", ""),
            ("claims: alone / with a mirror on a bus", quiet, loud, "per s", "<= 1.15"),
            ("claim_next: 1 process / 4 processes", alone, four, "per s", "< 4"),
            (f"1 process, next / {processes} processes race for each", alone, crowd, "per s", ""),
        ]


def middle(rounds: list[list[Row]]) -> list[Row]:
    """The median of each figure."""
    return [
        (
            each[0][0],
            statistics.median(row[1] for row in each),
            statistics.median(row[2] for row in each),
            *each[0][3:],
        )
        for each in zip(*rounds, strict=True)
    ]


def render(rows: list[Row]) -> str:
    """The table, in Markdown."""
    lines = ["| what | left | right | | ratio | wanted |", "|---|---:|---:|---|---:|---|"]
    for what, left, right, unit, wanted in rows:
        lines.append(f"| {what} | {left:,.0f} | {right:,.0f} | {unit} | {left / right:.2f} | {wanted} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None, show: Callable[[str], None] = print) -> int:
    """Measure and print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coordination", description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000, help="tasks to refresh (default 10000)")
    parser.add_argument("--racing", type=int, default=2_000, help="tasks to claim (default 2000)")
    parser.add_argument("--processes", type=int, default=8, help="that race for the same tasks (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the table shows medians (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there")
    asked = parser.parse_args(arguments)
    rounds = [measure(asked.tasks, asked.racing, asked.processes) for _ in range(asked.rounds)]
    show(render(middle(rounds)))
    show(f"\n{asked.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(rounds, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
