"""A recording sent to a bus again."""

from __future__ import annotations

import asyncio
import json
import math

import pytest

from cosmo_bus.client import BusClient
from cosmo_bus.recording import record_line
from cosmo_bus.testing import running_bus
from cosmo_doppler.session.recorded import RecordedFrames
from cosmo_doppler.session.republish import NewTraces, Republisher
from cosmo_sdk.testing import ManualClock

TRACE = "trc_01M7Y84VTBY6BC1KX7ZXP2WD0G"


def envelope(number: int, parent: int | None = None) -> bytes:
    fields = {
        "v": "1",
        "id": f"evt_{number}",
        "trace_id": TRACE,
        "type": "TASK",
        "payload": {"said": f"evt_{number} é"},
    }
    return json.dumps({**fields, "parent_id": None if parent is None else f"evt_{parent}"}).encode()


class Listener:
    """What arrives in any namespace."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._more = asyncio.Event()

    def take(self, subject: str, frame: bytes) -> None:
        self.heard.append((subject, frame))
        self._more.set()

    async def has(self, count: int) -> list[tuple[str, bytes]]:
        while len(self.heard) < count:
            self._more.clear()
            await self._more.wait()
        return self.heard


@pytest.fixture
async def connected():
    """A client, and a listener on the same bus."""
    async with running_bus(max_line=2_000) as bus:
        client = BusClient(bus.url)
        await client.connect()
        listener = Listener()
        await client.subscribe("cosmonapse.>", listener.take)
        yield client, listener
        await client.close()


def recording(path, *lines: bytes) -> RecordedFrames:
    path.write_bytes(b"".join(lines))
    return RecordedFrames(path)


async def test_every_frame_goes_where_it_was_byte_for_byte(connected, tmp_path):
    client, listener = connected
    frames = [envelope(1), b"no json at all", envelope(2)]
    lines = [record_line(1.0 + index, "cosmonapse.n1.TASK", frame) for index, frame in enumerate(frames)]
    republisher = Republisher(client, speed=math.inf)
    await republisher.run(recording(tmp_path / "r.ndjson", *lines))
    assert await listener.has(3) == [("cosmonapse.n1.TASK", frame) for frame in frames]
    assert republisher.outcome.sent == 3


@pytest.mark.parametrize("speed", [0.5, 1.0, 10.0])
async def test_the_pauses_are_those_of_the_recording_divided_by_the_speed(connected, tmp_path, speed):
    client, listener = connected
    clock = ManualClock()
    moments = [100.0, 100.0, 101.5, 104.0]
    lines = [record_line(at, "cosmonapse.n1.TASK", envelope(index)) for index, at in enumerate(moments)]
    republisher = Republisher(client, speed=speed, clock=clock)
    running = asyncio.ensure_future(republisher.run(recording(tmp_path / "r.ndjson", *lines)))
    await listener.has(2)
    await clock.advance(1.5 / speed - 0.001)
    assert republisher.outcome.sent == 2
    await clock.advance(0.001)
    await listener.has(3)
    await clock.advance(2.5 / speed)
    await running
    assert len(await listener.has(4)) == 4


async def test_namespaces_are_kept_replaced_or_made_up(connected, tmp_path):
    client, listener = connected
    lines = (
        record_line(1.0, "cosmonapse.n1.TASK", envelope(1)),
        envelope(2) + b"\n",
        record_line(2.0, "_gate.n1", b'{"gate":"g","event":"held"}'),
        record_line(2.0, "elsewhere.x", envelope(3)),
    )
    path = tmp_path / "r.ndjson"
    as_it_was = Republisher(client, speed=math.inf, otherwise="mine")
    await as_it_was.run(recording(path, *lines))
    assert [subject for subject, _ in await listener.has(2)] == ["cosmonapse.n1.TASK", "cosmonapse.mine.TASK"]
    assert (as_it_was.outcome.sent, as_it_was.outcome.passed_over) == (3, 1)
    await Republisher(client, speed=math.inf, namespace="other").run(recording(path, *lines))
    assert [subject for subject, _ in (await listener.has(4))[2:]] == ["cosmonapse.other.TASK"] * 2


async def test_new_traces_are_new_everywhere_and_consistent(connected, tmp_path):
    client, listener = connected
    lines = [record_line(1.0, "cosmonapse.n1.TASK", envelope(n, n - 1 if n else None)) for n in range(3)]
    rewrite = NewTraces(b"salt", 1_700_000_000.0)
    await Republisher(client, speed=math.inf, rewrite=rewrite).run(recording(tmp_path / "r.ndjson", *lines))
    heard = [json.loads(frame) for _, frame in await listener.has(3)]
    assert len({signal["id"] for signal in heard}) == 3
    assert {signal["trace_id"] for signal in heard} != {TRACE}
    assert len({signal["trace_id"] for signal in heard}) == 1
    assert [signal["parent_id"] for signal in heard] == [None, heard[0]["id"], heard[1]["id"]]
    assert all(len(signal["id"]) == 30 for signal in heard)
    assert [signal["payload"]["said"] for signal in heard] == ["evt_0 é", "evt_1 é", "evt_2 é"]
    assert NewTraces(b"other", 1_700_000_000.0)(envelope(1)) != rewrite(envelope(1))


async def test_what_the_bus_does_not_take_is_counted_with_its_line(connected, tmp_path):
    client, listener = connected
    lines = [
        record_line(1.0, "cosmonapse.n1.TASK", envelope(1)),
        record_line(1.0, "cosmonapse.n1.TASK", b'{"pad":"' + b"x" * 4_000 + b'"}'),
        record_line(1.0, "cosmonapse.n1.TASK", envelope(2)),
    ]
    republisher = Republisher(client, speed=math.inf)
    await republisher.run(recording(tmp_path / "r.ndjson", *lines))
    await listener.has(2)
    assert (republisher.outcome.sent, republisher.outcome.refused_count) == (2, 1)
    ((line, reason),) = republisher.outcome.refused
    assert line == 2
    assert "the bus takes 2,000" in reason
