"""Stepping auctions of released producers: their windows run out, and the screen says so; their bus has no gates."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from cosmo_bus.testing import running_bus
from cosmo_doppler.session import Session
from cosmo_doppler.session.live import open_live
from cosmo_doppler.stepping.book import NO_GATES
from cosmo_doppler.tui.holding import why_not, window_of
from cosmo_doppler.tui.scene import Scene
from tests.doppler.session.waiting import until
from tests.interop.border import PeerRoom, peer_room
from tests.interop.peers import VERSIONS, install

pytestmark = pytest.mark.peer

NAMESPACE = "dev"
LATEST = VERSIONS[-1]


@pytest.fixture
async def room() -> AsyncIterator[PeerRoom]:
    """Agents of the last release."""
    async with peer_room(install(LATEST)) as room:
        yield room


async def watching(url: str) -> Session:
    session = open_live(url, NAMESPACE)
    session.start()
    await until(lambda: session.operator is not None)
    return session


async def test_a_bid_to_a_released_producer_is_changed_in_time_and_wins(room: PeerRoom) -> None:
    async with running_bus() as bus:
        session = await watching(bus.url)
        try:
            stepper = session.stepper
            assert stepper is not None
            there = {"url": bus.url, "namespace": NAMESPACE}
            for neuron, cost in (("dear", 0.4), ("cheap", 0.2)):
                await room.do("work", **there, neuron=neuron, capabilities=["echo"], bid={"cost": cost})
            await stepper.ask(stepper.set_break("type:BID who:dear"))
            call = {"input": {"n": 7}, "capabilities": ["echo"], "deadline_ms": 4000, "select": "lowest_cost"}
            offering = asyncio.create_task(room.do("offer", **there, **call))
            await until(lambda: stepper.book.meant)
            [held] = stepper.book.meant
            await until(lambda: session.timeline.board.auctions)
            window = window_of(Scene(session), held)
            assert window is not None
            assert not window.frozen
            assert window.words.startswith("runs out in ")
            assert window.words.endswith(" ms: a released SDK does not wait")
            frame = json.loads(held.frame)
            frame["payload"]["cost"] = 0.1
            await stepper.ask(stepper.send(held.hold_id, json.dumps(frame).encode()))
            await offering
            await until(lambda: next(iter(session.timeline.board.auctions.values())).winner)
            assert next(iter(session.timeline.board.auctions.values())).winner == "dear"
        finally:
            await asyncio.to_thread(session.stop)
            await room.do("leave", namespace=NAMESPACE)


async def test_on_a_bus_of_theirs_nothing_can_be_held_and_the_reason_is_said(room: PeerRoom) -> None:
    session = await watching(await room.do("bus"))
    try:
        assert session.stepper is None
        assert why_not(Scene(session)) == NO_GATES
    finally:
        await asyncio.to_thread(session.stop)
