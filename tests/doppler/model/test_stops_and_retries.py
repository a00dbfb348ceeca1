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
