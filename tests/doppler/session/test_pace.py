from __future__ import annotations

from cosmo_doppler.session.pace import TICK_S, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_calm_bus_leaves_a_turn_for_folding() -> None:
    pace = Pace(Clock())
    assert pace.fold_s(3) == pace.fold_s(5) > 0.005


def test_what_presses_in_is_taken_in_before_anything_is_folded() -> None:
    pace = Pace(Clock())
    calm = pace.fold_s(10)
    pressed = pace.fold_s(5_000)
    assert 0 < pressed < calm / 4
    assert pace.fold_s(5_010) == calm


def test_nothing_is_pressing_just_because_much_has_come_before() -> None:
    pace = Pace(Clock())
    pace.fold_s(1_000_000)
    assert pace.fold_s(1_000_000) == Pace(Clock()).fold_s(0)


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


def test_an_engine_with_nothing_to_fold_turns_at_its_own_beat() -> None:
    pace = Pace(Clock())
    pace.make_way()
    assert pace.rest_s(behind=False) == TICK_S
