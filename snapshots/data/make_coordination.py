"""Makes `coordination.ndjson`: an afternoon of coordination as a real mirror tells of it on a real bus.

The clock of the store stands at written times, so the picture of it is the same each time; ids are new each time.
Run it from the root of the project: `python -m snapshots.data.make_coordination`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from cosmo_bus.recording import RecordingWriter
from cosmo_bus.testing import running_bus
from cosmo_sdk import Dendrite, Directed, Signal, SignalType
from cosmo_sdk.coordination import BusMirror
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import read_header
from cosmo_sdk.synapse import DevSynapse
from tests.doppler.model.afternoon import CREW, afternoon
from tests.doppler.model.coordinating import BEGIN, Told

HERE = Path(__file__).parent / "coordination.ndjson"
NAMESPACE = "mill"
HEARTBEAT_S = 5
SILENT = "dan"
"""Who is not heard any more after a while."""

Heard = list[tuple[float, str, bytes]]


async def mirrored(told: Told) -> Heard:
    """What a bus carries when a mirror tells of a store, by the moments its events bear."""
    heard: Heard = []

    def tap(subject: str, frame: bytes) -> None:
        moment = read_timestamp(read_header(frame).ts)
        if subject.startswith("cosmonapse.") and moment is not None:
            heard.append((moment.timestamp(), subject, frame))

    async with running_bus() as bus:
        bus.add_tap(tap)
        synapse = DevSynapse(bus.url)
        await synapse.connect()
        dendrite = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id="mirror", heartbeat_s=0)
        mirror = BusMirror(dendrite)
        mirror.attach(told.store)
        async with mirror:
            await mirror.flush()
        await synapse.close()
    return heard


def presence(until: float) -> Heard:
    """The crew announces itself, and is heard until the end; one of them is not."""
    said: Heard = []
    for place, who in enumerate(CREW):
        begin = BEGIN - 2 + place * 0.1
        said.append(_said(begin, SignalType.REGISTER, who, {"role": "neuron", "capabilities": ["lift"]}))
        beats = 3 if who == SILENT else int((until - begin) // HEARTBEAT_S)
        for beat in range(1, beats + 1):
            said.append(_said(begin + beat * HEARTBEAT_S, SignalType.HEARTBEAT, who, {"status": "ok"}))
    return said


def _said(at: float, type: SignalType, who: str, payload: dict[str, object]) -> tuple[float, str, bytes]:
    signal = Signal(
        type=type, directed=Directed(id=who), payload=dict(payload), ts=datetime.fromtimestamp(at, UTC)
    )
    return at, f"cosmonapse.{NAMESPACE}.{type}", signal.encode()


def main() -> None:
    """Write the recording anew."""
    told = Told()
    afternoon(told)
    heard = asyncio.run(mirrored(told))
    until = told.clock.now_ms() / 1000
    HERE.unlink(missing_ok=True)
    writer = RecordingWriter(HERE)
    for at, subject, frame in sorted([*heard, *presence(until)], key=lambda each: each[0]):
        writer.write(at, subject, frame)
    writer.close()


if __name__ == "__main__":
    main()
