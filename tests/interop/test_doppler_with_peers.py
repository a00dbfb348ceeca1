"""Doppler on a bus of a released peer, with agents of that peer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from cosmo_doppler.model.board import Board
from cosmo_doppler.session import Session
from cosmo_doppler.session.live import open_live
from cosmo_sdk import Signal
from tests.doppler.session.waiting import until_shown
from tests.interop.border import PeerRoom
from tests.interop.peers import VERSIONS

pytestmark = [pytest.mark.peer, pytest.mark.parametrize("version", VERSIONS)]

NAMESPACE = "dev"


@pytest.fixture
async def url(room: PeerRoom) -> AsyncIterator[str]:
    """A bus of theirs."""
    yield await room.do("bus")
    await room.do("leave", namespace=NAMESPACE)


@pytest.fixture
async def session(url: str) -> AsyncIterator[Session]:
    """Doppler, watching."""
    session = open_live(url, NAMESPACE)
    session.start()
    try:
        await until(session, lambda board: board.types["DISCOVER"])
        yield session
    finally:
        await asyncio.to_thread(session.stop)


async def until(session: Session, condition: Callable[[Board], object]) -> None:
    """Wait until the board of the session shows it."""
    await asyncio.to_thread(until_shown, session, condition)


def has(board: Board, *types: str) -> bool:
    """Whether one trace has all of these."""
    return any({node.type for node in trace.rows} >= set(types) for trace in board.traces.values())


async def test_doppler_shows_everything_they_send(room: PeerRoom, url: str, session: Session) -> None:
    there = {"url": url, "namespace": NAMESPACE}
    await room.do("work", **there, neuron="theirs", capabilities=["echo"], heartbeat_s=0.1)
    await room.do("offer", **there, input={"n": 7}, capabilities=["echo"], deadline_ms=150)
    await room.do("task", **there, neuron="theirs", input={"fail": "no paper"})
    await room.do("task", **there, neuron="theirs", input={"ask": "which year?"})
    await until(
        session,
        lambda board: (
            has(board, "TASK_OFFER", "BID", "TASK_AWARDED", "AGENT_OUTPUT", "FINAL")
            and has(board, "TASK", "ERROR")
            and has(board, "TASK", "CLARIFICATION")
            and board.types["HEARTBEAT"] > 2
        ),
    )
    await room.do("leave", namespace=NAMESPACE)
    await until(session, lambda board: board.roster["theirs"].liveness(board.now) == "left")
    board = session.timeline.board
    [auction] = board.auctions.values()
    assert (auction.state, auction.winner) == ("awarded", "theirs")
    assert [request.state for request in board.requests.values()] == ["open"]
    assert board.malformed == 0
    assert session.status().dropped == 0


async def test_a_worker_of_theirs_that_crashed_turns_stale(
    room: PeerRoom, url: str, session: Session
) -> None:
    there = {"url": url, "namespace": NAMESPACE}
    await room.do("work", **there, neuron="theirs", capabilities=["echo"], heartbeat_s=0.1)
    await until(session, lambda board: board.types["HEARTBEAT"] > 2)
    await room.do("vanish", namespace=NAMESPACE)
    await until(session, lambda board: board.roster["theirs"].liveness(board.now) == "stale")
    assert session.timeline.board.types["DEREGISTER"] == 0


async def test_a_person_answers_their_worker(room: PeerRoom, url: str, session: Session) -> None:
    there = {"url": url, "namespace": NAMESPACE}
    await room.do("work", **there, neuron="theirs", capabilities=["echo"])
    asked = await room.do("task", **there, neuron="theirs", input={"ask": "which year?"})
    assert asked["type"] == "CLARIFICATION"
    await until(session, lambda board: board.requests)
    [request] = session.timeline.board.requests.values()
    signal = Signal.decode(session.store.frame(request.seq))
    await session.act(lambda operator: operator.answer(signal, answer="2025", redispatch=True))
    await until(session, lambda board: has(board, "CLARIFICATION", "AGENT_OUTPUT"))
    assert session.timeline.board.requests[request.id].state == "answered"
