"""Who is there, and who is still heard."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.roster import DEFAULT_PERIOD_S, Roster
from cosmo_sdk.header import read_header
from tests.doppler.model.folding import fold, frame


def register(id, who="n", **payload):
    return frame("REGISTER", id, trace=id, who=who, **{"role": "neuron", "capabilities": ["brew"], **payload})


def beat(id, who="n", **payload):
    return frame("HEARTBEAT", id, trace=id, who=who, **{"status": "ok", **payload})


def test_a_participant_is_what_it_announced():
    board = fold((1.0, register("r", version="1.4", role="effector")))
    there = board.roster["n"]
    assert (there.role, there.capabilities, there.version, there.registered_at) == (
        "effector",
        ["brew"],
        "1.4",
        1.0,
    )
    assert board.traces == {}


@pytest.mark.parametrize(
    ("payload", "role"),
    [({}, "neuron"), ({"engram": True}, "engram"), ({"role": 3}, "neuron"), ({"role": "x" * 99}, "x" * 20)],
)
def test_roles_of_old_and_odd_announcements(payload, role):
    board = fold((1.0, frame("REGISTER", "r", who="n", **payload)))
    assert board.roster["n"].role == role


def test_capabilities_are_also_read_from_the_address():
    old = b'{"v":"1","id":"evt_1","trace_id":"trc_1","type":"REGISTER","ts":0,"directed":{"id":"n","type":"k","capabilities":["a"]}}'
    there = fold((1.0, old)).roster["n"]
    assert (there.capabilities, there.kind) == (["a"], "k")


def test_the_period_is_the_median_gap_of_heartbeats():
    frames = [(float(at), beat(str(at))) for at in (10, 12, 14, 21, 23)]
    there = fold((9.0, register("r")), *frames).roster["n"]
    assert there.period_s() == 2.0
    assert fold((0.0, register("r")), (3.0, beat("b"))).roster["n"].period_s() is None


def test_silence_is_measured_in_periods():
    board = fold((0.0, register("r")), *((float(at), beat(str(at))) for at in (10, 12, 14)))
    there = board.roster["n"]
    assert [there.liveness(14 + silence) for silence in (0, 3, 3.1, 6, 6.1)] == [
        "live",
        "live",
        "late",
        "late",
        "stale",
    ]


def test_before_two_heartbeats_the_usual_period_is_assumed():
    there = fold((0.0, register("r"))).roster["n"]
    assert there.liveness(1.5 * DEFAULT_PERIOD_S) == "live"
    assert there.liveness(1.6 * DEFAULT_PERIOD_S) == "late"
    assert there.liveness(3.1 * DEFAULT_PERIOD_S) == "stale"


def test_any_signal_of_its_own_shows_that_it_lives_and_none_addressed_to_it_does():
    frames = [(float(at), beat(str(at))) for at in (0, 2, 4)]
    assert fold(*frames, (50.0, frame("AGENT_OUTPUT", "a", who="n"))).roster["n"].liveness(50.0) == "live"
    assert fold(*frames, (50.0, frame("TASK", "a", who="n"))).roster["n"].liveness(50.0) == "stale"


@pytest.mark.parametrize("role", ["engram", "effector"])
def test_who_never_beats_by_custom_does_not_grow_stale(role):
    board = fold((0.0, register("r", role=role)))
    assert board.roster["n"].liveness(1e6) == "static"
    board = fold((0.0, register("r", role=role)), (1.0, beat("a")), (2.0, beat("b")))
    assert board.roster["n"].liveness(1e6) == "stale"


def test_who_leaves_is_gone_until_it_registers_again():
    left = [(0.0, register("r")), (1.0, beat("h")), (2.0, frame("DEREGISTER", "d", who="n"))]
    assert fold(*left).roster["n"].liveness(2.0) == "left"
    assert fold(*left, (3.0, beat("stray"))).roster["n"].liveness(3.0) == "left"
    back = fold(*left, (9.0, register("again"))).roster["n"]
    assert (back.liveness(9.0), back.registered_at, back.left_at) == ("live", 9.0, None)


def test_a_heartbeat_of_somebody_unknown_is_enough_to_be_there():
    there = fold((5.0, beat("h", load=0.5, status="busy"))).roster["n"]
    assert (there.health, there.load, there.registered_at) == ("busy", 0.5, 5.0)


@pytest.mark.parametrize("load", ["much", None, True, [], 10**400])
def test_loads_that_are_no_numbers(load):
    data = (
        beat("h", load="?").replace(b'"?"', str(load).encode()) if load == 10**400 else beat("h", load=load)
    )
    assert fold((0.0, data)).roster["n"].load is None


def test_strangers_and_nameless_announcements_are_no_participants():
    board = fold(
        (0.0, frame("AGENT_OUTPUT", "a", who="x")),
        (0.0, frame("REGISTER", "r")),
        (0.0, frame("DISCOVER", "d", who="x")),
    )
    assert board.roster == {}
    assert board.signals == 3


def test_an_announcement_delivered_twice_counts_once():
    board = fold((0.0, register("r")), (1.0, beat("h")), (1.1, beat("h")))
    assert (board.duplicates, len(board.roster["n"].beats), board.roster["n"].signals) == (1, 1, 2)


def test_the_roster_is_bounded_and_says_what_it_dropped():
    roster = Roster(most=10)
    for number in range(25):
        roster.announced(read_header(register(str(number), who=f"n{number}")), number, float(number))
    assert len(roster.by_id) == 10
    assert roster.forgotten == 15
    assert list(roster.by_id) == [f"n{number}" for number in range(15, 25)]
