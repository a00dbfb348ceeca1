"""A process that claims what it can. Run by the tests: `claimer.py STORE AGENT [HOST]`, begins at a line on stdin.

STORE is a file or the URL of a database. With HOST it is as if on a machine of that name, whose clocks are far off.
"""

from __future__ import annotations

import json
import sys

from cosmo_sdk.coordination import SystemClock, TaskManager, open_store


class ElsewhereClock(SystemClock):
    """The clock of a machine that was booted at another time, and whose wall clock is three hours ahead."""

    def __init__(self, host: str) -> None:
        self._host = host

    @property
    def domain(self) -> str:
        return self._host

    def monotonic(self) -> float:
        return super().monotonic() + 500_000

    def now_ms(self) -> int:
        return super().now_ms() + 3 * 3_600_000


def main(where: str, agent: str, *host: str) -> None:
    manager = TaskManager(open_store(where)).bind(clock=ElsewhereClock(*host) if host else None)
    # Everybody has seen every task waiting before anybody claims one.
    waiting = [task.id for task in manager.list_pending_tasks()]
    print("ready", flush=True)
    sys.stdin.readline()
    won = [task_id for task_id in waiting if manager.claim(agent, task_id)]
    print(json.dumps(won), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
