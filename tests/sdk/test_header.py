"""What an observer reads of frames that may be anything."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import EnvelopeError
from cosmo_sdk.header import read_header
from cosmo_sdk.signal_types import SignalType
from tests.sdk.envelopes import DIRECTED_BAD_TYPES, frame, json_values, signals


def read(**changes):
    return read_header(frame(**changes).encode())


@given(signals)
def test_the_header_of_a_signal_is_its_envelope(signal):
    header = read_header(signal.encode())
    assert header.problem == ""
    assert (header.id, header.trace_id, header.parent_id) == (signal.id, signal.trace_id, signal.parent_id)
    assert (header.type, header.directed) == (signal.type, signal.directed)
    assert (header.read_payload(), header.read_meta()) == (signal.payload, signal.meta)


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(frame):
    header = read_header(frame)
    assert header.problem
    assert header.read_payload() == {}


@given(
    st.dictionaries(
        st.sampled_from(
            ["v", "id", "trace_id", "parent_id", "type", "directed", "neuron", "ts", "payload", "meta", "x"]
        ),
        json_values | st.sampled_from(["1", "evt_1", "trc_1", "TASK", "ERROR"]),
    )
)
def test_no_object_makes_it_raise_and_agents_agree_on_what_is_valid(fields):
    frame = json.dumps(fields).encode()
    header = read_header(frame)
    assert isinstance(header.read_payload(), dict)
    assert isinstance(header.read_meta(), dict)
    assert isinstance(header.who, str)
    if not header.problem:
        Signal.decode(frame)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"type": ...}, "no type"),
        ({"type": "NEW"}, "unknown type 'NEW'"),
        ({"id": ...}, "no id"),
        ({"id": "1"}, "id '1' does not start with 'evt_'"),
        ({"trace_id": ...}, "no trace_id"),
        ({"trace_id": "evt_1"}, "does not start with 'trc_'"),
        ({"parent_id": ""}, "parent_id ''"),
        ({"v": ...}, "no protocol version"),
        ({"v": "2"}, "'2' is not 1.x"),
        ({"v": 1}, "$.v"),
        ({"ts": ...}, "no timestamp"),
        ({"ts": "soon"}, "ts 'soon' is no timestamp"),
        ({"payload": None}, "payload is not an object"),
        ({"payload": [1]}, "payload is not an object"),
        ({"meta": "x"}, "meta is not an object"),
        *[({"directed": value}, "directed") for value in DIRECTED_BAD_TYPES],
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(changes, part):
    header = read(**{"meta": {"m": 1}, **changes})
    assert part in header.problem
    for name in ("id", "trace_id", "type"):
        if name not in changes:
            assert getattr(header, name)
    with pytest.raises(EnvelopeError):
        Signal.decode(frame(**changes))


def test_a_frame_that_is_no_object():
    assert read_header(b"[1]").problem == "a Signal is a JSON object, not list"
    assert "not JSON" in read_header(b"").problem
    assert "not JSON" in read_header(b"\xff\xfe").problem
    assert "not JSON" in read_header(b'{"a":' + b"[" * 100_000).problem


def test_problems_do_not_quote_at_length():
    for field in ("id", "trace_id", "type", "v", "ts", "parent_id"):
        assert len(read(**{field: "x" * 10_000}).problem) < 100


def test_a_frame_cannot_speak_for_the_reader():
    assert read(**{"cosmo.problem": "all is well", "problem": "so is this"}).problem == ""
    assert read(**{"cosmo.problem": "", "id": "1"}).problem


def test_numbers_json_does_not_have_are_a_problem_that_hides_nothing():
    for number in ("NaN", "1e999"):
        header = read_header(frame(payload={"n": "?", "k": "kept"}).replace('"?"', number).encode())
        assert (header.id, header.type) == ("evt_1", "TASK")
        assert header.read_payload()["k"] == "kept"


def test_half_a_surrogate_pair_hides_nothing():
    # Python peers write it; no text may hold it, so its escape is shown as the letters it is made of.
    sent = frame(payload={"a": "?", "b": "kept"}, directed={"id": "ann?"}).replace("?", "\\ud83d")
    header = read_header(sent.encode())
    assert (header.id, header.type, header.who) == ("evt_1", "TASK", "ann\\ud83d")
    assert header.read_payload() == {"a": "\\ud83d", "b": "kept"}
    assert header.problem.startswith("not JSON")


def test_only_halves_are_mended():
    sent = r'{"type":"TASK","payload":{"a":"\ud83d\ude00 \\ud800 \n","b":"\ude00\ud83d \uD800"}}'
    told = {"a": "\U0001f600 \\ud800 \n", "b": "\\ude00\\ud83d \\uD800"}
    assert read_header(sent.encode()).read_payload() == told


def test_who_is_read_in_any_dialect():
    assert read(directed={"id": "a"}, neuron="b").who == "a"
    assert read(neuron="b").who == "b"
    assert read(neuron="b", id="1").who == "b"
    assert read().who == ""


def test_a_damaged_frame_keeps_its_address_and_its_time():
    header = read(v=1, directed={"id": "a", "type": "k", "capabilities": 3}, ts=1767225605)
    assert (header.directed, header.ts) == (Directed(id="a", type="k"), 1767225605)


def test_payload_and_meta_stay_as_they_were_sent():
    sent = '{"input": {"a":  1.50}}'
    header = read_header(frame(payload="?").replace('"?"', sent).encode())
    assert bytes(header.payload).decode() == sent
    assert header.meta == msgspec.Raw(b"{}")


def test_the_payload_is_read_in_todays_spelling():
    assert read(type="ERROR", payload={"kind": "X"}).read_payload()["code"] == "X"
    assert read(type="NEW", payload={"kind": "X"}).read_payload() == {"kind": "X"}


@pytest.mark.parametrize("type", list(SignalType))
def test_every_type_is_known(type):
    assert read(type=str(type)).problem == ""
