"""Signal: what is accepted, what is refused with which reason, and that nothing changes on the way."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.envelope import Directed, Signal, directed_to
from cosmo_sdk.errors import DendriteProtocolError, EnvelopeError
from cosmo_sdk.signal_types import ADDRESSED_TYPES, SignalType
from tests.sdk.envelopes import DIRECTED_BAD_TYPES, frame, signals, text


@given(signals)
def test_a_signal_survives_the_wire(signal):
    encoded = signal.encode()
    assert Signal.decode(encoded) == signal
    assert Signal.decode(encoded).encode() == encoded


@given(signals)
def test_a_frame_is_compact_and_says_nothing_it_need_not(signal):
    fields = json.loads(signal.encode())
    assert list(fields)[:3] == ["v", "id", "trace_id"]
    assert None not in fields.values()
    assert {} not in (fields.get("payload"), fields.get("meta"))
    assert None not in fields.get("directed", {}).values()
    compact = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    assert len(signal.encode()) <= len(compact.encode()) + 40  # floats may be spelled differently


@given(st.binary(max_size=60) | text)
def test_what_is_no_signal_raises_one_error(anything):
    with pytest.raises(EnvelopeError):
        Signal.decode(anything)


def test_the_frame_we_send_for_a_task():
    signal = Signal(
        id="evt_1",
        trace_id="trc_1",
        type=SignalType.TASK,
        directed=Directed(id="brewer"),
        ts=datetime(2026, 7, 1, 9, 30, 0, 250000, UTC),
        payload={"input": {"beans": "yirgachèffe"}},
    )
    assert signal.encode().decode() == (
        '{"v":"1","id":"evt_1","trace_id":"trc_1","type":"TASK","directed":{"id":"brewer"},'
        '"ts":"2026-07-01T09:30:00.250000Z","payload":{"input":{"beans":"yirgachèffe"}}}'
    )


def test_explicit_nulls_and_empties_of_released_peers_are_read():
    signal = Signal.decode(
        frame(
            parent_id=None,
            directed={"id": "brewer", "type": None, "capabilities": []},
            payload={},
            meta={},
        )
    )
    assert signal == Signal(
        id="evt_1",
        trace_id="trc_1",
        type=SignalType.TASK,
        directed=Directed(id="brewer"),
        ts=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"foo": 1},
        {"directed": {"id": "a", "foo": 1}},
        {"directed": {}},
        {"directed": None},
        {"v": "1.9"},
        {"id": "evt_"},
        {"trace_id": "trc_a"},
        {"payload": {"unknown": 1}, "meta": {"unknown": 1}},
    ],
)
def test_accepted_as_released_peers_accept_it(changes):
    assert Signal.decode(frame(**changes)).type is SignalType.TASK


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *[({"v": v}, "v") for v in ("2", "", "1x", 1, None, ...)],
        *[({"id": value}, "id") for value in ("trc_1", "", 1, None, ...)],
        *[({"trace_id": value}, "trace_id") for value in ("evt_1", "", 1, None, ...)],
        *[({"parent_id": value}, "parent_id") for value in ("", "trc_1", 5)],
        *[({"type": value}, "type") for value in ("task", "NEW_TYPE", "", None, ...)],
        *[({"ts": value}, "ts") for value in ("soon", "", None, True, [], ...)],
        *[({"payload": value}, "payload") for value in (None, [], "x", 1)],
        *[({"meta": value}, "meta") for value in (None, [], "x")],
        *[({"directed": value}, "directed") for value in DIRECTED_BAD_TYPES],
    ],
)
def test_refused_with_the_field_at_fault(changes, field):
    with pytest.raises(EnvelopeError) as refused:
        Signal.decode(frame(**changes))
    assert refused.value.field == field
    assert refused.value.frame


@pytest.mark.parametrize(
    "whole", [b"", b"{", b"[]", b"5", b"null", b"\xef\xbb\xbf{}", b'{"v":"\xff"}', b"[" * 100_000]
)
def test_refused_as_a_whole(whole):
    with pytest.raises(EnvelopeError) as refused:
        Signal.decode(whole)
    assert isinstance(refused.value, DendriteProtocolError)
    assert len(refused.value.frame) <= 200


def test_whitespace_around_a_frame_and_duplicate_keys_are_fine():
    assert Signal.decode(f" \n{frame()}\n ").id == "evt_1"
    twice = frame()[:-1] + ',"id":"evt_2"}'
    assert Signal.decode(twice).id == "evt_2"


def test_numbers_json_does_not_have_are_read_and_sent_on_as_null():
    signal = Signal.decode(frame(payload={"n": "x", "i": "y"}).replace('"x"', "NaN").replace('"y"', "1e999"))
    assert math.isnan(signal.payload["n"])
    assert math.isinf(signal.payload["i"])
    assert json.loads(signal.encode())["payload"] == {"n": None, "i": None}


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(EnvelopeError, match="not JSON"):
        Signal.decode(frame(payload={"x": "?"}).replace("?", "\\ud800"))


@pytest.mark.parametrize(
    ("sent", "second"),
    [
        ("2026-01-01T00:00:05Z", 5),
        ("2026-01-01T00:00:05", 5),
        ("2026-01-01 00:00:05+00:00", 5),
        ("2026-01-01T02:00:05+02:00", 5),
        ("2026-01-01T00:00:05.123456400Z", 5.123456),
        ("2026-01-01", 0),
        (1767225605, 5),
        (1767225605000, 5),
        (1767225605.5, 5.5),
        ("1767225605", 5),
        ("1767225605000", 5),
    ],
)
def test_timestamps_in_every_form_peers_accept(sent, second):
    ts = Signal.decode(frame(ts=sent)).ts
    assert ts == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    assert ts.tzinfo is UTC


@given(st.integers() | st.floats() | st.text(max_size=20) | st.none() | st.booleans())
def test_reading_a_timestamp_never_raises(value):
    moment = read_timestamp(value)
    assert moment is None or moment.tzinfo is not None


def test_a_timestamp_of_an_absurd_size_is_none():
    assert read_timestamp(10**400) is None
    assert read_timestamp("nan") is None


def test_a_signal_made_here_is_in_utc_whatever_the_clock_said():
    naive = Signal(type=SignalType.STOP, ts=datetime(2026, 1, 1))  # noqa: DTZ001
    assert naive.ts == datetime(2026, 1, 1, tzinfo=UTC)
    east = Signal(type=SignalType.STOP, ts=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    assert b'"2025-12-31T22:00:00Z"' in east.encode()
    with pytest.raises(EnvelopeError) as refused:
        Signal(type=SignalType.STOP, ts=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    assert refused.value.field == "ts"


def test_a_time_that_utc_cannot_hold_is_refused_with_its_field():
    with pytest.raises(EnvelopeError) as refused:
        Signal.decode(frame(ts="0001-01-01T00:00:00+02:00"))
    assert refused.value.field == "ts"


def test_the_oldest_dialect_names_who_at_the_top():
    assert Signal.decode(frame(neuron="brewer")).neuron == "brewer"
    assert Signal.decode(frame(neuron="old", directed={"id": "new"})).neuron == "new"
    assert Signal.decode(frame(neuron="brewer", directed=None)).neuron == "brewer"
    assert Signal.decode(frame(neuron=5)).neuron is None
    assert Signal.decode(frame(neuron="brewer", ts=1767225605)).neuron == "brewer"


@pytest.mark.parametrize(
    ("type", "sent", "read"),
    [
        ("ERROR", {"kind": "X", "retriable": True}, {"code": "X", "recoverable": True}),
        ("ERROR", {"kind": "old", "code": "new"}, {"code": "new"}),
        ("BID", {"cost_estimate_usd": 1}, {"cost": 1}),
        (
            "TASK_OFFER",
            {"required_caps": ["a"], "bid_window_ms": 9},
            {"capabilities": ["a"], "deadline_ms": 9},
        ),
        ("TOOL_RESULT", {"value": 1}, {"result": 1}),
        ("REGISTER", {"engram": True}, {"role": "engram"}),
        ("REGISTER", {}, {"role": "neuron"}),
    ],
)
def test_older_payload_keys_gain_todays(type, sent, read):
    assert Signal.decode(frame(type=type, payload=sent)).payload == {**sent, **read}


@pytest.mark.parametrize("type", list(SignalType))
def test_directed_names_the_addressee_or_the_producer(type):
    signal = Signal(type=type, directed=Directed(id="n"))
    addressed = type in ADDRESSED_TYPES
    assert (signal.target, signal.source) == (("n", None) if addressed else (None, "n"))


def test_a_reply_stays_in_the_trace_under_its_cause():
    task = Signal(type=SignalType.TASK, directed=Directed(id="n"))
    reply = task.reply(SignalType.AGENT_OUTPUT, {"output": 1})
    assert (reply.trace_id, reply.parent_id, reply.neuron) == (task.trace_id, task.id, "n")
    assert reply.id != task.id
    assert task.reply(SignalType.FINAL, directed=Directed(id="other")).neuron == "other"


@pytest.mark.parametrize(
    "wrong", [{"id": "1"}, {"trace_id": "evt_1"}, {"parent_id": ""}, {"v": "2"}, {"v": "x"}]
)
def test_a_wrong_envelope_cannot_be_made(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Signal(type=SignalType.TASK, **wrong)


@pytest.mark.parametrize("value", [object(), {1: object()}, "\ud800", {(1, 2): 3}])
def test_what_json_cannot_carry_is_refused_on_the_way_out(value):
    with pytest.raises(EnvelopeError) as refused:
        Signal(type=SignalType.FINAL, payload={"result": value}).encode()
    assert refused.value.field == "payload"


def test_an_address_in_one_call():
    mine = ["brew"]
    address = directed_to("a", type="k", capabilities=mine)
    mine.append("b")
    assert address == Directed(id="a", type="k", capabilities=["brew"])
    assert directed_to() == Directed()
