from __future__ import annotations

from cosmo_doppler.tui.pulse import LONGEST_PAUSE_S, Share


class Times:
    spent = 0.0
    used = 0.0
    now = 0.0


def share_of(times: Times) -> Share:
    return Share(lambda: times.spent, lambda: times.used, lambda: times.now)


def test_a_look_that_cost_nothing_may_be_followed_at_once() -> None:
    times = Times()
    share = share_of(times)
    share.looked()
    assert share.allows(behind=False)


def test_a_dear_look_is_followed_by_a_pause() -> None:
    times = Times()
    share = share_of(times)
    share.looked()
    times.spent = times.now = 0.1
    assert not share.allows(behind=False)
    times.now = 0.21
    assert share.allows(behind=False)


def test_while_signals_wait_to_be_folded_the_engine_gets_most_of_the_processor() -> None:
    times = Times()
    share = share_of(times)
    share.looked()
    # The machine is busy: in five times the time of a look all threads together got twice what it cost.
    times.spent, times.used, times.now = 0.02, 0.04, 0.1
    assert not share.allows(behind=True)
    times.used = 0.11
    assert share.allows(behind=True)


def test_a_thread_that_is_busy_all_the_time_still_looks_now_and_then() -> None:
    times = Times()
    share = share_of(times)
    share.looked()
    times.spent = times.now = LONGEST_PAUSE_S / 2
    assert not share.allows(behind=True)
    times.spent = times.now = LONGEST_PAUSE_S
    assert share.allows(behind=True)


def test_what_was_spent_before_a_look_is_not_held_against_it() -> None:
    times = Times()
    share = share_of(times)
    times.spent, times.now = 5.0, 6.0
    share.looked()
    times.spent, times.now = 5.01, 6.03
    assert share.allows(behind=False)
