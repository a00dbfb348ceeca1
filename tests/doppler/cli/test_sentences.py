from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.cli.lines import json_line, payload_line, tail_line
from cosmo_doppler.model.sayings import clause
from cosmo_doppler.tui.safe import safe
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.header import Header, read_header
from cosmo_sdk.signal_types import SignalType

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "input",
        "output",
        "cost",
        "steps",
        "capabilities",
        "reason",
        "granted",
        "hits",
        "members",
        "issues",
        "tool",
    ]
)


def header_of(type: SignalType, payload: dict[str, object], who: str = "ann") -> Header:
    return read_header(Signal(type=type, directed=Directed(id=who), payload=payload).encode())


@pytest.mark.parametrize(
    ("type", "payload", "sentence"),
    [
        (SignalType.TASK, {"input": {"text": "hello"}}, 'is asked "hello"'),
        (
            SignalType.TASK,
            {"input": {}, "capabilities": ["a", "b"]},
            "is asked nothing in particular, needs a, b",
        ),
        (
            SignalType.BID,
            {"cost": 0.002, "eta_ms": 300, "confidence": 0.92},
            "bids $0.0020, ready in 300 ms, 92% sure",
        ),
        (SignalType.TASK_DECLINED, {"reason": "late"}, "is declined because late"),
        (SignalType.PERMISSION_DECISION, {"granted": False}, "denies the permission"),
        (SignalType.IMPRINTED, {"engram_id": "m", "op": "add", "error": "full"}, "cannot: full"),
        (SignalType.DEREGISTER, {}, "leaves"),
        (SignalType.REGISTER, {"capabilities": "[redacted]"}, "is here as neuron: [redacted]"),
    ],
)
def test_signals_speak_english(type: SignalType, payload: dict[str, object], sentence: str) -> None:
    assert clause(header_of(type, payload)) == sentence


@given(st.sampled_from(SignalType), st.dictionaries(KEYS, JSON, max_size=4))
def test_no_payload_can_break_a_sentence_or_reach_the_terminal(
    type: SignalType, payload: dict[str, object]
) -> None:
    header = header_of(type, payload)
    for line in (safe(clause(header), 600), payload_line(header)):
        assert line.isprintable()
        assert len(line) <= 600


@given(st.text())
def test_no_name_can_reach_the_terminal(who: str) -> None:
    line = tail_line(0.0, header_of(SignalType.TASK, {"input": {}}, who))
    assert line.isprintable()
    assert line.startswith("00:00:00.000  TASK ")
    assert line.endswith("  is asked nothing in particular")


def test_a_frame_that_is_no_signal_says_so() -> None:
    assert "is no valid signal: not JSON" in clause(read_header(b"\x1b[2Jgarbage"))
    assert "invalid: not JSON" in tail_line(0.0, read_header(b"garbage"))


@given(st.dictionaries(st.text(), JSON, max_size=3), st.booleans())
def test_a_json_line_is_the_same_value_without_its_teeth(payload: dict[str, object], pretty: bool) -> None:
    frame = Signal(type=SignalType.TASK, payload={"input": payload, "\x9b31m": "\U000e0001"}).encode()
    frame = msgspec.json.format(frame) if pretty else frame
    line = json_line(frame, read_header(frame))
    assert json.loads(line) == json.loads(frame)
    assert line.isprintable()


@given(st.binary())
def test_what_is_no_json_becomes_json(frame: bytes) -> None:
    line = json_line(frame, read_header(frame))
    assert isinstance(json.loads(line), dict)
    assert line.isprintable()
