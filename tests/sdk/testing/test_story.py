"""Traces told in a few words, transcripts to ask, trees to read."""

from __future__ import annotations

import pytest

from cosmo_sdk import MemorySynapse, SignalType, check_payload
from cosmo_sdk.testing import (
    FixedIds,
    Story,
    Transcript,
    a_bid,
    a_clarification,
    a_plan,
    a_task,
    an_output,
    draw,
)

AUCTION = """\
trc_00000000000000000000000001
└─ TASK_OFFER  +0.000s  …00000001  {"input":{"text":"hello"},"capabilities":["summarize"],"deadline_ms":250}
   ├─ BID · ann  +0.100s  …00000002  {"cost":0.005}
   │  └─ TASK_DECLINED → ann  +0.500s  …00000005  {"reason":"not selected"}
   └─ BID · bob  +0.200s  …00000003  {"cost":0.002}
      └─ TASK_AWARDED → bob  +0.400s  …00000004  {"input":{"text":"hello"},"winning_bid":{"cost":0.002}}
         └─ AGENT_OUTPUT · bob  +0.600s  …00000006  {"output":{"text":"HELLO"}}
            └─ FINAL · bob  +0.700s  …00000007  {"result":{"text":"HELLO"}}"""


def auction() -> Story:
    story = Story(ids=FixedIds()).offer(capabilities=["summarize"]).bids(ann=0.005, bob=0.002)
    return story.pause(0.1).award().output().final()


def test_an_auction_is_told_and_drawn():
    assert str(auction()) == AUCTION


def test_every_signal_of_a_story_is_valid_and_in_one_trace():
    story = auction()
    assert {signal.trace_id for signal in story.signals} == {story.trace_id}
    assert [check_payload(signal.type, signal.payload) for signal in story.signals] == [[]] * 7
    assert [signal.ts for signal in story.signals] == sorted(signal.ts for signal in story.signals)
    story.transcript.assert_valid()


def test_a_task_with_turns_on_the_way():
    story = (
        Story().task(neuron="ann", finalize=True).then(a_plan, steps=["look"]).error("GONE", "no such page")
    )
    task, plan, error = story.signals
    assert (plan.parent_id, error.parent_id) == (task.id, plan.id)
    assert error.payload["code"] == "GONE"
    assert Story("trc_mine").task().trace_id == "trc_mine"


def test_the_named_bidder_wins_whatever_it_costs():
    story = Story().offer(input={"text": "x"}).bids(ann=0.005, bob=0.002).award("ann")
    award = story.transcript.one(SignalType.TASK_AWARDED)
    assert (award.neuron, award.payload["input"], story.last) == ("ann", {"text": "x"}, award)


@pytest.mark.parametrize(
    ("tell", "complaint"),
    [
        (lambda: Story().last, "the story is empty"),
        (lambda: Story().task().bid("ann"), "the story has no TASK_OFFER yet"),
        (lambda: Story().offer().award(), "no bid to award"),
        (lambda: Story().offer().bid("ann").award("bob"), "no bid of 'bob' to award"),
    ],
)
def test_a_story_that_makes_no_sense_says_why(tell, complaint):
    with pytest.raises(LookupError, match=complaint):
        tell()


async def test_a_story_plays_on_a_bus():
    synapse = MemorySynapse()
    subjects: list[str] = []
    await synapse.tap(">", lambda subject, frame: subjects.append(subject))
    await Story().task().output().play(synapse, namespace="dev")
    assert subjects == ["cosmonapse.dev.TASK", "cosmonapse.dev.AGENT_OUTPUT"]
    await synapse.close()


# -- asking a transcript


def heard(*signals) -> Transcript:
    transcript = Transcript()
    for signal in signals:
        transcript.note(signal)
    return transcript


def test_signals_are_found_by_what_is_known_of_them():
    one, two = a_task(neuron="ann", capabilities=["dig"]), a_task(neuron="bob")
    reply = an_output(one)
    transcript = heard(one, two, reply)
    assert transcript.signals(SignalType.TASK) == [one, two]
    assert transcript.signals(trace=one) == transcript.signals(trace=one.trace_id) == [one, reply]
    assert transcript.signals(neuron="ann") == [one, reply]
    assert transcript.signals(parent=one) == transcript.signals(parent=one.id) == [reply]
    assert transcript.signals(capability="dig") == [one]
    assert transcript.signals(where=lambda signal: "output" in signal.payload) == [reply]
    assert transcript.signals(SignalType.TASK, SignalType.AGENT_OUTPUT, neuron="bob") == [two]
    assert transcript.types(one) == ["TASK", "AGENT_OUTPUT"]
    assert transcript.traces() == [one.trace_id, two.trace_id]
    assert (len(transcript), list(transcript), transcript[-1]) == (3, [one, two, reply], reply)
    assert transcript.one(SignalType.AGENT_OUTPUT) == reply


def test_a_failure_shows_everything_that_crossed():
    transcript = heard(a_task(neuron="ann"), a_task(neuron="bob"))
    with pytest.raises(AssertionError) as caught:
        transcript.one(SignalType.TASK, SignalType.PLAN, capability="dig", neuron="eve", trace="trc_1")
    shown = str(caught.value)
    assert "expected one TASK or PLAN for 'dig' with neuron 'eve' of trc_1, there are 0" in shown
    assert "TASK → ann" in shown
    assert "TASK → bob" in shown
    with pytest.raises(AssertionError, match="there are 2"):
        transcript.one(SignalType.TASK)


def test_payloads_against_the_protocol_are_named():
    wrong = a_bid()
    wrong.payload["cost"] = "cheap"
    with pytest.raises(AssertionError, match=f"BID {wrong.id}: cost: expected float, got str"):
        heard(a_task(), wrong).assert_valid()


# -- drawing


def test_odd_traces_are_drawn_whole():
    lost = an_output()
    early, late = a_task(), a_task()
    early.parent_id, late.parent_id = late.id, early.id
    late.trace_id = early.trace_id
    own_parent = a_task()
    own_parent.parent_id = own_parent.id
    shown = draw([lost, lost, early, late, own_parent])
    assert shown.count("AGENT_OUTPUT") == 2
    assert shown.count("?─ TASK") == 2
    assert shown.count("─ TASK") == 3


def test_a_deep_trace_is_drawn_to_its_end_and_a_long_one_shows_its_end():
    story = Story().task()
    for _ in range(2_000):
        story.then(a_plan)
    assert draw(story.signals, limit=5_000).count("\n") == 2_001
    lines = draw(story.signals, limit=3).splitlines()
    assert lines[0] == "... 1,998 earlier signals"
    assert len(lines) == 5
    assert draw([]) == "(nothing)"


def test_nothing_in_a_tree_can_reach_the_terminal():
    signal = a_clarification(question="\x1b[31mred", neuron="a\nb\x07")
    shown = draw([signal])
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "a\\nb\\x07" in shown
    assert len(draw([a_task(input={"text": "x" * 500})]).splitlines()[1]) == len("└─ ") + 110
