"""Frames held inside the bus: by hand over TCP, and every sequence of decisions as a property."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cosmo_bus.errors import GateError
from cosmo_bus.facts import Facts, Where, read_facts
from cosmo_bus.gate import Gatekeeper, GateRule
from cosmo_bus.testing import running_bus
from tests.bus.bids import SUBJECT, frame, ids, pub
from tests.bus.raw import raw_client

# -- what is read out of a frame


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (frame(1), Facts("evt_1", "BID", "trc_a", "n")),
        ('{"type":"TASK","neuron":"old"}', Facts(type="TASK", neuron="old")),
        ('{"type":"TASK","directed":"odd"}', Facts(type="TASK")),
        ('{"type":7,"trace_id":null}', Facts()),
        ("not json", Facts()),
        ("[]", Facts()),
        ("[" * 5000, Facts()),
    ],
)
def test_facts_are_what_the_frame_says_of_itself_and_nothing_where_it_does_not(text, facts):
    assert read_facts(text.encode()) == facts


# -- over TCP


async def test_a_held_frame_is_shown_to_the_owner_and_arrives_once_released(three):
    owner, publisher, subscriber = three
    assert await owner.ask({"op": "gate_set", "gate_id": "g", "subject": SUBJECT}) == {
        "op": "gate_ok",
        "gate_id": "g",
    }
    publisher.send(pub(frame(1)))
    held = await owner.read()
    assert held == {
        "op": "gate_held",
        "gate_id": "g",
        "hold_id": held["hold_id"],
        "subject": SUBJECT,
        "frame": frame(1),
    }
    assert ids(await subscriber.settle()) == []
    answer = await owner.ask({"op": "gate_release", "hold_id": held["hold_id"], "ref": "r1"})
    assert answer == {"op": "gate_ok", "hold_id": held["hold_id"], "released": 1, "ref": "r1"}
    assert ids(await subscriber.settle()) == ["evt_1"]


async def test_only_what_the_condition_names_is_held(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g", "where": {"trace_id": "trc_b", "neuron": "n"}})
    publisher.send(
        pub(frame(1)), pub(frame(2, trace="trc_b", neuron="m")), pub(frame(3, trace="trc_b")), pub("no json")
    )
    await publisher.settle()
    lines = await subscriber.settle()
    assert [line["frame"] for line in lines] == [frame(1), frame(2, trace="trc_b", neuron="m"), "no json"]


async def test_an_edited_frame_takes_the_place_of_the_held_one(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g"})
    publisher.send(pub(frame(1)))
    hold = (await owner.read())["hold_id"]
    refused = await owner.ask({"op": "gate_release", "hold_id": hold, "frame": "[]"})
    assert refused["op"] == "err"
    assert "JSON text of an object" in refused["message"]
    await owner.ask({"op": "gate_release", "hold_id": hold, "frame": frame(9)})
    assert ids(await subscriber.settle()) == ["evt_9"]


async def test_a_trace_keeps_its_order_whatever_is_released_first(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g"})
    publisher.send(pub(frame(1)), pub(frame(2)), pub(frame(3, trace="trc_b")))
    first, second, other = [(await owner.read())["hold_id"] for _ in range(3)]
    refused = await owner.ask({"op": "gate_release", "hold_id": second})
    assert (
        refused["message"]
        == f"hold {second} waits behind {first} of the same trace; release or drop that first"
    )
    await owner.ask({"op": "gate_release", "hold_id": other})
    await owner.ask({"op": "gate_drop", "hold_id": first})
    await owner.ask({"op": "gate_release", "hold_id": second})
    assert ids(await subscriber.settle()) == ["evt_3", "evt_2"]


async def test_anyone_may_step_list_and_look_and_the_owner_keeps_the_gate(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g", "subject": "cosmonapse.dev.*"})
    publisher.send(pub(frame(1)), pub(frame(2)), pub(frame(3)))
    state = (await publisher.settle() and None) or await publisher.ask({"op": "gate_list"})
    assert state["op"] == "gate_state"
    assert [gate["held"] for gate in state["gates"]] == [3]
    assert [(held["id"], held["type"], held["neuron"]) for held in state["held"]] == [
        ("evt_1", "BID", "n"),
        ("evt_2", "BID", "n"),
        ("evt_3", "BID", "n"),
    ]
    shown = await publisher.ask({"op": "gate_show", "hold_id": state["held"][0]["hold_id"]})
    assert (shown["op"], shown["frame"]) == ("gate_frame", frame(1))
    stepped = await publisher.ask({"op": "gate_step", "gate_id": "g", "n": 2})
    assert stepped["released"] == 2
    assert ids(await subscriber.settle()) == ["evt_1", "evt_2"]
    stolen = await publisher.ask({"op": "gate_set", "gate_id": "g"})
    assert "belongs to another client" in stolen["message"]


async def test_clearing_a_gate_lets_everything_go_in_order_and_tells_the_owner(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g"})
    publisher.send(pub(frame(1)), pub(frame(2, trace="trc_b")))
    await publisher.settle()
    assert (await publisher.ask({"op": "gate_clear", "gate_id": "g"}))["released"] == 2
    assert ids(await subscriber.settle()) == ["evt_1", "evt_2"]
    assert [(line["op"], line.get("reason")) for line in await owner.settle()][-1] == ("gate_gone", "cleared")
    publisher.send(pub(frame(3)))
    await publisher.settle()
    assert ids(await subscriber.settle()) == ["evt_3"]


async def test_when_the_owner_leaves_everything_goes(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g"})
    publisher.send(pub(frame(1)), pub(frame(2)))
    await publisher.settle()
    owner.writer.close()
    assert ids([await subscriber.read(), await subscriber.read()]) == ["evt_1", "evt_2"]


OWNER_PROGRAM = """
import socket, sys
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
link.sendall(b'{"op":"gate_set","gate_id":"g"}\\n')
lines = link.makefile("rb")
for _ in range(3):
    print(lines.readline().decode(), end="", flush=True)
lines.readline()
"""


async def test_when_the_owner_is_killed_everything_goes():
    async with running_bus() as bus, raw_client(bus.port) as publisher, raw_client(bus.port) as subscriber:
        await subscriber.subscribe("cosmonapse.dev.>")
        owner = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OWNER_PROGRAM, str(bus.port), stdout=subprocess.PIPE
        )
        assert json.loads(await owner.stdout.readline())["op"] == "welcome"
        assert json.loads(await owner.stdout.readline())["op"] == "gate_ok"
        publisher.send(pub(frame(1)))
        assert json.loads(await owner.stdout.readline())["op"] == "gate_held"
        assert ids(await subscriber.settle()) == []
        owner.kill()
        await owner.wait()
        assert ids([await subscriber.read()]) == ["evt_1"]


async def test_a_gate_that_holds_for_too_long_opens(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g", "max_hold_s": 0.05})
    publisher.send(pub(frame(1)))
    assert (await owner.read())["op"] == "gate_held"
    assert ids([await subscriber.read()]) == ["evt_1"]
    assert await owner.read() == {"op": "gate_gone", "gate_id": "g", "reason": "held too long"}


async def test_a_full_gate_opens(three):
    owner, publisher, subscriber = three
    await owner.ask({"op": "gate_set", "gate_id": "g", "max_frames": 2})
    publisher.send(*(pub(frame(number)) for number in range(3)))
    await publisher.settle()
    assert ids(await subscriber.settle()) == ["evt_0", "evt_1", "evt_2"]
    assert (await owner.settle())[-1] == {"op": "gate_gone", "gate_id": "g", "reason": "full"}


async def test_what_happens_at_a_gate_is_published_beside_the_namespace(three):
    owner, publisher, subscriber = three
    await subscriber.subscribe("_gate.>", sub_id="gates")
    await owner.ask({"op": "gate_set", "gate_id": "g", "subject": "cosmonapse.dev.*"})
    publisher.send(pub(frame(1)), pub(frame(2)))
    await publisher.settle()
    holds = [(await owner.read())["hold_id"] for _ in range(2)]
    await owner.ask({"op": "gate_drop", "hold_id": holds[0]})
    await owner.ask({"op": "gate_step", "gate_id": "g"})
    events = [json.loads(line["frame"]) for line in await subscriber.settle() if line["sub_id"] == "gates"]
    assert [(event["event"], event.get("signal_id"), event.get("waiting", 0)) for event in events] == [
        ("set", None, 0),
        ("held", "evt_1", 1),
        ("held", "evt_2", 2),
        ("dropped", "evt_1", 1),
        ("released", "evt_2", 0),
    ]
    assert events[3]["frame"] == frame(1)


async def test_a_closing_bus_keeps_nothing_back():
    async with running_bus() as bus, raw_client(bus.port) as owner, raw_client(bus.port) as subscriber:
        await subscriber.subscribe("cosmonapse.dev.>")
        await owner.ask({"op": "gate_set", "gate_id": "g"})
        await owner.ask(pub(frame(1)))
        await bus.close()
        assert ids([await subscriber.read()]) == ["evt_1"]


@pytest.mark.parametrize(
    ("op", "words"),
    [
        ({"op": "gate_set"}, "missing gate_id"),
        ({"op": "gate_set", "gate_id": "g", "subject": "a..b"}, "tokens are joined by"),
        ({"op": "gate_set", "gate_id": "g", "max_hold_s": 0}, "must be positive"),
        ({"op": "gate_set", "gate_id": "g", "where": {"colour": "red"}}, "unknown field `colour`"),
        ({"op": "gate_set", "gate_id": 5}, "gate_set: Expected `str"),
        ({"op": "gate_step", "gate_id": "g"}, "there is no gate 'g'; gates: none"),
        ({"op": "gate_release", "hold_id": "h9"}, "nothing is held as 'h9'"),
        ({"op": "gate_drop"}, "nothing is held as ''"),
    ],
)
async def test_what_cannot_be_done_is_said(three, op, words):
    owner, *_ = three
    answer = await owner.ask(op)
    assert answer["op"] == "err"
    assert words in answer["message"]


# -- every sequence of decisions


class GateMachine(RuleBasedStateMachine):
    """Two owners put up gates and decide in any order; what was published is always somewhere, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.published: list[tuple[int, str, str]] = []
        self.arrived: list[tuple[int, str, str]] = []
        self.dropped: list[tuple[int, str, str]] = []
        self.keeper: Gatekeeper[tuple[int, str, str], str] = Gatekeeper(
            now=lambda: self.time,
            forward=lambda subject, item: self.arrived.append(item),
            frame_of=str,
            tell=lambda namespace, event: None,
            show=lambda held: None,
            gone=lambda gate, reason, released: None,
        )

    def holds(self):
        return [held for gate in list(self.keeper.standing.values()) for held in gate.held.values()]

    @rule(
        gate_id=st.sampled_from("abc"),
        owner=st.sampled_from(["x", "y"]),
        type=st.sampled_from([None, "BID", "TASK"]),
        trace=st.sampled_from([None, "t1"]),
        frames=st.integers(1, 5),
        patience=st.integers(1, 20),
    )
    def put_up(self, gate_id, owner, type, trace, frames, patience):
        rule = GateRule(
            gate_id, where=Where(type=type, trace_id=trace), max_frames=frames, max_hold_s=float(patience)
        )
        try:
            self.keeper.set(rule, owner)
        except GateError:
            standing = next(
                gate for gate in list(self.keeper.standing.values()) if gate.rule.gate_id == gate_id
            )
            assert standing.owner != owner or standing.held
        # As whoever keeps the time does: a shorter patience may be over already.
        self.keeper.expire()

    @rule(type=st.sampled_from(["BID", "TASK"]), trace=st.sampled_from(["t1", "t2"]))
    def publish(self, type, trace):
        item = (len(self.published), type, trace)
        self.published.append(item)
        if self.keeper.admit("s", item, Facts(type=type, trace_id=trace), 1):
            self.arrived.append(item)

    @precondition(holds)
    @rule(data=st.data())
    def release(self, data):
        held = data.draw(st.sampled_from(self.holds()))
        older = [other for other in held.gate.held.values() if other.facts.trace_id == held.facts.trace_id]
        if older[0] is held:
            self.keeper.release(held.hold_id)
        else:
            with pytest.raises(GateError, match="waits behind"):
                self.keeper.release(held.hold_id)

    @precondition(holds)
    @rule(data=st.data())
    def drop(self, data):
        held = data.draw(st.sampled_from(self.holds()))
        self.keeper.drop(held.hold_id)
        self.dropped.append(held.item)

    @precondition(lambda self: list(self.keeper.standing.values()))
    @rule(data=st.data(), frames=st.integers(1, 3))
    def step(self, data, frames):
        gate = data.draw(st.sampled_from(list(self.keeper.standing.values())))
        before = len(gate.held)
        assert self.keeper.step(gate.rule.gate_id, frames) == min(frames, before)

    @precondition(lambda self: list(self.keeper.standing.values()))
    @rule(data=st.data())
    def clear(self, data):
        gate = data.draw(st.sampled_from(list(self.keeper.standing.values())))
        self.keeper.clear(gate.rule.gate_id)

    @rule(owner=st.sampled_from(["x", "y"]))
    def leave(self, owner):
        self.keeper.leave(owner)
        assert all(gate.owner != owner for gate in list(self.keeper.standing.values()))

    @rule(seconds=st.integers(1, 10))
    def wait(self, seconds):
        self.time += seconds
        self.keeper.expire()

    @invariant()
    def nothing_is_lost_or_doubled(self):
        seen = [*self.arrived, *self.dropped, *(held.item for held in self.holds())]
        assert sorted(seen) == self.published

    @invariant()
    def what_one_rule_cannot_tell_apart_keeps_its_order(self):
        for kind in {item[1:] for item in self.arrived}:
            numbers = [item[0] for item in self.arrived if item[1:] == kind]
            assert numbers == sorted(numbers)

    @invariant()
    def nothing_is_held_for_longer_than_its_gate_may(self):
        due = self.keeper.next_expiry
        assert due is None or due > self.time
        assert all(self.time - held.since < held.gate.rule.max_hold_s for held in self.holds())


GateMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestGateMachine = GateMachine.TestCase
