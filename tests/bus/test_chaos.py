"""Faults on demand: the rules alone with every seed, and over TCP."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus.chaos import Chaos, ChaosRule
from cosmo_bus.facts import Facts, Where
from tests.bus.bids import frame, ids, pub


class Due:
    """A timer of the manual kind."""

    def __init__(self, at: float, call) -> None:
        self.at = at
        self.call = call
        self.off = False

    def cancel(self) -> None:
        self.off = True


class Line:
    """A line of frames with rules on it, and time that a test moves."""

    def __init__(self, *rules: ChaosRule) -> None:
        self.time = 0.0
        self.timers: list[Due] = []
        self.arrived: list[int] = []
        self.told: list[tuple[str, str]] = []
        self.chaos: Chaos[int, str] = Chaos(
            call_later=self._call_later,
            forward=lambda subject, item: self.arrived.append(item),
            frame_of=str,
            tell=lambda namespace, event: self.told.append((event.event, event.signal_id)),
        )
        for rule in rules:
            self.chaos.set(rule, "me")

    def _call_later(self, seconds: float, call) -> Due:
        self.timers.append(Due(self.time + seconds, call))
        return self.timers[-1]

    def send(self, number: int, type: str = "BID") -> None:
        if self.chaos.admit("s", number, Facts(f"evt_{number}", type, "trc_a")):
            self.arrived.append(number)

    def wait(self, seconds: float) -> None:
        self.time += seconds
        due = [timer for timer in self.timers if timer.at <= self.time]
        self.timers = [timer for timer in self.timers if timer.at > self.time]
        for timer in sorted(due, key=lambda timer: timer.at):
            if not timer.off:
                timer.call()

    def told_of(self, event: str) -> list[int]:
        return [int(signal_id[4:]) for name, signal_id in self.told if name == event]


def many(line: Line, count: int = 200) -> Line:
    for number in range(count):
        line.send(number)
        line.wait(0.01)
    line.wait(10)
    return line


@given(seed=st.integers(0, 2**32), rate=st.floats(0.01, 1))
def test_what_is_dropped_is_told_and_the_rest_arrives_in_order(seed, rate):
    line = many(Line(ChaosRule("r", "drop", rate=rate, seed=seed)))
    lost = line.told_of("drop")
    assert line.arrived == [number for number in range(200) if number not in lost]
    assert lost == many(Line(ChaosRule("r", "drop", rate=rate, seed=seed))).told_of("drop")


@given(seed=st.integers(0, 2**32), rate=st.floats(0.01, 1))
def test_what_is_duplicated_arrives_twice_in_a_row(seed, rate):
    line = many(Line(ChaosRule("r", "duplicate", rate=rate, seed=seed)))
    twice = set(line.told_of("duplicate"))
    assert line.arrived == [number for number in range(200) for _ in range(2 if number in twice else 1)]


@given(
    seed=st.integers(0, 2**32),
    rate=st.floats(0.01, 1),
    fault=st.sampled_from(["delay", "reorder"]),
    delay_ms=st.integers(1, 500),
)
def test_nothing_that_comes_late_is_lost_or_doubled(seed, rate, fault, delay_ms):
    line = many(Line(ChaosRule("r", fault, rate=rate, seed=seed, delay_ms=delay_ms)))
    assert sorted(line.arrived) == list(range(200))


def test_a_delayed_frame_comes_after_its_delay_and_the_others_do_not_wait():
    line = Line(ChaosRule("r", "delay", where=Where(type="BID"), rate=1, delay_ms=100))
    line.send(0)
    line.send(1, "TASK")
    line.wait(0.099)
    assert line.arrived == [1]
    line.wait(0.001)
    assert line.arrived == [1, 0]


def test_a_reordered_frame_comes_after_the_next_one_or_after_its_delay():
    line = Line(ChaosRule("r", "reorder", rate=1, delay_ms=100))
    for number in range(3):
        line.send(number)
    assert line.arrived == [1, 0]
    line.wait(0.1)
    assert line.arrived == [1, 0, 2]


def test_a_rule_that_ends_lets_what_it_delayed_go_once():
    line = Line(ChaosRule("r", "delay", rate=1, delay_ms=100))
    line.send(0)
    assert line.chaos.clear("r") == 1
    line.wait(1)
    assert line.arrived == [0]
    assert not line.chaos.standing


# -- over TCP


async def test_every_fault_over_a_socket_is_as_its_rule_says_and_is_published(three):
    owner, publisher, subscriber = three
    await subscriber.subscribe("_chaos.dev", sub_id="told")
    rules = {
        "lost": {"fault": "drop", "where": {"neuron": "lost"}},
        "twice": {"fault": "duplicate", "where": {"neuron": "twice"}},
        "late": {"fault": "delay", "where": {"neuron": "late"}, "delay_ms": 20},
        "swapped": {"fault": "reorder", "where": {"neuron": "swapped"}, "delay_ms": 60_000},
    }
    for rule_id, rule in rules.items():
        ask = {"op": "chaos_set", "rule_id": rule_id, "rate": 1, "subject": "cosmonapse.dev.>", **rule}
        assert await owner.ask(ask) == {"op": "chaos_ok", "rule_id": rule_id}
    who = ["lost", "twice", "late", "swapped", "fine", "swapped"]
    publisher.send(*(pub(frame(number, neuron=name)) for number, name in enumerate(who)))
    await publisher.settle()
    lines = await subscriber.settle()
    arrived = ids([line for line in lines if line["sub_id"] == "s"])
    while "evt_2" not in arrived:
        lines.append(await subscriber.read())
        arrived.extend(ids(lines[-1:]))
    assert Counter(arrived) == Counter(["evt_1", "evt_1", "evt_2", "evt_3", "evt_4", "evt_5"])
    assert arrived.index("evt_3") > arrived.index("evt_5")
    told = [json.loads(line["frame"]) for line in lines if line["sub_id"] == "told"]
    assert [(each["event"], each.get("signal_id")) for each in told if each["event"] != "set"] == [
        ("drop", "evt_0"),
        ("duplicate", "evt_1"),
        ("delay", "evt_2"),
        ("reorder", "evt_3"),
    ]
    assert next(each for each in told if each["event"] == "drop")["frame"] == frame(0, neuron="lost")
    listed = await publisher.ask({"op": "chaos_list"})
    assert [(rule["rule_id"], rule["hits"]) for rule in listed["rules"]] == [(name, 1) for name in rules]


async def test_rules_end_with_their_owner_and_nothing_stays_behind(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "chaos_set", "rule_id": "r", "fault": "delay", "rate": 1, "delay_ms": 600_000})
    publisher.send(pub(frame(1)))
    await publisher.settle()
    assert ids(await subscriber.settle()) == []
    owner.writer.close()
    assert ids([await subscriber.read()]) == ["evt_1"]
    publisher.send(pub(frame(2)))
    await publisher.settle()
    assert ids(await subscriber.settle()) == ["evt_2"]


async def test_faults_come_before_gates(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "chaos_set", "rule_id": "r", "fault": "duplicate", "rate": 1})
    await owner.ask({"op": "gate_set", "gate_id": "g"})
    publisher.send(pub(frame(1)))
    await publisher.settle()
    assert (await owner.ask({"op": "ping"}))["op"] == "gate_held"
    assert (await publisher.ask({"op": "gate_step", "gate_id": "g", "n": 9}))["released"] == 2
    assert ids(await subscriber.settle()) == ["evt_1", "evt_1"]


@pytest.mark.parametrize(
    ("op", "words"),
    [
        ({"op": "chaos_set"}, "missing rule_id"),
        ({"op": "chaos_set", "rule_id": "r", "rate": 0}, "rate 0 is not above 0"),
        ({"op": "chaos_set", "rule_id": "r", "rate": 1.5}, "rate 1.5 is not above 0 and at most 1"),
        ({"op": "chaos_set", "rule_id": "r", "delay_ms": 0}, "delay_ms 0"),
        ({"op": "chaos_set", "rule_id": "r", "fault": "burn"}, "chaos_set: Invalid enum value 'burn'"),
        ({"op": "chaos_set", "rule_id": "r", "subject": "a b"}, "tokens are joined by"),
        ({"op": "chaos_clear", "rule_id": "r"}, "there is no rule 'r'; rules: none"),
    ],
)
async def test_what_cannot_be_done_is_said(three, op, words):
    owner, *_ = three
    answer = await owner.ask(op)
    assert (answer["op"], words in answer["message"]) == ("err", True)
