"""Short English for everything that crosses the bus."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.sayings import describe
from cosmo_doppler.model.wording import (
    LIMIT,
    finite,
    format_bytes,
    format_duration,
    say,
    short_id,
    shorten,
)
from cosmo_sdk.header import read_header
from cosmo_sdk.signal_types import SignalType
from tests.doppler.model.folding import frame
from tests.doppler.model.generated import json_values


def described(type: str, **payload):
    return describe(read_header(frame(type, "a", **payload)))


@pytest.mark.parametrize(
    ("type", "payload", "words"),
    [
        ("TASK", {"input": {"text": "brew a cup"}}, "brew a cup"),
        ("TASK", {"input": {"clarification": {"question": "?", "answer": "1999"}}}, "clarification: 1999"),
        ("TASK", {"input": {"permission": {"action": "x", "granted": False}}}, "permission: false"),
        ("AGENT_OUTPUT", {"output": {"a": 1, "b": [2]}}, '{"a":1,"b":[2]}'),
        ("FINAL", {"result": "done"}, "done"),
        ("ERROR", {"code": "X", "message": "boom", "recoverable": True}, "X  boom  (recoverable)"),
        ("ERROR", {"kind": "X"}, "X"),
        (
            "TASK_OFFER",
            {"input": {"q": 1}, "capabilities": ["sum", "en"], "deadline_ms": 250},
            'sum, en  250 ms  {"q":1}',
        ),
        ("BID", {"cost": 0.002, "eta_ms": 300, "confidence": 0.92}, "cost 0.002  eta 300 ms  conf 0.92"),
        ("BID", {"cost": None}, "cost ?"),
        ("TASK_AWARDED", {"input": {}, "winning_bid": {"cost": 1}}, "cost 1"),
        ("TASK_DECLINED", {"reason": "not selected"}, "not selected"),
        ("THOUGHT_DELTA", {"delta": "hmm"}, "hmm"),
        (
            "AUDIT",
            {"kind": "GUARDED", "domain": "tool", "outcome": "redacted"},
            "GUARDED  tool  redacted",
        ),
        ("PLAN", {"steps": [{"title": "grind"}, "brew"]}, "2 steps  grind, brew"),
        ("TOOL_CALL", {"tool": "hammer", "args": {"n": 1}}, 'hammer  {"n":1}'),
        ("TOOL_RESULT", {"tool": "hammer", "error": "broke"}, "hammer  error: broke"),
        ("TOOL_RESULT", {"tool": "hammer", "result": {"ok": True}}, 'hammer  {"ok":true}'),
        ("MEMORY_APPEND", {"key": "k", "value": 1}, "k  1"),
        ("CRITIQUE", {"verdict": "pass", "issues": []}, "pass  []"),
        ("ESCALATION", {"reason": "hard", "target": "boss"}, "hard  boss"),
        ("CONSENSUS", {"verdict": "yes", "votes": {"a": "yes"}}, "yes  yes"),
        ("CONTEXT_SYNC", {"snapshot": {"a": 1}, "version": "2"}, '2  {"a":1}'),
        ("CLARIFICATION", {"question": "which year?"}, "which year?"),
        ("PERMISSION", {"action": "write", "reason": "must"}, "write  must"),
        ("CLARIFICATION_ANSWER", {"answer": 1999}, "1999"),
        ("PERMISSION_DECISION", {"granted": True, "reason": "fine"}, "granted  fine"),
        ("PERMISSION_DECISION", {"granted": "yes"}, "denied"),
        ("RECALL", {"query": {"text": "cats"}, "recall_mode": "first"}, "cats  first"),
        ("RECALLED", {"hits": [{}]}, "1 hit"),
        ("RECALLED", {"hits": []}, "0 hits"),
        ("IMPRINT", {"op": "add", "entry": {"text": "x"}}, "add  x"),
        ("IMPRINTED", {"op": "add", "id": "eng_0123456789"}, "add  23456789"),
        ("IMPRINTED", {"error": "full"}, "full"),
        ("REGISTER", {"role": "neuron", "capabilities": ["sum"]}, "neuron  sum"),
        ("DEREGISTER", {"reason": "bye"}, "bye"),
        ("HEARTBEAT", {"status": "ok"}, "ok"),
        ("DISCOVER", {}, ""),
        ("STOP", {"rollback": True, "reason": "enough"}, "rollback  enough"),
        ("STOP", {"rollback": False}, ""),
        (
            "STOPPED",
            {"rolled_back": True, "cancelled": 1, "compensated": 2},
            "cancelled 1  compensated 2  rolled back",
        ),
    ],
)
def test_what_a_signal_says(type, payload, words):
    assert described(type, **payload) == words


@pytest.mark.parametrize("type", list(SignalType))
def test_every_type_has_words_and_none_needs_its_payload(type):
    assert isinstance(described(str(type)), str)


@given(
    st.sampled_from([*map(str, SignalType), "NEW"]),
    st.dictionaries(
        st.sampled_from(
            [
                "cost",
                "eta_ms",
                "confidence",
                "input",
                "winning_bid",
                "steps",
                "capabilities",
                "result",
                "error",
                "hits",
            ]
        ),
        json_values,
        max_size=5,
    ),
)
def test_whatever_a_payload_holds_the_words_are_one_short_line(type, payload):
    words = described(type, **payload)
    assert len(words) <= LIMIT + 60
    assert "\n" not in words


def test_frames_that_are_no_signals_say_why():
    assert "not JSON" in describe(read_header(b"junk"))
    assert described("NEW", text="hello") == "unknown type 'NEW'  hello"
    assert describe(read_header(frame("ERROR", "a", code="X").replace(b'"v":"1"', b'"v":"2"'))) == (
        "protocol version '2' is not 1.x  X"
    )


def test_the_most_telling_text_is_found_in_its_wrappers():
    assert say({"n": 1, "prompt": "sing"}) == "sing"
    assert say({"request": {"inner": {"text": "deep"}}}) == "deep"
    assert say({"a": {"b": 1, "c": 2}}) == '{"b":1,"c":2}'
    assert say(None) == say({}) == say("") == ""
    deep: object = "bottom"
    for _ in range(100_000):
        deep = {"k": deep}
    assert isinstance(say(deep), str)


def test_numbers_too_large_to_calculate_with_are_said_as_they_are():
    huge = msgspec.json.decode(b"1" + b"0" * 25)
    assert finite(huge) == 1e25
    assert described("BID", cost=1e300) == "cost 1e+300"
    assert finite(10**400) is None
    assert finite(float("nan")) is None
    assert finite(True) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0ms"),
        (0.0004, "0ms"),
        (0.812, "812ms"),
        (0.9994, "999ms"),
        (0.9996, "1.0s"),
        (59.94, "59.9s"),
        (59.96, "1m00s"),
        (125, "2m05s"),
        (3599.6, "1h00m"),
        (3840, "1h04m"),
        (36000, "10h00m"),
    ],
)
def test_durations(seconds, words):
    assert format_duration(seconds) == words


def test_sizes():
    assert [format_bytes(count) for count in (0, 999, 1000, 48_000, 1_234_567, 5 * 10**12)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "48 kB",
        "1.2 MB",
        "5000 GB",
    ]


def test_ids_are_told_apart_by_their_ends():
    assert short_id("evt_01JZ8Q4T7M0000000000000A01") == "00000A01"
    assert short_id("x") == "x"


def test_long_lines_are_cut_with_a_mark():
    assert shorten("a  b\n c", 10) == "a b c"
    assert shorten("x" * 50, 10) == "x" * 9 + "…"
    assert shorten("x" + " " * 50 + "y", 10).endswith("…")
    assert len(shorten("word " * 1000, 100)) == 100
