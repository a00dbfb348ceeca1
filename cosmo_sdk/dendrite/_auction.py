"""Auctions: the producer's rounds (PROTOCOL 6.12)."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Any

from cosmo_sdk.bidding import SELECTS, Bid, Reaward, Select, gives_way, rank, read_bid
from cosmo_sdk.clock import Clock, within
from cosmo_sdk.dendrite._award import Awards
from cosmo_sdk.dendrite._dispatch import place
from cosmo_sdk.dendrite._held import HeldTraces
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._pacing import Pace
from cosmo_sdk.dendrite._pathways import PathwayTable
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import NoBids
from cosmo_sdk.ids import Ids
from cosmo_sdk.pathway import Pathway, Scope
from cosmo_sdk.signal_types import SignalType

logger = logging.getLogger("cosmo_sdk.dendrite")

REMEMBERED_ROUNDS = 1024
"""Decided offers kept, so that late bidders are told."""

IDLE_TURN_S = 0.001
"""A turn of the event loop that takes less than this had little to do, seconds."""

CATCH_UP = 4
"""How many windows a round may stay open because this process or the bidders are behind."""


class Round:
    """One open auction of this Dendrite."""

    __slots__ = ("bids", "closed", "invalid", "offer", "over", "still", "takes_first")

    def __init__(self, offer: Signal, *, takes_first: bool) -> None:
        self.offer = offer
        self.takes_first = takes_first
        """The first valid bid closes the window."""
        self.bids: dict[str, Bid] = {}
        """The latest valid bid of each neuron, in the order in which they first bid."""
        self.invalid = 0
        """Bids that cannot win."""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when waiting on makes no sense: the first bid was enough, the trace was stopped, or time stands still."""
        self.closed = False
        """No more bids are wanted."""
        self.still = False
        """A gate holds something of the trace: the window does not run."""

    def add(self, bid: Bid) -> None:
        """A bid arrived in time."""
        if bid.problem:
            self.invalid += 1
            logger.info("bid %s of %s cannot win: %s", bid.id, bid.neuron or "nobody", bid.problem)
            return
        earlier = self.bids.get(bid.neuron)
        if earlier is not None and gives_way(bid, earlier):
            logger.info("bid %s of %s gives way to another host of that name", bid.id, bid.neuron)
            return
        self.bids[bid.neuron] = bid
        if self.takes_first:
            self.close()

    def close(self) -> None:
        """End the wait for bids."""
        self.closed = True
        if not self.over.done():
            self.over.set_result(None)

    def stand_still(self, held: bool) -> None:
        """A gate began, or ceased, to hold something of the trace."""
        self.still = held
        if not self.over.done():
            self.over.set_result(None)

    async def wait(self, clock: Clock, window_s: float) -> None:
        """Wait for `window_s` seconds, not counting those in which time stands still, or until closed.

        Raises:
            TimeoutError: the window is over.
        """
        while True:
            began, runs = clock.monotonic(), not self.still
            await within(clock, self.over, window_s if runs else None)
            if self.closed:
                return
            if runs:
                window_s -= clock.monotonic() - began
            self.over = asyncio.get_running_loop().create_future()


class Auctioneer:
    """Opens rounds, decides them, and tells everybody."""

    def __init__(
        self, link: Link, pathways: PathwayTable, awards: Awards, work: Work, clock: Clock, ids: Ids
    ) -> None:
        self._link = link
        self._pathways = pathways
        self._awards = awards
        self._work = work
        self._clock = clock
        self._ids = ids
        self._pace = Pace(clock)
        self._held = HeldTraces(link)
        self._open: dict[str, Round] = {}
        self._arrived = 0
        self._decided: OrderedDict[str, Signal] = OrderedDict()

    async def dispatch_offer(
        self,
        *,
        input: dict[str, Any],
        capabilities: list[str] | None = None,
        deadline_ms: int = 250,
        select: Select = "first_bid",
        scope: Scope = "all",
        finalize: bool | None = None,
        trace_id: str | None = None,
        parent_id: str | None = None,
        context_ref: str | None = None,
        meta: dict[str, Any] | None = None,
        inherit_trace: bool = False,
        reaward: Reaward | bool | None = None,
    ) -> Pathway:
        """Put work up for auction and return the Pathway of what the winner does.

        The strategies see the same bids: `first_bid` takes the first and closes the window early, `lowest_cost` and
        `highest_confidence` wait it out. Ties go to the earliest. Bids that are not valid (see `Bid.problem`) never win.

        Args:
            input: what the winner's Neuron function receives.
            capabilities: what a bidder must have.
            deadline_ms: the window for bids, milliseconds.
            select: how the winner is chosen.
            scope: of the Pathway.
            finalize: the winner follows its AGENT_OUTPUT with a FINAL; when left out, under `scope="terminal"`.
            trace_id: the workflow; a new one when left out.
            parent_id: the event that caused it; the TASK being handled when left out.
            context_ref: where more context lies; goes to the winner.
            meta: annotations of the offer.
            inherit_trace: inside a task, stay on its trace.
            reaward: when the winner is lost before it has answered, award to the next best bid; True means
                `Reaward()`. When nobody is left, whoever waits gets WinnerLost, and a trace that began with this offer
                is stopped. Without it only a registry notices that a winner is gone, and without that nobody does.

        Raises:
            RoleError: this Dendrite is a worker.
            ValueError: an unknown strategy or scope, or a window that is not positive.
            NoBids: nobody bid in time (also a TimeoutError).
            PathwayClosedError: the trace ended meanwhile; PathwayStopped after a STOP.
        """
        self._link.require_orchestrator("dispatch_offer")
        if select not in SELECTS:
            raise ValueError(f"select={select!r} is not one of {', '.join(SELECTS)}")
        if deadline_ms <= 0:
            raise ValueError(f"deadline_ms={deadline_ms}: a window for bids is longer than nothing")
        again = Reaward() if reaward is True else reaward or None
        trace_id, parent_id = place(trace_id, parent_id, inherit_trace)
        offer = self._offer(input, capabilities, deadline_ms, trace_id, parent_id, meta)
        award = _award_payload(input, context_ref, scope == "terminal" if finalize is None else finalize)
        pathway = self._pathways.open(offer.trace_id, parent_id=offer.id, scope=scope)
        try:
            await self._pathways.listen()
            await self._held.watch()
            await self._awards.prepare(again)
            ranked = await self._hold(offer, deadline_ms / 1000, select, pathway)
            await self._awards.hand_out(
                offer,
                ranked,
                award,
                pathway,
                again,
                first_come=select == "first_bid",
                own_trace=trace_id is None,
            )
        except BaseException:
            await pathway.close()
            raise
        return pathway

    def _offer(
        self,
        input: dict[str, Any],
        capabilities: list[str] | None,
        deadline_ms: int,
        trace_id: str | None,
        parent_id: str | None,
        meta: dict[str, Any] | None,
    ) -> Signal:
        payload: dict[str, Any] = {"input": input, "deadline_ms": deadline_ms}
        if capabilities:
            payload["capabilities"] = list(capabilities)
        return Signal(
            id=self._ids.event(),
            trace_id=trace_id or self._ids.trace(),
            parent_id=parent_id,
            type=SignalType.TASK_OFFER,
            ts=self._clock.now(),
            payload=payload,
            meta=dict(meta or {}),
        )

    def take_bid(self, signal: Signal) -> None:
        """A BID arrived. It counts if it answers an open offer of ours; one that comes too late is declined."""
        held = self._open.get(signal.parent_id or "")
        offer = held.offer if held is not None else self._decided.get(signal.parent_id or "")
        if offer is None:
            return
        self._pace.bid(offer.id, signal.neuron or "")
        bid = read_bid(id=signal.id, neuron=signal.neuron, payload=signal.payload, meta=signal.meta)
        if held is not None:
            self._arrived += 1
            held.add(bid)
        elif bid.neuron and not self._awards.take_late(offer.id, bid):
            self._work.spawn(self._awards.decline(offer, bid, "late"), "declining a late bid")

    async def _hold(self, offer: Signal, window_s: float, select: Select, pathway: Pathway) -> list[Bid]:
        """Hold a round: publish, wait, decide. Returns the bids, best first, at least one."""
        if (cause := pathway.cause) is not None:
            raise cause
        held = self._open[offer.id] = Round(offer, takes_first=select == "first_bid")
        pathway.on_closed(lambda closed: held.close())

        def stand_still(is_held: bool) -> None:
            self._pace.excuse(offer.id)
            held.stand_still(is_held)

        unfollow = _nothing
        try:
            await self._pace.turn(offer.id, window_s, held.over)
            unfollow = self._held.follow(offer.trace_id, stand_still)
            if not held.closed:
                offer.ts = self._clock.now()
                await self._link.publish(offer)
            try:
                await held.wait(self._clock, window_s)
            except TimeoutError:
                await self._catch_up(offer, window_s, pathway)
        finally:
            unfollow()
            self._pace.close(offer.id)
            del self._open[offer.id]
            self._decided[offer.id] = offer
            if len(self._decided) > REMEMBERED_ROUNDS:
                self._decided.popitem(last=False)
        if (cause := pathway.cause) is not None:
            raise cause
        ranked = rank(list(held.bids.values()), select)
        if not ranked:
            raise NoBids(offer.trace_id, round(window_s * 1000), invalid=held.invalid)
        return ranked

    async def _catch_up(self, offer: Signal, window_s: float, pathway: Pathway) -> None:
        """The window is over: take in the bids that are late because this process or the bidders are behind.

        Where neither is, this ends at once; see `Pace.behind`.
        """
        enough = self._clock.monotonic() + CATCH_UP * window_s
        await self._read_backlog(enough)
        while self._pace.behind(offer.id) and self._clock.monotonic() < enough and not pathway.closed:
            await self._clock.sleep(window_s / 8)

    async def _read_backlog(self, enough: float) -> None:
        """Take in what came in time and still lies in a queue of this process.

        A loop that is behind would else decide on the bids it happens to have read. It has caught up when a turn was
        short, or when bids have stopped coming for two; an idle loop is done at once.
        """
        now = self._clock.monotonic
        before = now()
        arrived, quiet = self._arrived, 0
        while before < enough and quiet < 2:
            await asyncio.sleep(0)
            after = now()
            if after - before < IDLE_TURN_S:
                return
            quiet = quiet + 1 if arrived == self._arrived else 0
            before, arrived = after, self._arrived


def _nothing() -> None:
    """Nothing was begun."""


def _award_payload(input: dict[str, Any], context_ref: str | None, finalize: bool) -> dict[str, Any]:
    payload: dict[str, Any] = {"input": input}
    if context_ref is not None:
        payload["context_ref"] = context_ref
    if finalize:
        payload["finalize"] = True
    return payload
