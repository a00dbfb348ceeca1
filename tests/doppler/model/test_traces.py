"""How a trace stands, told from its signals."""

from __future__ import annotations

import pytest

from tests.doppler.model.folding import fold, frame

TASK = frame("TASK", "t", who="n", input={"text": "brew"})
OUTPUT = frame("AGENT_OUTPUT", "o", parent="t", who="n", output={})
ERROR = frame("ERROR", "e", parent="t", who="n", code="X", message="boom")
QUESTION = frame("CLARIFICATION", "q", parent="t", who="n", question="how strong?")
FINAL = frame("FINAL", "f", parent="o", who="n", result=1)
STOP = frame("STOP", "s", rollback=True)


def trace_of(*frames, until=None):
    board = fold(*((float(index), each) for index, each in enumerate(frames)), until=until)
    return board.traces["trc_1"]


@pytest.mark.parametrize(
    ("frames", "status", "ended_at"),
    [
        ([TASK], "open", None),
        ([TASK, frame("PLAN", "p", parent="t", who="n")], "open", None),
        ([TASK, OUTPUT], "done", 1),
        ([TASK, OUTPUT, FINAL], "done", 2),
        ([TASK, ERROR], "failed", 1),
        ([TASK, QUESTION], "waiting", None),
        ([TASK, QUESTION, frame("CLARIFICATION_ANSWER", "a", parent="q", who="me")], "open", None),
        ([TASK, QUESTION, frame("TASK", "a", parent="q", who="n")], "open", None),
        ([TASK, STOP], "stopped", 1),
        ([TASK, STOP, OUTPUT], "stopped", 1),
        ([TASK, STOP, ERROR], "stopped", 1),
        ([TASK, ERROR, STOP], "failed", 1),
        ([TASK, frame("TASK", "u", who="m"), ERROR, STOP], "stopped", 3),
        ([TASK, OUTPUT, STOP], "stopped", 2),
        ([TASK, STOP, frame("TASK", "u", who="n")], "stopped", 1),
        ([TASK, OUTPUT, frame("TASK", "u", who="n")], "open", None),
        ([TASK, ERROR, frame("TASK", "u", who="n")], "open", None),
        ([TASK, FINAL, OUTPUT], "done", 1),
        ([TASK, OUTPUT, QUESTION], "waiting", None),
        ([TASK, QUESTION, STOP], "stopped", 2),
        ([TASK, QUESTION, FINAL], "done", 2),
        ([OUTPUT, TASK], "done", 0),
        ([frame("BID", "b")], "open", None),
    ],
)
def test_status(frames, status, ended_at):
    trace = trace_of(*frames)
    assert (trace.status, trace.ended_at) == (status, ended_at)


def test_two_tasks_to_one_neuron_take_two_answers():
    second = frame("TASK", "u", who="n")
    trace = trace_of(TASK, second, OUTPUT)
    assert (trace.status, trace.working) == ("open", {"n": 0.0})
    trace = trace_of(TASK, second, OUTPUT, frame("AGENT_OUTPUT", "p", parent="u", who="n"))
    assert (trace.status, trace.working, trace.ended_at) == ("done", {}, 3)


def test_a_second_answer_to_one_task_does_not_answer_another():
    trace = trace_of(
        TASK, frame("TASK", "u", who="n"), OUTPUT, frame("AGENT_OUTPUT", "o2", parent="t", who="n")
    )
    assert trace.working == {"n": 0.0}


def test_a_task_that_names_nobody_is_answered_by_whoever_takes_it():
    routed = frame("TASK", "t", capabilities=["brew"])
    assert trace_of(routed).working == {"": 0.0}
    assert trace_of(routed, OUTPUT).status == "done"


def test_a_reply_without_a_usable_parent_answers_its_neurons_task():
    assert trace_of(TASK, frame("AGENT_OUTPUT", "o", parent="elsewhere", who="n")).status == "done"
    assert trace_of(TASK, frame("AGENT_OUTPUT", "o", who="n")).status == "done"


def test_one_error_of_many_fails_the_trace_while_others_work():
    trace = trace_of(TASK, frame("TASK", "u", who="m"), ERROR)
    assert (trace.status, trace.errors, trace.working) == ("failed", 1, {"m": 1.0})


def test_a_retry_on_another_trace_leaves_the_failed_one_failed():
    board = fold((0, TASK), (1, ERROR), (2, frame("TASK", "u", trace="2", who="n", meta={"attempt": 1})))
    assert [board.traces[key].status for key in board.trace_order] == ["failed", "open"]


def test_an_offer_nobody_bids_on_fails_its_trace_at_a_moment_that_does_not_depend_on_who_looks():
    offer = frame("TASK_OFFER", "o", input={"q": 1}, deadline_ms=200)
    for moments in ([0.3], [0.69], [0.7], [5.0], [0.1, 0.4, 0.75, 9.0]):
        board = fold((0.0, offer))
        for now in moments:
            board.advance(now)
        trace = board.traces["trc_1"]
        assert (trace.status, trace.ended_at) == (("failed", 0.7) if moments[-1] >= 0.7 else ("open", None))


def test_work_sent_after_nobody_bid_counts():
    trace = trace_of(frame("TASK_OFFER", "x", deadline_ms=100), TASK, OUTPUT)
    assert trace.status == "done"


def test_an_output_is_not_the_end_while_an_auction_is_open():
    trace = trace_of(TASK, frame("TASK_OFFER", "x", deadline_ms=60_000), OUTPUT)
    assert trace.status == "open"


def test_the_title_is_what_was_asked_first():
    trace = trace_of(TASK, frame("TASK", "u", who="n", input={"text": "again"}))
    assert (trace.title, trace.title_type) == ("brew", "TASK")


def test_times_are_those_of_arrival():
    trace = trace_of(TASK, OUTPUT, frame("AUDIT", "x", parent="t"))
    assert (trace.started_at, trace.last_at, trace.signals) == (0.0, 2.0, 3)
