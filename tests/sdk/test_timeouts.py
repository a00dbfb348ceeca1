"""Waits that share a timer end as if each had its own."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cosmo_sdk._timeouts import LENGTHS, timeouts
from cosmo_sdk.clock import SYSTEM_CLOCK, within


def future() -> asyncio.Future[str]:
    return asyncio.get_running_loop().create_future()


async def test_a_wait_ends_in_time_or_with_a_timeout():
    came, never = future(), future()
    waits = [asyncio.ensure_future(within(SYSTEM_CLOCK, each, 0.01)) for each in (came, never)]
    await asyncio.sleep(0)
    came.set_result("here")
    assert await waits[0] == "here"
    with pytest.raises(TimeoutError):
        await waits[1]


async def test_waits_that_began_later_end_too():
    first = asyncio.ensure_future(within(SYSTEM_CLOCK, future(), 0.01))
    await asyncio.sleep(0.005)
    second = asyncio.ensure_future(within(SYSTEM_CLOCK, future(), 0.01))
    for wait in (first, second):
        with pytest.raises(TimeoutError):
            await wait


async def test_a_timer_that_found_nobody_serves_the_next():
    done = future()
    done.set_result("here")
    assert await within(SYSTEM_CLOCK, done, 0.005) == "here"
    await asyncio.sleep(0.01)
    with pytest.raises(TimeoutError):
        await within(SYSTEM_CLOCK, future(), 0.005)


async def test_waits_of_one_length_need_one_timer():
    loop = asyncio.get_running_loop()
    shared = timeouts(loop, 7.5)
    waits = [asyncio.ensure_future(within(SYSTEM_CLOCK, future(), 7.5)) for _ in range(50)]
    await asyncio.sleep(0)
    assert timeouts(loop, 7.5) is shared
    assert shared is not None
    assert not shared.idle
    for wait in waits:
        wait.cancel()
    assert {type(each) for each in await asyncio.gather(*waits, return_exceptions=True)} == {
        asyncio.CancelledError
    }


async def test_more_lengths_than_are_shared_end_all_the_same():
    waits = [
        asyncio.ensure_future(within(SYSTEM_CLOCK, future(), 0.001 + number / 10_000))
        for number in range(LENGTHS * 3)
    ]
    outcomes = await asyncio.gather(*waits, return_exceptions=True)
    assert {type(each) for each in outcomes} == {TimeoutError}


def test_loops_in_several_threads_keep_their_waits_apart():
    outcomes: list[BaseException] = []

    async def wait_often() -> None:
        for _ in range(20):
            try:
                await within(SYSTEM_CLOCK, future(), 0.001)
            except TimeoutError as error:
                outcomes.append(error)

    threads = [threading.Thread(target=lambda: asyncio.run(wait_often())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 60
