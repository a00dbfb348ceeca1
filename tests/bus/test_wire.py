"""Lines: however the stream is cut, the same lines come out; and what a line may contain."""

from __future__ import annotations

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus.wire import (
    MSG_MIDDLE,
    BadLine,
    LineReader,
    Oversize,
    cut,
    decode_incoming,
    decode_op,
    is_string,
    legacy_length,
    msg_lead,
    msg_tail,
    pub_lead,
    pub_line,
    unquote,
)

LIMIT = 8
LINES = st.lists(st.binary(max_size=14).map(lambda raw: raw.replace(b"\n", b"-")), max_size=6)


def expected(lines: list[bytes]) -> list[bytes | Oversize]:
    return [line if len(line) <= LIMIT else Oversize(len(line)) for line in lines]


@given(LINES)
def test_lines_are_the_same_wherever_the_stream_is_split(lines):
    stream = b"".join(line + b"\n" for line in lines)
    for at in range(len(stream) + 1):
        reader = LineReader(LIMIT)
        assert reader.feed(stream[:at]) + reader.feed(stream[at:]) == expected(lines)
        assert reader.finish() == []


@given(LINES, st.lists(st.integers(1, 5), min_size=1))
def test_lines_are_the_same_in_segments_of_any_size(lines, sizes):
    stream = b"".join(line + b"\n" for line in lines)
    reader = LineReader(LIMIT)
    found: list[bytes | Oversize] = []
    position = turn = 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        found += reader.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    assert found == expected(lines)


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=8))
def test_long_lines_are_cut_as_short_ones_are(lengths):
    stream = b"\n".join(b"x" * length for length in lengths)
    assert cut(stream) == stream.split(b"\n")


def test_the_last_line_needs_no_newline():
    reader = LineReader(LIMIT)
    assert reader.feed(b"one\ntwo") == [b"one"]
    assert reader.finish() == [b"two"]
    assert reader.finish() == []


def test_an_endless_line_takes_no_memory():
    reader = LineReader(LIMIT)
    for _ in range(1000):
        assert reader.feed(b"x" * 100) == []
    assert reader._pieces == []
    assert reader.feed(b"\nok\n") == [Oversize(100_000), b"ok"]


@given(st.text(), st.text(), st.text())
def test_a_frame_survives_the_way_through_the_bus(subject, frame, sub_id):
    op = decode_op(pub_line(pub_lead(subject), frame.encode()).rstrip(b"\n"))
    assert is_string(op.frame)
    assert unquote(op.frame) == frame.encode()
    line = msg_lead(op.subject or "") + bytes(op.frame) + MSG_MIDDLE + msg_tail(sub_id)
    arrived = decode_incoming(line)
    assert (arrived.op, arrived.subject, arrived.frame, arrived.sub_id) == ("msg", subject, frame, sub_id)
    assert list(json.loads(line)) == ["op", "subject", "frame", "sub_id"]


@given(st.text(), st.sampled_from(['"', "\\", "é", '\\"', ""]), st.integers(0, 4000))
def test_what_an_encoder_wrote_is_the_same_line_by_the_short_way(text, often, times):
    frame = msgspec.json.encode({"text": text + often * times})
    assert pub_line(pub_lead("s"), frame, encoded=True) == pub_line(pub_lead("s"), frame)


@given(st.text())
def test_the_length_at_a_released_server_is_that_of_its_ascii_json(text):
    line = pub_line(pub_lead("s"), text.encode())
    # What json.dumps makes of the characters outside ASCII, and of nothing else.
    foreign = [character for character in line.decode() if ord(character) > 127]
    longer = sum(len(json.dumps(character)) - 2 - len(character.encode()) for character in foreign)
    assert legacy_length(line) == len(line) + longer


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"", "bad JSON: "),
        (b"   ", "bad JSON: "),
        (b"{", "bad JSON: "),
        (b'{"op":"pub","frame":"\xff"}', "bad JSON: 'utf-8' codec can't decode byte 0xff"),
        (b'{"op":"pub","frame":"\\q"}', "bad JSON: "),
        pytest.param(b"[" * 100_000, "bad JSON: nested too deeply", id="deep"),
        (b"[]", "a line must be a JSON object, not list"),
        (b"5", "a line must be a JSON object, not int"),
        (b'{"op":5}', "unknown op 5"),
        (b'{"op":{"a":1},"subject":3}', "unknown op {'a': 1}"),
        (b'{"op":"pub","subject":5,"frame":"x"}', "pub: Expected `str | null`, got `int` - at `subject`"),
        (b'{"op":"sub","subject":"a","sub_id":[]}', "sub: Expected `str | null`, got `array` - at `sub_id`"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line, complaint):
    with pytest.raises(BadLine) as raised:
        decode_op(line)
    assert str(raised.value).startswith(complaint)


def test_fields_an_op_does_not_read_may_be_anything():
    assert decode_op(b'{"op":"ping","subject":5,"max_line":"x"}').op == "ping"
    assert decode_op(b'{"op":"pub","subject":"s","frame":"f","namespace":[]}\r').subject == "s"


def test_a_frame_that_is_no_string_is_told_apart():
    assert not is_string(decode_op(b'{"op":"pub","subject":"s","frame":{"a":1}}').frame)
    assert not is_string(decode_op(b'{"op":"pub","subject":"s"}').frame)
    assert is_string(msgspec.Raw(b'""'))


@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
        ).map(lambda value: json.dumps(value).encode()),
        st.dictionaries(
            st.sampled_from(
                ["op", "subject", "frame", "sub_id", "queue_group", "namespace", "max_line", "message"]
            ),
            st.sampled_from(["pub", "sub", "msg", "", 1, -1, 1.5, None, True, [], {}, ["x"], 10**40]),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_line_surprises_the_reader(line):
    for decode in (decode_op, decode_incoming):
        with contextlib.suppress(BadLine):
            decode(line)
