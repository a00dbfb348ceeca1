"""Questions to a human, and what becomes of them."""

from __future__ import annotations

import json

import pytest

from tests.doppler.model.folding import fold, frame

TASK = (0.0, frame("TASK", "t", who="n"))
ASK = (1.0, frame("CLARIFICATION", "q", parent="t", who="n", question="which year?", context={"a": 1}))
MAY_I = (1.0, frame("PERMISSION", "p", parent="t", who="n", action="write_file", scope={}))


def test_a_question_is_open_and_its_trace_waits():
    board = fold(TASK, ASK)
    request = board.requests["evt_q"]
    assert (request.kind, request.who, request.text, request.state) == (
        "CLARIFICATION",
        "n",
        "which year?",
        "open",
    )
    assert (request.asked_at, request.context, request.trace_id) == (1.0, {"a": 1}, "trc_1")
    assert board.request_order == ["evt_q"]
    assert board.traces["trc_1"].waiting_on == {"evt_q"}


@pytest.mark.parametrize(
    ("question", "answer", "by"),
    [
        (ASK, frame("CLARIFICATION_ANSWER", "a", parent="q", who="me", answer=1999), "me"),
        (ASK, frame("TASK", "a", parent="q", who="n"), ""),
        (MAY_I, frame("PERMISSION_DECISION", "a", parent="p", who="me", granted=True), "me"),
        (MAY_I, frame("TASK", "a", parent="p", who="n"), ""),
    ],
)
def test_an_answer_settles_it(question, answer, by):
    board = fold(TASK, question, (2.0, answer))
    (request,) = board.requests.values()
    assert (request.state, request.answered_by, request.answered_at) == ("answered", by, 2.0)
    assert board.traces["trc_1"].waiting_on == set()


def test_an_answer_that_overtook_its_question_counts():
    board = fold(TASK, (0.9, frame("CLARIFICATION_ANSWER", "a", parent="q", who="me")), ASK)
    assert board.requests["evt_q"].state == "answered"
    assert board.traces["trc_1"].status == "open"


def test_the_first_answer_counts():
    answers = [frame("CLARIFICATION_ANSWER", key, parent="q", who=key) for key in ("first", "second")]
    board = fold(TASK, ASK, (2.0, answers[0]), (3.0, answers[1]))
    assert board.requests["evt_q"].answered_by == "first"


@pytest.mark.parametrize("end", ["FINAL", "STOP"])
def test_the_end_of_a_trace_closes_what_nobody_answered(end):
    board = fold(TASK, ASK, MAY_I, (2.0, frame(end, "e")))
    assert {request.state for request in board.requests.values()} == {"closed"}
    assert board.traces["trc_1"].waiting_on == set()


def test_a_question_on_a_stopped_trace_is_closed_at_once():
    board = fold(TASK, (0.5, frame("STOP", "s")), ASK)
    assert board.requests["evt_q"].state == "closed"


def test_an_escalation_is_listed_and_nobody_waits_for_it():
    board = fold(TASK, (1.0, frame("ESCALATION", "x", parent="t", who="n", reason="too hard")))
    assert board.requests["evt_x"].text == "too hard"
    assert board.traces["trc_1"].status == "open"
    assert fold(board=board).requests["evt_x"].state == "open"
    assert fold((2.0, frame("STOP", "s")), board=board).requests["evt_x"].state == "closed"


def test_an_answer_to_nothing_changes_nothing():
    board = fold(TASK, (1.0, frame("CLARIFICATION_ANSWER", "a", parent="lost", who="me")))
    assert board.requests == {}


# -- work for people


def person(name: str, kind: str = "person") -> tuple[float, bytes]:
    fields = json.loads(
        frame("REGISTER", f"r{name}", trace=f"r{name}", who=name, role="neuron", capabilities=[])
    )
    fields["directed"]["type"] = kind
    return 0.0, json.dumps(fields).encode()


OFFER = (1.0, frame("TASK_OFFER", "o", input={"text": "long"}, deadline_ms=200))
BID = (1.1, frame("BID", "b", parent="o", who="ann", cost=0.5, eta_ms=9000))
WON = (
    1.2,
    frame("TASK_AWARDED", "w", parent="b", who="ann", input={"text": "long"}, winning_bid={"eta_ms": 9000}),
)
GIVEN = (1.0, frame("TASK", "w", who="ann", input={"text": "long"}))


@pytest.mark.parametrize("arrival", [[OFFER, BID, WON], [GIVEN]])
def test_work_for_a_person_waits_like_a_question(arrival):
    board = fold(person("ann"), *arrival)
    (request,) = board.waiting.values()
    assert (request.id, request.is_work, request.who, request.text) == ("evt_w", True, "ann", "long")
    assert board.traces["trc_1"].status == "waiting"
    assert board.traces["trc_1"].working.keys() == {"ann"}


def test_what_was_promised_for_it_is_known():
    board = fold(person("ann"), OFFER, BID, WON)
    assert board.requests["evt_w"].detail == {"cost": None, "eta_ms": 9000.0, "confidence": None}


def test_work_for_programs_is_no_persons_concern():
    assert not fold(person("ann", "neuron"), OFFER, BID, WON).requests
    assert not fold(OFFER, BID, WON).requests


@pytest.mark.parametrize("kind", ["AGENT_OUTPUT", "ERROR", "CLARIFICATION"])
def test_a_result_settles_it_and_takes_as_long_as_any_work(kind):
    board = fold(person("ann"), GIVEN, (5.0, frame(kind, "x", parent="w", who="ann", question="what?")))
    request = board.requests["evt_w"]
    assert (request.state, request.answered_by, request.answered_at) == ("answered", "ann", 5.0)
    assert "evt_w" not in board.waiting
    assert "evt_w" not in board.traces["trc_1"].waiting_on


def test_a_result_that_overtook_its_work_settles_it():
    board = fold(person("ann"), (1.0, frame("AGENT_OUTPUT", "x", parent="w", who="ann")), (1.1, WON[1]))
    assert board.requests["evt_w"].state == "answered"


def test_a_failing_result_does_not_answer_a_question():
    board = fold(TASK, ASK, (2.0, frame("ERROR", "x", parent="q", who="n")))
    assert board.requests["evt_q"].state == "open"


def test_a_stop_takes_it_back():
    board = fold(person("ann"), GIVEN, (2.0, frame("STOP", "s", rollback=False)))
    assert board.requests["evt_w"].state == "closed"
    assert not board.waiting


def test_work_that_passes_to_somebody_else_waits_no_more():
    passed = frame("TASK_AWARDED", "v", parent="c", who="bob", input={}, meta={"cosmo.withdraws": "evt_w"})
    board = fold(person("ann"), OFFER, BID, WON, (2.0, passed))
    assert (board.requests["evt_w"].state, board.waiting) == ("closed", {})
    assert not board.traces["trc_1"].waiting_on


def test_an_award_that_does_not_repeat_the_input_is_told_by_the_offer():
    board = fold(
        person("ann"), OFFER, BID, (1.2, frame("TASK_AWARDED", "w", parent="b", who="ann", offer_id="evt_o"))
    )
    assert board.requests["evt_w"].text == "long"


@pytest.mark.parametrize(("kind", "silent_after"), [("person", 601.3), ("neuron", 31.3)])
def test_a_person_who_promised_nothing_is_given_time_to_read(kind, silent_after):
    award = (1.2, frame("TASK_AWARDED", "w", parent="b", who="ann", input={}))
    beats = [
        (float(at), frame("HEARTBEAT", f"h{at}", trace=f"h{at}", who="ann"))
        for at in range(2, int(silent_after), 10)
    ]
    seen = person("ann", kind), OFFER, BID, award, *beats
    assert not _silent(fold(*seen, until=silent_after - 1))
    assert _silent(fold(*seen, until=silent_after))


def _silent(board):
    return [fault.kind for fault in board.faults.by_id.values() if fault.kind == "award, no work"]
