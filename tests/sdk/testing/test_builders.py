"""Signals for tests: valid without a word said, and in their place of the trace."""

from __future__ import annotations

import pytest

from cosmo_sdk import Signal, SignalType, check_payload, testing
from cosmo_sdk.testing import (
    a_bid,
    a_critique,
    a_decline,
    a_discover,
    a_final,
    a_recalled,
    a_task,
    an_award,
    an_error,
    an_imprint,
    an_imprinted,
    an_offer,
    an_output,
)
from cosmo_sdk.testing.builders import BUILDERS


@pytest.mark.parametrize("type", SignalType)
def test_every_builder_makes_a_valid_signal_of_its_type(type):
    signal = BUILDERS[type]()
    assert signal.type is type
    assert check_payload(type, signal.payload) == []
    assert Signal.decode(signal.encode()) == signal


@pytest.mark.parametrize("type", SignalType)
def test_every_builder_follows_its_cause_and_is_public(type):
    task = a_task(neuron="ann")
    signal = BUILDERS[type](task, meta={"x": 1})
    assert signal.trace_id == task.trace_id
    assert signal.parent_id == (None if type in ("REGISTER", "DEREGISTER", "HEARTBEAT") else task.id)
    assert signal.meta == {"x": 1}
    assert getattr(testing, BUILDERS[type].__name__) is BUILDERS[type]
    assert BUILDERS[type].__name__ in testing.__all__


def test_an_auction_reads_as_one():
    offer = an_offer(input={"text": "a long article"}, capabilities=["summarize"], deadline_ms=100)
    bid = a_bid(offer, neuron="ann", cost=0.002, confidence=0.9)
    award, decline = an_award(bid, input=offer.payload["input"]), a_decline(bid, reason="late")
    output = an_output(award, output={"summary": "short"})
    final = a_final(output)
    assert [each.trace_id for each in (bid, award, decline, output, final)] == [offer.trace_id] * 5
    assert (bid.parent_id, award.parent_id, output.parent_id) == (offer.id, bid.id, award.id)
    assert award.payload["winning_bid"] == {"cost": 0.002, "confidence": 0.9}
    assert (award.neuron, decline.neuron, output.neuron) == ("ann", "ann", "ann")


def test_who_speaks_follows_from_the_cause():
    assert an_output(a_task(neuron="ann")).neuron == "ann"
    assert an_output(a_task()).neuron == "worker"
    assert an_output(a_task(neuron="ann"), neuron="bob").neuron == "bob"
    assert a_task().neuron is None
    assert a_recalled().neuron == a_recalled().payload["engram_id"] == "memory"
    assert a_recalled(engram_id="notes").neuron == "notes"
    done = an_imprinted(an_imprint(neuron="notes", op="append"))
    assert (done.neuron, done.payload["engram_id"], done.payload["op"]) == ("notes", "notes", "append")
    assert a_discover(neuron="ann").payload == {"neuron": "ann"}


def test_a_critique_is_about_its_cause():
    output = an_output()
    assert a_critique(output).payload["target_event_id"] == output.id
    assert a_critique(output, target_event_id="evt_other").payload["target_event_id"] == "evt_other"


def test_samples_are_nobodys_to_change():
    a_task().payload["input"]["text"] = "changed"
    assert a_task().payload["input"] == {"text": "hello"}


def test_a_trace_may_be_named():
    assert an_error(trace_id="trc_1").trace_id == "trc_1"
    assert an_error(trace_id="trc_1").parent_id is None
