"""A store whose events become frames, as a mirror would send them, at times that are written down."""

from __future__ import annotations

from typing import Any

from cosmo_doppler.model.board import Board
from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    DelegationProtocol,
    ManualClock,
    MemoryStore,
    NegotiationProtocol,
    PoolManager,
    Task,
    TaskManager,
    VoteBook,
)
from cosmo_sdk.coordination._mirrored import signal_of
from tests.doppler.model.folding import frame, observed

BEGIN = 1_700_000_000
"""When the clock of a store begins, epoch seconds."""


class Told:
    """Managers on one store with a clock that stands still, and what a mirror tells of them."""

    def __init__(self) -> None:
        self.clock = ManualClock(wall_ms=BEGIN * 1000)
        self.store = MemoryStore(self.clock)
        self.tasks = TaskManager(self.store).bind(clock=self.clock)
        self.pools = PoolManager(self.store)
        self.votes = VoteBook(self.store).bind(pools=self.pools)
        self.negotiation = NegotiationProtocol().bind(store=self.store)
        self.delegation = DelegationProtocol().bind(store=self.store, pools=self.pools)

    def auction(self, kind: str, auction_id: str, lot: Any = None, **rules: Any) -> BiddingProtocol:
        return BiddingProtocol.with_rules(
            AuctionRules(**rules),
            auction_type=kind,
            store=self.store,
            auction_id=auction_id,
            clock=self.clock,
            lot=lot,
        )

    def frames(self, after: int = 0) -> list[tuple[float, bytes]]:
        """What is told of the events after a revision: when it arrives, and the frame."""
        return [
            (event.ts_ms / 1000, signal_of(event, revision, self.store.store_id).encode())
            for revision, event in self.store.events(after, 100_000)
        ]

    def board(self, *, until: float = 0.0) -> Board:
        """A board that saw everything that happened so far, `until` seconds after the beginning."""
        board = Board()
        for seen in observed(self.frames()):
            board.apply(seen)
        board.advance(BEGIN + until)
        return board

    def key(self, kind: str, subject: str) -> str:
        """What a board knows an object by."""
        return f"{kind} {self.store.store_id} {subject}"


def found(board: Board, told: Told, kind: str, subject: str) -> Any:
    """The object as a board knows it."""
    thing = board.coordination.find(told.key(kind, subject))
    assert thing is not None, f"no {kind} {subject}"
    return thing


def faults(board: Board) -> list[tuple[str, str, bool]]:
    """Kind, severity, and whether it still stands, in order."""
    return [(fault.kind, fault.severity, fault.standing) for fault in board.faults.by_id.values()]


def busy(told: Told) -> None:
    """A little of everything."""
    told.pools.create_pool(
        {"id": "movers", "topics": ["boxes"], "admission_policy": {"mode": "open", "max_agents": 2}}
    )
    for agent in ("ann", "bob", "cat"):
        told.pools.join_pool(agent, "movers")
    _work(told)
    _agree(told)
    _sell(told)
    root = told.delegation.delegate("boss", "ann", ["topic:*"], max_depth=1)
    told.delegation.delegate("ann", "bob", ["topic:a"], parent_id=root)
    told.delegation.revoke(root, agent_id="eve")
    told.delegation.revoke(root, agent_id="boss")


def _work(told: Told) -> None:
    told.tasks.submit(
        Task("t1", {"do": "wash"}, constraints={"claim_ttl_sec": 30}, pool_id="movers", priority=3)
    )
    told.tasks.submit(Task("t2", "dry"))
    told.tasks.claim("ann", "t1")
    told.clock.advance(1)
    told.tasks.start("ann", "t1")
    told.tasks.claim("bob", "t2")
    told.tasks.report("bob", "t2", {"dry": True})
    told.clock.advance(40)
    told.tasks.release_expired_claims(told.clock.monotonic())


def _agree(told: Told) -> None:
    deal = told.negotiation.create_session("ann", ["bob"], {"price": 10, "days": 2})
    told.clock.advance(1)
    told.negotiation.propose(deal, "bob", {"price": 8, "days": 2})
    told.negotiation.accept(deal, "ann")
    told.votes.open_vote("v1", ["yes", "no"], ["ann", "bob", "cat", "dan"], quorum="1/2", duration_s=20)
    told.votes.cast("v1", "ann", "yes")
    told.votes.cast("v1", "bob", "no")
    told.votes.cast("v1", "bob", "yes")
    told.votes.close("v1")


def _sell(told: Told) -> None:
    english = told.auction("english", "e1", {"text": "a boat"}, start=100, increment=10, duration_s=60)
    english.submit_bid("ann", 100)
    english.submit_bid("bob", 105)
    english.submit_bid("bob", 110)
    told.clock.advance(2)
    english.resolve()
    sealed = told.auction("second_price_sealed_bid", "s1", reserve=3)
    sealed.submit_bid("ann", 5)
    sealed.submit_bid("bob", 4)
    sealed.resolve()


def event(kind: str, subject: str, rev: int, at: float, **facts: Any) -> tuple[float, bytes]:
    """What a mirror tells of one event of a store `s`, when it arrives."""
    meta = coord(kind, subject, rev=rev)
    data = frame("MEMORY_APPEND", f"e{subject}{rev}", meta=meta, trace="9", key="coord/x", value=facts)
    return at, data


def coord(kind: str, subject: str = "x", **more: Any) -> dict[str, Any]:
    """The `meta` by which a signal is known as one of coordination."""
    return {"coord": {"v": 1, "kind": kind, "subject": subject, "store": "s", "mode": "mirror", **more}}
