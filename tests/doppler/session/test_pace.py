"""Who gets the engine's time: what comes in, what is folded, and the person who waits."""

from __future__ import annotations

import asyncio

from cosmo_doppler.session.pace import TICK_S, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_who_waits_for_the_screen_gets_the_processor_for_a_while() -> None:
    clock = Clock()
    pace = Pace(clock)
    calm, rest = pace.fold_s(0), pace.rest_s(behind=True)
    pace.make_way()
    assert pace.polite
    assert 0 < pace.fold_s(0) < calm / 4
    assert pace.rest_s(behind=True) > rest
    clock.now += 1
    assert not pace.polite
    assert (pace.fold_s(0), pace.rest_s(behind=True)) == (calm, rest)


def test_a_calm_bus_leaves_a_turn_for_folding() -> None:
    pace = Pace(Clock())
    assert pace.fold_s(3) == pace.fold_s(5) > 0.005


def test_the_more_presses_in_the_less_is_folded_in_a_turn() -> None:
    pace = Pace(Clock())
    calm = pace.fold_s(10)
    pressed = [pace.fold_s(10 + 1_000 * turn) for turn in range(1, 9)]
    assert pressed == sorted(pressed, reverse=True)
    assert 0 < pressed[-1] < calm / 10
    again = [pace.fold_s(8_010) for _ in range(20)]
    assert again == sorted(again)
    assert again[-1] == calm


def test_an_engine_with_nothing_to_fold_turns_at_its_own_beat() -> None:
    pace = Pace(Clock())
    pace.make_way()
    assert pace.rest_s(behind=False) == TICK_S


class Outside:
    """Signals that wait at a socket: each turn of the loop brings some of them in."""

    def __init__(self, waiting: int, clock: Clock, turn_s: float) -> None:
        self.taken = 0
        self._waiting = waiting
        self._clock = clock
        self._turn_s = turn_s
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._clock.now += self._turn_s
        if self._waiting:
            self._waiting -= 1
            self.taken += 1
            self._loop.call_soon(self._turn)


async def test_all_that_waits_outside_is_taken_in_before_anything_is_folded() -> None:
    clock = Clock()
    outside = Outside(500, clock, turn_s=0.0001)
    await Pace(clock).take_in(lambda: outside.taken)
    assert outside.taken == 500


async def test_where_more_comes_than_can_be_taken_in_the_board_still_moves() -> None:
    clock = Clock()
    outside = Outside(10_000, clock, turn_s=0.001)
    await Pace(clock).take_in(lambda: outside.taken)
    assert 10 < outside.taken < 1_000


async def test_nobody_waits_for_a_bus_that_is_silent() -> None:
    clock = Clock()
    begun = clock.now
    await Pace(clock).take_in(lambda: 7)
    assert clock.now == begun
