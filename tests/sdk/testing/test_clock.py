"""Time that moves when told to."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk.testing import START, FixedIds, ManualClock


async def test_sleepers_wake_in_the_order_of_their_alarms():
    clock = ManualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(each) for each in (sleeper("a", 3), sleeper("b", 1, 1), sleeper("c", 0))]
    await clock.advance(2.5)
    assert woken == [("c", 0), ("b", 1), ("b", 2)]
    assert (clock.sleepers, clock.monotonic()) == (1, 2.5)
    await clock.advance(0.5)
    assert woken[-1] == ("a", 3)
    assert (clock.now() - START).total_seconds() == 3
    await asyncio.gather(*tasks)


async def test_work_runs_while_time_jumps():
    clock = ManualClock()

    async def work() -> str:
        await clock.sleep(100)
        await clock.sleep(200)
        return "done"

    assert await clock.run(work()) == "done"
    assert clock.monotonic() == 300


async def test_work_that_time_cannot_end_is_told_apart_from_work_that_takes_too_long():
    clock = ManualClock()

    async def raises() -> None:
        raise KeyError("mine")

    with pytest.raises(AssertionError, match=r"it still sleeps after 5 s of the manual clock"):
        await clock.run(clock.sleep(10), at_most_s=5)
    assert clock.sleepers == 0
    with pytest.raises(AssertionError, match="nobody sleeps on the manual clock"):
        await clock.run(asyncio.Event().wait())
    with pytest.raises(KeyError, match="mine"):
        await clock.run(raises())


async def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="time does not run backwards"):
        await ManualClock().advance(-1)


def test_fixed_ids_count():
    ids = FixedIds()
    assert [ids.event()[-2:], ids.event()[-2:], ids.trace()[-2:], ids.engram()[-2:]] == [
        "01",
        "02",
        "01",
        "01",
    ]
