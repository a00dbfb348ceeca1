"""Who is heard, counted as it happens; names that mislead; what hosts say of their load."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.lookalikes import Lookalikes, skeleton
from cosmo_doppler.model.participant import SLOTS, Participant
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.roster import Roster
from cosmo_sdk.header import read_header
from tests.doppler.model.folding import fold, frame


def beat(who: str, at: float, **payload: object) -> tuple[float, bytes]:
    return at, frame("HEARTBEAT", f"{who}{at}", trace=f"{who}{at}", who=who, status="ok", **payload)


def test_counts_follow_time_without_a_look_at_anybody():
    board = fold(*(beat("a", at) for at in (0.0, 2.0, 4.0)), (4.0, frame("REGISTER", "r", who="b")))
    presence = board.presence
    assert (presence.heard_of, presence.known, dict(presence.counts)) == (2, 2, {"live": 2})
    board.advance(7.5)
    assert (presence.heard_of, presence.known, presence.counts["late"]) == (1, 2, 1)
    board.advance(10.5)
    assert (presence.counts["stale"], presence.counts["late"]) == (1, 0)
    fold(beat("a", 11.0), (12.0, frame("DEREGISTER", "d", who="b")), board=board)
    assert (presence.heard_of, presence.known, presence.counts["left"]) == (1, 1, 1)


def test_an_estimate_that_shrinks_moves_the_moment_forward():
    board = fold((0.0, frame("REGISTER", "r", who="a")))
    board.advance(44.0)
    assert board.roster["a"].state == "live"
    fold(beat("a", 44.0), beat("a", 45.0), board=board)
    board.advance(46.6)
    assert board.roster["a"].state == "late"
    board.advance(48.1)
    assert board.roster["a"].state == "stale"


def test_tens_of_thousands_cost_no_more_than_their_own_signals():
    agenda = Agenda()
    roster = Roster(agenda)
    for number in range(20_000):
        roster.announced(read_header(beat(f"n{number}", 0.0)[1]), number, 0.0)
    noted = len(agenda)
    for _ in range(3):
        for number in range(0, 20_000, 100):
            participant = roster.by_id[f"n{number}"]
            participant.produced(1.0)
            roster.judge(participant, 1.0)
    assert (len(agenda), noted) == (20_000, 20_000)
    agenda.pass_time(1e6)
    assert dict(roster.counts) == {"live": 0, "late": 0, "stale": 20_000}
    assert len(agenda) == 0


def test_how_far_heartbeats_are_off_their_time():
    board = fold(*(beat("a", at) for at in (0.0, 2.0, 4.1, 6.0, 8.0)))
    assert board.roster["a"].jitter_s() == pytest.approx(0.05)
    assert fold(beat("a", 0.0), beat("a", 1.0)).roster["a"].jitter_s() is None


def test_two_rhythms_are_two_hosts():
    ours, theirs = [2.0 * n for n in range(12)], [2.0 * n + 0.4 for n in range(12)]
    both = fold(*(beat("a", at) for at in sorted(ours + theirs)))
    assert both.roster["a"].shared == "its heartbeats come in two rhythms"
    uneven = [2.0 * n + (n * 7 % 5) * 0.1 for n in range(24)]
    assert fold(*(beat("a", at) for at in uneven)).roster["a"].shared == ""


def test_activity_is_what_was_heard_in_the_last_minute():
    participant = Participant("a", 0.0)
    for at in (100.0, 100.5, 103.0, 159.0):
        participant.produced(at)
    assert participant.activity(159.0) == [2, 1, *[0] * (SLOTS - 3), 1]
    assert participant.activity(162.5) == [*[0] * (SLOTS - 3), 1, 0, 0][-SLOTS:]
    participant.produced(1000.0)
    assert sum(participant.activity(1000.0)) == 1
    assert Participant("b", 0.0).activity(5.0) == [0] * SLOTS


@pytest.mark.parametrize(
    ("payload", "running", "capacity"),
    [
        ({"load": 0.25, "in_flight": 2}, 2, 8),
        ({"in_flight": 3}, 3, None),
        ({"load": 0.5}, None, None),
        ({"load": 0.0, "in_flight": 0}, 0, None),
        ({"in_flight": -1}, None, None),
        ({"in_flight": "many"}, None, None),
        ({"in_flight": True}, None, None),
    ],
)
def test_load_is_tasks_in_flight_of_those_taken_at_once(payload, running, capacity):
    there = fold(beat("a", 0.0, **payload)).roster["a"]
    assert (there.in_flight, there.capacity()) == (running, capacity)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("worker", "Worker"),
        ("worker", "wоrker"),
        ("worker", "wor\u200bker"),
        ("worker", "ｗｏｒｋｅｒ"),
        ("worker-1", "worker-l"),
        ("worker", "worke\u0301r"),
    ],
)
def test_names_that_are_easily_mixed_up(one: str, other: str):
    assert one != other
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("worker-1", "worker-2"), ("ada", "adam"), ("a.b", "ab")])
def test_names_that_differ(one: str, other: str):
    assert skeleton(one) != skeleton(other)


def test_a_name_that_is_gone_is_like_nobodys():
    names = Lookalikes()
    assert [names.add("ada"), names.add("Ada"), names.add("bob")] == ["", "ada", ""]
    names.remove("ada")
    names.remove("never")
    assert names.add("ADA") == "Ada"


def test_a_newcomer_and_whoever_it_looks_like_both_say_so():
    board = fold((0.0, frame("REGISTER", "1", who="ada")), (1.0, frame("REGISTER", "2", who="Ada")))
    assert {who.id: who.looks_like for who in board.roster.values()} == {"ada": "Ada", "Ada": "ada"}


def test_what_participants_can_do_is_counted_while_they_are_there():
    def can(id: str, who: str, *abilities: str) -> bytes:
        return frame("REGISTER", id, trace=id, who=who, capabilities=list(abilities))

    board = fold(
        (0.0, can("1", "a", "brew")), (0.0, can("2", "b", "brew", "pour")), (1.0, can("3", "a", "sip"))
    )
    assert dict(board.presence.abilities) == {"brew": 1, "pour": 1, "sip": 1}
    fold((2.0, frame("DEREGISTER", "4", who="b")), (3.0, frame("DEREGISTER", "5", who="b")), board=board)
    assert dict(board.presence.abilities) == {"sip": 1}
    fold((4.0, can("6", "b", "pour")), board=board)
    assert dict(board.presence.abilities) == {"sip": 1, "pour": 1}


def test_an_agenda_runs_what_is_due_in_order_and_is_bounded():
    agenda, done = Agenda(most=2), []
    agenda.note(3.0, lambda at: done.append(("c", at)))
    agenda.note(1.0, lambda at: agenda.note(2.0, lambda later: done.append(("b", later))))
    agenda.note(0.0, lambda at: done.append(("never", at)))
    agenda.note(0.5, lambda at: done.append(("vital", at)), vital=True)
    assert agenda.skipped == 1
    agenda.pass_time(2.5)
    assert done == [("vital", 0.5), ("b", 2.0)]
    agenda.pass_time(3.0)
    assert done[2:] == [("c", 3.0)]


def test_a_memory_of_the_latest_says_what_had_to_go():
    recent: Recent[str, int] = Recent(2)
    assert [recent.put("a", 1), recent.put("b", 2), recent.put("a", 3), recent.put("c", 4)] == [
        None,
        None,
        None,
        3,
    ]
    assert (list(recent), recent.get("a"), recent.pop("b"), len(recent), recent.forgotten) == (
        ["b", "c"],
        None,
        2,
        1,
        1,
    )
