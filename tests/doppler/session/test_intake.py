"""What arrives is in the store and in the recording, in order, from whatever thread it came."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cosmo_bus.recording import read_recording
from cosmo_doppler.session import Recorder, Session
from tests.doppler.model.folding import frame
from tests.doppler.session.waiting import until

BURST = 1500


class Burst:
    """Says much in one turn of the loop, and then nothing."""

    async def run(self, session: Session) -> None:
        for number in range(BURST):
            session.ingest("cosmonapse.dev.TASK", frame("TASK", str(number)))
        await asyncio.Event().wait()


def numbers(session: Session) -> list[str]:
    return [session.store.header(seq).id for seq in range(len(session.store))]


async def test_a_burst_is_stored_and_recorded_in_order(tmp_path: Path) -> None:
    path = tmp_path / "burst.ndjson"
    session = Session(Burst(), kind="live", title="burst", recorder=Recorder(path))
    session.start()
    try:
        await until(lambda: len(session.store) == BURST)
    finally:
        await asyncio.to_thread(session.stop)
    sent = [f"evt_{number}" for number in range(BURST)]
    assert numbers(session) == sent
    assert [line.frame for line in read_recording(path)] == [frame("TASK", str(n)) for n in range(BURST)]


async def test_what_another_thread_takes_in_joins_what_arrives() -> None:
    session = Session(Burst(), kind="live", title="burst")
    session.start()
    try:
        session.ingest("cosmonapse.dev.TASK", frame("TASK", "mine"))
        await until(lambda: len(session.store) == BURST + 1)
    finally:
        await asyncio.to_thread(session.stop)
    assert sorted(numbers(session)) == sorted(["evt_mine", *(f"evt_{number}" for number in range(BURST))])


def test_without_an_engine_everything_is_stored_at_once() -> None:
    session = Session(Burst(), kind="live", title="burst")
    session.ingest("cosmonapse.dev.TASK", frame("TASK", "1"))
    assert numbers(session) == ["evt_1"]


class Last:
    """Says its last word while it is being ended."""

    def __init__(self) -> None:
        self.begun = False

    async def run(self, session: Session) -> None:
        self.begun = True
        try:
            await asyncio.Event().wait()
        finally:
            session.ingest("cosmonapse.dev.FINAL", frame("FINAL", "last"))


async def test_what_arrives_while_the_engine_ends_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "last.ndjson"
    source = Last()
    session = Session(source, kind="live", title="last", recorder=Recorder(path))
    session.start()
    await until(lambda: source.begun)
    await asyncio.to_thread(session.stop)
    assert [line.frame for line in read_recording(path)] == [frame("FINAL", "last")]


class Mixed:
    """Says some of it alone and some of it together, in one turn of the loop."""

    async def run(self, session: Session) -> None:
        for first in range(0, BURST, 30):
            for number in range(first, first + 10):
                session.ingest("cosmonapse.dev.TASK", frame("TASK", str(number)))
            together = [frame("TASK", str(number)) for number in range(first + 10, first + 30)]
            session.ingest_lines(["cosmonapse.dev.TASK"] * 20, b"\n".join([*together, b""]))
        await asyncio.Event().wait()


async def test_what_comes_together_joins_what_comes_alone_in_order(tmp_path: Path) -> None:
    path = tmp_path / "mixed.ndjson"
    session = Session(Mixed(), kind="live", title="mixed", recorder=Recorder(path))
    session.start()
    try:
        await until(lambda: session.timeline.board.signals == BURST)
    finally:
        await asyncio.to_thread(session.stop)
    assert numbers(session) == [f"evt_{number}" for number in range(BURST)]
    assert [line.frame for line in read_recording(path)] == [frame("TASK", str(n)) for n in range(BURST)]
    assert [session.store.frame(seq) for seq in range(BURST)] == [frame("TASK", str(n)) for n in range(BURST)]
