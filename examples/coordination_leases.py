"""A pool of tasks with leases: one worker dies in the middle, and another one finishes its work.

Each worker is a process of its own on one SQLite file; no bus is needed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from cosmo_sdk.coordination import SqliteStore, Task, TaskManager

LEASE_S = 0.5


def work(path: str, name: str, dies: bool) -> None:
    tasks = TaskManager(SqliteStore(path))
    while (task := tasks.claim_next(name)) is not None:
        tasks.start(name, task.id)
        if dies:
            # No goodbye: the lease will tell.
            os.kill(os.getpid(), signal.SIGKILL)
        tasks.report(name, task.id, {"harbour": task.inputs["stones"] * 2})


def start(path: str, name: str, *, dies: bool = False) -> multiprocessing.process.BaseProcess:
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(path, name, dies))
    worker.start()
    return worker


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "harbour.db")
        tasks = TaskManager(SqliteStore(path))
        for stones in range(1, 4):
            tasks.submit(
                Task(
                    f"wall-{stones}",
                    inputs={"stones": stones},
                    constraints={"claim_ttl_sec": LEASE_S, "max_attempts": 3},
                )
            )
        start(path, "ann", dies=True).join()
        lost = [task for task in tasks.tasks if tasks.get_task(task).state.held]
        print(f"ann died holding {', '.join(lost)}")
        start(path, "bob").join()
        while not (released := tasks.release_expired_claims(time.monotonic())):
            time.sleep(LEASE_S / 10)
        print(f"released: {', '.join(released)}")
        start(path, "bob").join()
        for task_id in sorted(tasks.tasks):
            task = tasks.get_task(task_id)
            print(f"{task.id}: {task.result['harbour']} by {task.assigned_to}, attempt {task.attempt}")
        tasks.store.close()


if __name__ == "__main__":
    sys.exit(main())
