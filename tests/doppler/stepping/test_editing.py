"""Held signals changed by hand."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.errors import EditError
from cosmo_doppler.stepping.editing import change, check, differences, fields_of, laid_out
from cosmo_sdk import Signal, SignalType

BID = Signal(
    type=SignalType.BID, payload={"cost": 0.4, "eta_ms": 120, "confidence": 0.8, "note": "kept"}
).encode()


def test_a_bid_is_offered_by_its_fields():
    assert [(each.name, each.text) for each in fields_of("BID", json.loads(BID)["payload"])] == [
        ("cost", "0.4"),
        ("eta_ms", "120"),
        ("confidence", "0.8"),
    ]


def test_what_nobody_touched_stays():
    edited = json.loads(change(BID, {"cost": "0.1", "eta_ms": "120", "confidence": ""}))
    assert edited["payload"] == {"cost": 0.1, "eta_ms": 120, "note": "kept"}
    assert {**edited, "payload": 0} == {**json.loads(BID), "payload": 0}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("cost", "cheap", "cost: 'cheap' cannot be read; write a number like 0.1, or leave it empty"),
        ("cost", "nan", "cost: 'nan' cannot be read"),
        ("cost", "", "cost: missing; write a number"),
        ("eta_ms", "1.5", "eta_ms: '1.5' cannot be read; write a whole number"),
    ],
)
def test_a_field_that_cannot_be_meant_is_named_with_its_remedy(name, text, sentence):
    with pytest.raises(EditError) as raised:
        change(BID, {name: text})
    assert str(raised.value).startswith(sentence)
    assert raised.value.field == name


def test_offers_take_input_capabilities_and_window():
    offer = Signal(
        type=SignalType.TASK_OFFER, payload={"input": {"text": "a"}, "capabilities": ["x"]}
    ).encode()
    edited = json.loads(
        change(offer, {"input": '{"text": "b"}', "capabilities": "x, y", "deadline_ms": "90"})
    )
    assert edited["payload"] == {"input": {"text": "b"}, "capabilities": ["x", "y"], "deadline_ms": 90}
    with pytest.raises(EditError, match="input: expected"):
        change(offer, {"input": "[1]"})


def test_a_type_without_a_form_is_offered_whole():
    answer = Signal(type=SignalType.FINAL, payload={"result": 1}).encode()
    (field,) = fields_of("FINAL", {"result": 1})
    assert (field.name, field.kind) == ("payload", "json")
    assert json.loads(change(answer, {"payload": '{"result": 2}'}))["payload"] == {"result": 2}


def test_another_id_or_trace_must_be_insisted_on():
    other = json.loads(BID) | {"id": Signal(type=SignalType.BID).id}
    with pytest.raises(EditError, match=r"id: was .* replies would not find it\. Put it back, or insist"):
        check(BID, json.dumps(other).encode())
    assert json.loads(check(BID, json.dumps(other).encode(), insist=True)) == other


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"{", "the signal: is not JSON that can be sent: expecting property name"),
        (b"[]", "the signal: is not JSON that can be sent: it must be an object"),
        (b'{"a": NaN}', "the signal: is not JSON that can be sent: NaN is no JSON value"),
        (b"{}", "agents would drop it"),
        pytest.param(BID.replace(b'"BID"', b'"BIT"'), "agents would drop it", id="unknown type"),
    ],
)
def test_a_signal_that_agents_would_drop_is_refused_in_words(text, sentence):
    with pytest.raises(EditError) as raised:
        check(BID, text)
    assert sentence in str(raised.value)


def test_differences_name_each_value_with_what_it_was():
    after = change(BID, {"cost": "0.1", "confidence": ""})
    assert differences(BID, after) == [
        ("payload.cost", "0.4", "0.1"),
        ("payload.confidence", "0.8", "nothing"),
    ]
    assert differences(BID, BID) == []


def test_what_an_editor_gets_comes_back_the_same():
    assert check(BID, laid_out(BID).encode()) == check(BID, BID)
    assert laid_out(b"not json") == "not json"


@given(st.binary(max_size=200))
def test_no_edit_raises_anything_else(text):
    with suppress(EditError):
        check(BID, text)
    assert isinstance(laid_out(text), str)
    assert isinstance(differences(text, BID), list)
