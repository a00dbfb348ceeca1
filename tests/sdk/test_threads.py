"""Threads for plain functions: never more than allowed, and none lost, whoever gives up when."""

from __future__ import annotations

import asyncio
import random
import threading
from contextvars import ContextVar

import pytest

from cosmo_sdk._threads import Threads


async def test_never_more_than_the_limit_run_and_every_place_comes_back():
    threads = Threads("test", 3)
    lock = threading.Lock()
    inside, most, done = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, done
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.0005)
        with lock:
            inside -= 1
            done += 1

    chance = random.Random(7)
    runs = []
    for _ in range(200):
        runs.append(asyncio.ensure_future(threads.run(work)))
        if chance.random() < 0.3:
            chance.choice(runs).cancel()
        if chance.random() < 0.3:
            await asyncio.sleep(0)
    ends = await asyncio.gather(*runs, return_exceptions=True)
    cancelled = sum(isinstance(end, asyncio.CancelledError) for end in ends)
    assert set(map(type, ends)) == {type(None), asyncio.CancelledError}
    # All places come back, also those of runs given up in their threads: these three need them at the same time.
    together = threading.Barrier(3)
    await asyncio.gather(*(threads.run(together.wait, 20) for _ in range(3)))
    assert most <= 3
    assert 200 - cancelled <= done <= 200


async def test_a_thread_sees_the_context_of_its_caller():
    name: ContextVar[str] = ContextVar("name")
    name.set("caller")
    assert await Threads("test", 1).run(name.get) == "caller"


async def test_what_a_function_raises_reaches_its_caller():
    with pytest.raises(ZeroDivisionError):
        await Threads("test", 1).run(lambda: 1 / 0)
