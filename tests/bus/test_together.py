"""Messages that come together: what they cost changes, never who gets what, nor in which order."""

from __future__ import annotations

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus import BusClient
from cosmo_bus.testing import running_bus
from cosmo_bus.wire import LineReader, Oversize, cut, decode_incoming, decode_messages, line_of

pieces = st.lists(
    st.sampled_from([b"a", b"bc", b"\n", b"\n\n", b"d" * 9, b"d" * 30, b"e\nf", b""]), max_size=30
)


@given(pieces, st.data())
def test_whole_and_feed_see_the_same_lines_whoever_takes_which_part(parts, data):
    plain, mixed = LineReader(12), LineReader(12)
    expected = [line for part in parts for line in plain.feed(part)] + plain.finish()
    seen: list[bytes | Oversize] = []
    for part in parts:
        lines = mixed.whole(part) if data.draw(st.booleans()) else None
        seen.extend(mixed.feed(part) if lines is None else cut(lines)[:-1])
    assert seen + mixed.finish() == expected


MESSAGE = line_of(op="msg", subject="a.b", frame='{"x":"ü\\n"}', sub_id="s")


def test_messages_are_read_at_once_as_one_by_one():
    other = line_of(op="msg", subject="a", frame="", sub_id="t")
    lines = MESSAGE * 3 + other
    assert decode_messages(lines) == [decode_incoming(line) for line in cut(lines)[:-1]]


def test_anything_else_among_them_is_left_to_be_read_with_care():
    for odd in (b"\n", b"no JSON\n", line_of(op="pong"), b'{"op":"msg","subject":5}\n', b"[]\n", b"\xff\n"):
        assert decode_messages(MESSAGE + odd + MESSAGE) is None


async def _delivered(frames: list[str]) -> tuple[list[tuple[str, str]], list[int]]:
    """What a client hears of one burst, in order, where lines are taken of all, and half are heard one by one, too."""
    heard: list[tuple[str, str]] = []
    bursts: list[int] = []
    done = asyncio.Event()

    def note(who: str, text: str) -> None:
        heard.append((who, text))
        if text == frames[-1]:
            done.set()

    def together(subjects, lines) -> None:
        parts = lines.decode().split("\n")
        assert parts.pop() == ""
        assert [subject for subject in subjects if not subject.endswith(".b")] == []
        bursts.append(len(subjects))
        for text in parts:
            note("lines", text)

    async with running_bus() as bus:
        client, shouter = BusClient(bus.url), BusClient(bus.url)
        await client.connect()
        await shouter.connect()
        await client.subscribe("a.>", lambda subject, frame: note("one", frame.decode()))
        await client.subscribe("*.b", lambda subject, frame: note("lines", frame.decode()), together=together)
        for number, frame in enumerate(frames):
            shouter.publish("a.b" if _is_loud(number) else "c.b", frame.encode())
        await shouter.flush()
        await asyncio.wait_for(done.wait(), 30)
        assert client.statistics().received == len(heard)
        await client.close()
        await shouter.close()
    return heard, bursts


def _is_loud(number: int) -> bool:
    return number // 50 % 2 == 0


async def test_a_burst_reaches_every_subscription_in_order():
    frames = [json.dumps({"number": number, "text": "käse" * (number % 40)}) for number in range(3_000)]
    heard, bursts = await _delivered(frames)
    assert [text for who, text in heard if who == "lines"] == frames
    assert [text for who, text in heard if who == "one"] == [
        frame for number, frame in enumerate(frames) if _is_loud(number)
    ]
    # Neither hears a frame long after the other did: what one of them hears is never put off for the other.
    places = {whose_text: place for place, whose_text in enumerate(heard)}
    assert all(abs(places["one", text] - places["lines", text]) == 1 for who, text in heard if who == "one")
    assert max(bursts) > 1


async def test_a_frame_with_a_newline_in_it_never_becomes_two():
    frames = [f'{{"number":\n{number}}}' for number in range(2_000)]
    heard, bursts = await _delivered(frames)
    assert [text for who, text in heard if who == "lines"] == frames
    assert not bursts
