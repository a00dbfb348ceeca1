"""Questions to a human, and what becomes of them."""

from __future__ import annotations

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
