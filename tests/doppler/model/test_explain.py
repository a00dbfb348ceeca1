"""One sentence for any signal."""

from __future__ import annotations

import pytest
from hypothesis import given

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.explain import LONGEST, explain, lasted
from tests.doppler.model.folding import fold, frame, observed
from tests.doppler.model.generated import anything, sessions


def explained(frames, id, until=None):
    """What is said about a signal once all of them were seen."""
    seen = observed(frames)
    board = fold(*frames, until=until)
    return explain(next(each for each in seen if each.header.id == f"evt_{id}"), board)


def auction():
    return [
        (0.0, frame("TASK_OFFER", "o", deadline_ms=250, input={"text": "add"}, capabilities=["sum"])),
        (0.006, frame("BID", "b", parent="o", who="s-b", cost=0.005)),
        (0.010, frame("BID", "a", parent="o", who="s-a", cost=0.002)),
        (0.251, frame("TASK_AWARDED", "w", parent="a", who="s-a")),
        (0.252, frame("TASK_DECLINED", "d", parent="b", who="s-b", reason="not selected")),
        (0.261, frame("BID", "l", parent="o", who="s-d", cost=0.001)),
        (0.800, frame("AGENT_OUTPUT", "x", parent="w", who="s-a", output="7")),
        (0.801, frame("FINAL", "f", parent="x", who="s-a", result="7")),
    ]


@pytest.mark.parametrize(
    ("id", "sentence"),
    [
        (
            "o",
            'Somebody offers "add", needs sum, bids for 250 ms: 3 bid, and s-a got it after 251 ms',
        ),
        (
            "a",
            "s-a bids $0.0020, 10.0 ms after the offer, and won: that fits lowest_cost or highest_confidence",
        ),
        ("b", 's-b bids $0.0050, 6.0 ms after the offer, and was told "not selected"'),
        ("l", "s-d bid 11.0 ms after the window closed; nobody told it"),
        ("w", "s-a is given the work, 251 ms after the offer, and was answered after 549 ms"),
        ("d", "s-b is declined because not selected, 252 ms after the offer"),
        ("x", 's-a answers "7", 549 ms after it was asked'),
        ("f", 's-a concludes "7", 801 ms after the trace began'),
    ],
)
def test_an_auction_is_told_bid_by_bid(id, sentence):
    assert explained(auction(), id) == sentence


def test_what_is_not_decided_yet_says_so():
    frames = auction()[:2]
    assert explained(frames, "o", until=0.1).endswith("1 bid so far, 150 ms are left")
    assert explained(frames, "b", until=0.1).endswith("; the window is open for 150 ms more")
    assert explained(frames, "b", until=9.0).endswith("; nothing was decided")
    assert explained(frames[:1], "o", until=9.0).endswith("nobody bid in time")


def test_work_says_what_came_of_it():
    task = (0.0, frame("TASK", "t", who="n", input={"text": "go"}))
    assert explained([task], "t", until=3.0) == 'n is asked "go", and no answer has come for 3.0 s'
    failed = [task, (0.5, frame("ERROR", "e", parent="t", who="n", code="X", message="no"))]
    assert explained(failed, "t") == 'n is asked "go", and it failed after 500 ms'
    assert explained(failed, "e") == "n fails: no (X), 500 ms after it was asked"
    asking = [task, (0.5, frame("CLARIFICATION", "q", parent="t", who="n", question="where?"))]
    assert explained(asking, "t") == 'n is asked "go", and it waits for a person since it asked back'
    assert explained(asking, "q", until=41.5).endswith("and has waited for a person for 41.0 s")
    answered = [*asking, (1.0, frame("CLARIFICATION_ANSWER", "a", parent="q", who="me", answer="here"))]
    assert explained(answered, "q").endswith("and was answered by me after 500 ms")
    assert explained(answered, "a").endswith(", 500 ms after it was asked")


def test_a_stop_says_who_obeyed():
    frames = [
        (0.0, frame("TASK", "t", who="n", input={})),
        (0.1, frame("TASK", "u", who="m", input={})),
        (1.0, frame("STOP", "s", reason="enough", rollback=True)),
        (1.1, frame("STOPPED", "k", parent="s", who="n", cancelled=1)),
        (2.0, frame("AGENT_OUTPUT", "x", parent="u", who="m", output=1)),
    ]
    assert explained(frames, "s") == (
        'This trace is to stop and what it wrote is to be undone because "enough": '
        "n stopped; m worked on after it"
    )


def test_odd_places_are_named():
    frames = [
        (0.0, frame("TASK", "t", who="n", input={})),
        (0.1, frame("PLAN", "p", parent="lost", who="n", steps=[])),
        (0.2, frame("PLAN", "q", parent="q", who="n", steps=[])),
        (0.3, frame("TASK", "u", parent="t", trace="2", who="m", input={})),
    ]
    assert explained(frames, "p").endswith("; its parent was never seen")
    assert explained(frames, "q").endswith("; it is among its own ancestors")
    assert explained(frames, "u").endswith("; caused in trace trc_1")


def test_frames_that_are_no_signals_and_presence_are_told_too():
    [garbage] = observed([(0.0, b"garbage")])
    assert explain(garbage, Board()).startswith("This frame is no valid signal: not JSON")
    assert explained([(0.0, frame("HEARTBEAT", "h", who="n", status="ok"))], "h") == "n is alive: ok"


def test_times_are_told_with_few_figures():
    assert [lasted(seconds) for seconds in (0.0098, 0.25, 1.94, 61.0, 600.0)] == [
        "9.8 ms",
        "250 ms",
        "1.9 s",
        "61.0 s",
        "10 min",
    ]


@given(sessions, anything)
def test_anything_has_a_sentence_of_bounded_length(frames, odd):
    frames = [*frames, (99.0, odd)]
    board = fold(*frames)
    for seen in observed(frames):
        sentence = explain(seen, board)
        assert 0 < len(sentence) <= LONGEST


def test_who_announced_itself_and_is_gone_is_not_said_to_be_there() -> None:
    def registers(who: str) -> tuple[float, bytes]:
        return 0.0, frame("REGISTER", who, who=who, role="neuron", capabilities=["sum"])

    beats = [(at, frame("HEARTBEAT", f"h{at}", who="ada", status="ok")) for at in (1.0, 2.0, 3.0)]
    leaves = (9.0, frame("DEREGISTER", "d", who="bob"))
    frames = [registers("ada"), registers("bob"), *beats, leaves]
    assert explained(frames[:-1], "ada", until=3.5) == "ada is here as neuron: sum"
    assert explained(frames, "bob", until=10.0) == "bob is here as neuron: sum; it left 9.0 s later"
    assert explained(frames, "ada", until=60.0) == (
        "ada is here as neuron: sum; its last sign came 3.0 s later"
    )
