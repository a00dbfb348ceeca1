"""A process that claims what it can. Run by the tests: `claimer.py FILE AGENT`, begins at a line on stdin."""

from __future__ import annotations

import json
import sys

from cosmo_sdk.coordination import SqliteStore, TaskManager


def main(path: str, agent: str) -> None:
    manager = TaskManager(SqliteStore(path))
    # Everybody has seen every task waiting before anybody claims one.
    waiting = [task.id for task in manager.list_pending_tasks()]
    print("ready", flush=True)
    sys.stdin.readline()
    won = [task_id for task_id in waiting if manager.claim(agent, task_id)]
    print(json.dumps(won), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
