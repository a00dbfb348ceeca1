"""Signals whose content is shared until somebody reads it: nobody may notice."""

from __future__ import annotations

import copy
import operator
import pickle
from datetime import UTC, datetime

import msgspec
import pytest

from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import EnvelopeError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse._sharing import own_copy, shared


def original() -> Signal:
    return Signal(
        type=SignalType.TASK,
        directed=Directed(id="writer", capabilities=["write"]),
        payload={"input": {"words": ["a", "b"]}},
        meta={"tags": ["x"]},
    )


def pair() -> tuple[Signal, Signal, Signal]:
    """What was sent, and what two receivers got of it."""
    sent = original()
    given = shared(own_copy(sent))
    return sent, given.__copy__(), given.__copy__()


def test_receivers_read_what_was_sent():
    sent, one, two = pair()
    assert one == sent
    assert sent == two
    assert (two.payload, two.meta, two.directed) == (sent.payload, sent.meta, sent.directed)


def test_two_receivers_compare_before_they_read_anything():
    _, one, two = pair()
    assert one == two


def test_equal_ones_are_not_different():
    sent, one, two = pair()
    assert not operator.ne(one, sent)
    assert not operator.ne(sent, two)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda signal: signal.payload["input"]["words"].append("c"),
        lambda signal: signal.payload.clear(),
        lambda signal: signal.meta["tags"].append("y"),
        lambda signal: signal.directed.capabilities.append("z"),
        lambda signal: setattr(signal.directed, "id", "somebody else"),
        lambda signal: setattr(signal, "payload", {}),
        lambda signal: setattr(signal, "meta", {}),
        lambda signal: setattr(signal, "directed", None),
        lambda signal: setattr(signal, "trace_id", "trc_other"),
    ],
)
@pytest.mark.parametrize("culprit", [0, 1])
def test_what_one_changes_nobody_else_sees(spoil, culprit):
    people = list(pair())
    untouched = people[0].encode()
    spoil(people.pop(culprit))
    assert [each.encode() for each in people] == [untouched, untouched]


def test_a_signal_passed_on_unread_says_the_same():
    sent, one, two = pair()
    assert one.encode() == sent.encode()
    assert msgspec.json.decode(msgspec.json.encode(two)) == msgspec.json.decode(sent.encode())


def test_addresses_can_be_read_without_reading_the_rest():
    _, one, _ = pair()
    assert (one.neuron, one.target, one.source) == ("writer", "writer", None)


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        lambda signal: pickle.loads(pickle.dumps(signal)),
        lambda signal: msgspec.structs.replace(signal, trace_id=signal.trace_id),
    ],
)
def test_copies_of_a_copy_are_apart_too(duplicate):
    sent, one, two = pair()
    again = duplicate(one)
    again.payload["input"]["words"].append("c")
    assert two == sent


def test_they_look_like_any_signal():
    sent, one, two = pair()
    assert repr(one) == repr(sent)
    assert isinstance(two, Signal)
    assert type(two.reply(SignalType.FINAL)) is Signal


def test_what_is_no_json_is_shared_as_it_is():
    thing = object()
    sent = Signal(type=SignalType.TASK, payload={"thing": thing, "list": [1]})
    one = shared(own_copy(sent)).__copy__()
    assert one.payload["thing"] is thing
    assert one.payload["list"] is not sent.payload["list"]


def test_times_become_text_as_on_a_bus():
    sent = Signal(type=SignalType.TASK, payload={"at": datetime(2026, 1, 2, tzinfo=UTC)})
    assert own_copy(sent).payload == {"at": "2026-01-02T00:00:00Z"}


def test_a_payload_that_contains_itself_is_refused():
    sent = Signal(type=SignalType.TASK)
    sent.payload["me"] = sent.payload
    with pytest.raises(EnvelopeError, match="contains itself"):
        own_copy(sent)
