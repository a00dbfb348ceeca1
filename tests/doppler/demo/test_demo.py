"""The demo: what it promises happens, by itself and by hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from cosmo_doppler.demo import open_demo
from cosmo_doppler.demo.desk import UNHURRIED_MS
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.requests import Request
from cosmo_doppler.session import Session
from cosmo_sdk.envelope import Signal
from cosmo_sdk.synapse import DevSynapse
from tests.doppler.session.waiting import PATIENCE_S, until_shown

SCALE = 0.12
"""Fast enough for tests, slow enough for a busy machine."""


@pytest.fixture
def demo(caplog: pytest.LogCaptureFixture) -> Iterator[Session]:
    """The demo, running. Nobody may complain while it runs and when it ends."""
    caplog.set_level(logging.WARNING)
    session = open_demo(seed=7, scale=SCALE)
    session.start()
    yield session
    session.stop()
    assert session.failure is None
    assert session.status().state == "closed"
    complaints = [record.getMessage() for record in caplog.records if "unexpected" in record.getMessage()]
    assert complaints == []


def types_of(board: Board, trace_id: str) -> list[str]:
    return [node.type for node in board.traces[trace_id].rows]


def open_request(session: Session, kind: str) -> Request:
    """The first open question of a kind."""
    found: list[Request] = []

    def look(board: Board) -> bool:
        found.extend(each for each in board.requests.values() if each.kind == kind and each.state == "open")
        return bool(found)

    until_shown(session, look)
    return found[0]


def signal_of(session: Session, request: Request) -> Signal:
    with session.lock:
        return Signal.decode(session.store.frame(request.seq))


async def final_of(session: Session, request: Request) -> str:
    """The FINAL of the trace that asked, when it has come."""
    trace_id = request.trace_id
    await asyncio.to_thread(until_shown, session, lambda board: "FINAL" in types_of(board, trace_id))
    with session.lock:
        rows = session.timeline.board.traces[trace_id].rows
        return session.store.frame(next(node.seq for node in rows if node.type == "FINAL")).decode()


def test_it_shows_everything_it_promises(demo: Session) -> None:
    until_shown(
        demo, lambda board: {each.liveness(board.now) for each in board.roster.values()} >= {"live", "stale"}
    )
    until_shown(demo, lambda board: board.types["CLARIFICATION"] and board.types["PERMISSION"])
    until_shown(demo, lambda board: {"night-owl", "barn-owl"} <= board.roster.keys())
    until_shown(demo, lambda board: any(_stopped_with_rollback(demo, board)))
    until_shown(demo, lambda board: any(_retried(board)))
    until_shown(demo, lambda board: any(_nested(board)))
    until_shown(demo, lambda board: _strategies(board) >= {"first_bid", "lowest_cost", "highest_confidence"})
    with demo.lock:
        board = demo.timeline.board
        assert board.malformed == 0
        assert board.roster["ledger-book"].role == "engram"
        assert "DEREGISTER" not in board.types


def _stopped_with_rollback(session: Session, board: Board) -> Iterator[bool]:
    for trace in board.traces.values():
        for node in trace.rows:
            if node.type == "STOPPED":
                yield session.store.observed(node.seq).header.read_payload().get("compensated", 0) >= 2


def _retried(board: Board) -> Iterator[bool]:
    """An ERROR on one trace, and the fetcher's success on a later one."""
    failed = [trace for trace in board.traces.values() if trace.errors and "fetcher" in _who(board, trace.id)]
    for trace in board.traces.values():
        if "fetcher" in _who(board, trace.id) and "FINAL" in types_of(board, trace.id):
            yield bool(failed)


def _who(board: Board, trace_id: str) -> set[str]:
    return {node.who for node in board.traces[trace_id].rows}


def _nested(board: Board) -> Iterator[bool]:
    """Offers inside the work of an offer, all on one trace, down to the conclusion."""
    for trace in board.traces.values():
        if len(trace.auctions) >= 3:
            depths = {node.depth for node in trace.rows if node.type == "TASK_OFFER"}
            yield len(depths) > 1 and trace.status == "done" and "PLAN" in types_of(board, trace.id)


def _strategies(board: Board) -> set[str]:
    """The strategies that alone explain some award."""
    explained = [auction.explained_by() for auction in board.auctions.values() if auction.state == "awarded"]
    return {each for strategies in explained for each in strategies}


@pytest.mark.parametrize("redispatch", [True, False], ids=["re-dispatch", "discrete"])
async def test_work_goes_on_when_a_person_answers(demo: Session, redispatch: bool) -> None:
    question = await asyncio.to_thread(open_request, demo, "CLARIFICATION")
    request = signal_of(demo, question)
    await demo.act(lambda operator: operator.answer(request, answer="2025", redispatch=redispatch))
    assert "Report 2025" in await final_of(demo, question)


@pytest.mark.parametrize("redispatch", [True, False], ids=["re-dispatch", "discrete"])
@pytest.mark.parametrize(("granted", "words"), [(True, "noted in the ledger"), (False, "left undone")])
async def test_work_goes_on_when_a_person_decides(
    demo: Session, granted: bool, words: str, redispatch: bool
) -> None:
    question = await asyncio.to_thread(open_request, demo, "PERMISSION")
    request = signal_of(demo, question)
    await demo.act(
        lambda operator: operator.decide(request, granted=granted, reason="", redispatch=redispatch)
    )
    assert words in await final_of(demo, question)


async def test_a_person_has_time_to_bid_by_hand_and_to_do_the_work(demo: Session) -> None:
    def unhurried(board: Board) -> list[Auction]:
        return [each for each in board.auctions.values() if each.deadline_ms >= UNHURRIED_MS * SCALE]

    won: Auction | None = None
    while won is None:
        # A bid may come too late where the machine is busy: the next one comes in a moment.
        await asyncio.to_thread(
            until_shown, demo, lambda board: any(each.state == "open" for each in unhurried(board))
        )
        with demo.lock:
            auction = unhurried(demo.timeline.board)[-1]
            offer = Signal.decode(demo.store.frame(auction.seq))
        await demo.act(
            lambda operator, offer=offer: operator.person.bid(
                offer, neuron_id="grace", capabilities=["translate"], cost=0.0001, eta_ms=9, confidence=1.0
            )
        )
        await asyncio.to_thread(until_shown, demo, lambda board, over=auction: over.state != "open")
        won = auction if auction.winner == "grace" else None
    person = demo.person
    assert person is not None
    await asyncio.to_thread(until_shown, demo, lambda _: person.open)
    [work] = person.open
    await demo.act(lambda operator: operator.person.answer(work, {"text": "Good morning"}))
    await asyncio.to_thread(until_shown, demo, lambda board: board.traces[won.trace_id].status == "done")


async def test_others_can_attach_to_it(demo: Session) -> None:
    await asyncio.to_thread(until_shown, demo, lambda board: board.signals > 10)
    synapse = DevSynapse(demo.title.removeprefix("demo at "))
    heard = asyncio.Event()
    await synapse.connect()
    await synapse.subscribe("cosmonapse.demo.HEARTBEAT", lambda _: heard.set())
    await asyncio.wait_for(heard.wait(), PATIENCE_S)
    await synapse.close()


async def test_a_person_can_stop_its_work(demo: Session) -> None:
    question = await asyncio.to_thread(open_request, demo, "CLARIFICATION")
    await demo.act(lambda operator: operator.stop(question.trace_id, rollback=False, reason="enough"))
    await asyncio.to_thread(until_shown, demo, lambda board: board.traces[question.trace_id].stopped)
    before = demo.status().signals
    await asyncio.to_thread(until_shown, demo, lambda board: board.signals > before + 30)


def test_the_same_seed_asks_for_the_same_work() -> None:
    def first_title() -> str:
        session = open_demo(seed=3, scale=SCALE)
        session.start()
        until_shown(session, lambda board: asked(board))
        session.stop()
        return asked(session.timeline.board)[0]

    def asked(board: Board) -> list[str]:
        # The guild beside the market deals in ids of its own, and begins no trace with an offer of work.
        traces = (board.traces[id] for id in board.trace_order)
        return [
            trace.title
            for trace in traces
            if trace.auctions and board.auctions[trace.auctions[0]].terms is None
        ]

    assert first_title() == first_title()


def test_its_guild_shares_work_votes_bargains_bids_and_hands_on_authority(demo: Session) -> None:
    def states(board: Board, kind: str) -> set[str]:
        shelf = board.coordination.shelf(kind)  # type: ignore[arg-type]
        return {state for state in shelf.states() if shelf.count(state)}

    until_shown(demo, lambda board: {"completed", "cancelled"} <= states(board, "task"))
    until_shown(demo, lambda board: "closed" in states(board, "vote"))
    until_shown(demo, lambda board: states(board, "negotiation") & {"accepted", "rejected"})
    until_shown(demo, lambda board: states(board, "auction") & {"sold", "unsold"})
    until_shown(demo, lambda board: {"revoked", "active"} <= states(board, "delegation"))
    until_shown(
        demo, lambda board: any(fault.kind == "claim in vain" for fault in board.faults.by_id.values())
    )
    with demo.lock:
        board = demo.timeline.board
        [pool] = board.coordination.pools.by_key.values()
        assert {board.roster[who].liveness(board.now) for who in pool.members} <= {"live", "late"}
        assert [store.missing for store in board.coordination.stores.values()] == [0]
