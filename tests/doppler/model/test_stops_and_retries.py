"""Who obeyed a STOP, and what was tried again."""

from __future__ import annotations

from tests.doppler.model.folding import fold, frame


def at_work(*who):
    return [(0.1 * index, frame("TASK", f"t{name}", who=name)) for index, name in enumerate(who)]


def test_everybody_at_work_is_silent_until_it_says_that_it_stopped():
    board = fold(
        *at_work("a", "b", "c"),
        (0.5, frame("AGENT_OUTPUT", "x", parent="tc", who="c")),
        (1.0, frame("STOP", "s")),
        (1.1, frame("STOPPED", "k", parent="s", who="a", cancelled=1)),
    )
    assert board.traces["trc_1"].stop.by == {"a": "acked", "b": "silent"}


def test_a_host_acks_for_its_neurons():
    board = fold(
        *at_work("a", "b"),
        (1.0, frame("STOP", "s")),
        (1.1, frame("STOPPED", "k", parent="s", who="host", cancelled=1)),
    )
    stop = board.traces["trc_1"].stop
    assert stop.by == {"a": "silent", "b": "silent", "host": "acked"}
    fold((1.2, frame("STOPPED", "l", parent="s", cancelled=1)), board=board)
    assert stop.by == {"a": "acked", "b": "acked", "host": "acked"}
    assert stop.unnamed == 1


def test_going_on_with_the_work_is_told_apart_from_what_was_on_its_way():
    board = fold(
        *at_work("a", "b"),
        (1.0, frame("STOP", "s")),
        (1.1, frame("AGENT_OUTPUT", "x", parent="ta", who="a")),
        (2.0, frame("TOOL_CALL", "y", parent="tb", who="hammer")),
    )
    assert board.traces["trc_1"].stop.by == {"a": "silent", "b": "worked on"}


def test_what_was_undone_and_what_was_not_is_added_up():
    errors = {"cosmo.rollback_errors": ["journal given up"]}
    board = fold(
        *at_work("a"),
        (1.0, frame("STOP", "s", rollback=True)),
        (1.1, frame("STOPPED", "k", parent="s", who="a", cancelled=1)),
        (1.2, frame("STOPPED", "l", parent="s", who="notes", compensated=2)),
        (1.3, frame("STOPPED", "m", parent="s", who="ledger", compensated=1, meta=errors)),
        (1.4, frame("STOPPED", "n", parent="s", who="odd", compensated="many", cancelled=-3)),
    )
    stop = board.traces["trc_1"].stop
    assert (stop.undone, stop.problems) == (3, ["journal given up"])
    assert stop.sentence() == (
        "a, ledger, notes and 1 more stopped; 3 Engram writes undone; not all was undone: journal given up"
    )


def test_the_sentence_tells_who_did_what():
    board = fold(
        *at_work("a", "b", "c"),
        (1.0, frame("STOP", "s")),
        (1.1, frame("STOPPED", "k", parent="s", who="a", cancelled=1)),
        (2.0, frame("AGENT_OUTPUT", "y", parent="tb", who="b")),
    )
    assert board.traces["trc_1"].stop.sentence() == "a stopped; c said nothing; b worked on after it"


def test_a_stop_of_nothing_says_so_and_reasons_are_bounded():
    board = fold((0.0, frame("TASK_OFFER", "o")), (1.0, frame("STOP", "s")))
    stop = board.traces["trc_1"].stop
    assert stop.sentence() == "nobody was known to be at work"
    stop.ack("", 0, problems=[f"reason {number}" for number in range(100)])
    assert len(stop.problems) == 8
    assert stop.sentence().startswith("1 stopped without a name; not all was undone: reason 0")


def attempt(number, trace, **payload):
    return frame("TASK", f"t{trace}", trace=trace, who="n", meta={"attempt": number}, **payload)


def test_attempts_at_the_same_work_are_one_series():
    board = fold(
        (0.0, attempt(0, "1", input={"q": 1})),
        (1.0, attempt(0, "9", input={"q": 2})),
        (2.0, attempt(1, "2", input={"q": 1})),
        (3.0, attempt(2, "3", input={"q": 1})),
    )
    assert [board.retries.of(seq) for seq in range(4)] == [(1, 3), None, (2, 3), (3, 3)]
    assert board.traces["trc_1"].child_traces == ["trc_2", "trc_3"]
    outline = board.trace_outline
    assert [outline.at(line).id for line in range(4)] == ["trc_9", "trc_1", "trc_2", "trc_3"]


def test_the_same_work_asked_for_anew_is_no_retry():
    board = fold((0.0, attempt(0, "1", input={})), (1.0, attempt(0, "2", input={})))
    assert board.retries.of(0) is board.retries.of(1) is None
    assert board.traces["trc_2"].parent_trace is None


def test_what_calls_itself_an_attempt_without_a_number_is_none():
    board = fold(
        *(
            (float(n), frame("TASK", f"t{n}", trace=str(n), meta={"attempt": odd}))
            for n, odd in enumerate([True, "1", -1, None])
        )
    )
    assert [board.retries.of(seq) for seq in range(4)] == [None] * 4
