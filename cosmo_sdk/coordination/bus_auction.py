"""Auctions by the rules of this package among the workers of a bus: who does it for the least, and for how much."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from cosmo_sdk.bidding import Bid, read_bid
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock, within
from cosmo_sdk.coordination._bus_sale import Sale
from cosmo_sdk.coordination.bidding import AuctionResult, AuctionRules, AuctionType, BiddingProtocol
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.ids import new_trace_id
from cosmo_sdk.pathway import Pathway
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Subscription

_logger = logging.getLogger("cosmo_sdk.coordination")

REMEMBERED = 1024
"""Offers that were decided and are remembered, so that late bidders are told."""


class BusAuctioneer:
    """Holds auctions among the workers of a namespace, of any release: they see a TASK_OFFER, a TASK_AWARDED, a
    TASK_DECLINED.

    Bids are costs, so the lowest wins. At the first price the winner is paid what it asked for, at the second what the
    next best asked for (or the reserve), which makes it best to ask for what the work really costs. In an English auction
    each round is an offer on the same trace, whose `meta["coord"]` says the cost that leads and the one to reach, until
    nobody goes lower. Ties go as `rules.tie_break` says; within an English round to the earliest.

    Args:
        dendrite: whose bus and namespace; an orchestrator, and started.
        clock: what windows are measured by.
    """

    def __init__(self, dendrite: Dendrite, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._dendrite = dendrite
        self._link = Link(dendrite.synapse, dendrite.namespace, dendrite.role)
        self._clock = clock
        self._open: dict[str, Sale] = {}
        self._decided: OrderedDict[str, str] = OrderedDict()
        self._hearing: asyncio.Task[Subscription] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hear no more bids. Whoever bids late is told nothing from now on."""
        hearing, self._hearing = self._hearing, None
        if hearing is not None:
            await (await hearing).unsubscribe()
        await asyncio.gather(*self._telling)

    async def run(
        self,
        input: dict[str, Any],
        capabilities: list[str] | None = None,
        rules: AuctionRules | None = None,
        deadline_ms: int = 250,
        *,
        auction_type: str = AuctionType.FIRST_PRICE_SEALED_BID,
        finalize: bool = False,
        enough: int | None = None,
        max_rounds: int = 16,
    ) -> tuple[Pathway, AuctionResult]:
        """Hold one auction, and award the work.

        Args:
            input: what the winner's Neuron function receives.
            capabilities: what a bidder must have.
            rules: reserve, increment, tie break and so on; always held in reverse, and timed by `deadline_ms`.
            deadline_ms: how long bids are taken in each round, milliseconds.
            auction_type: sealed at the first or second price, or English.
            finalize: the winner follows its AGENT_OUTPUT with a FINAL.
            enough: bidders after which a round ends early; None waits the window out.
            max_rounds: English: how often it is offered at most.

        Returns:
            The Pathway of what the winner does, closed when it was not sold, and what the auction came to.

        Raises:
            RoleError: the Dendrite is a worker.
            ValueError: rules that make no sense, a Dutch auction, or a window that is not positive.
            PathwayClosedError: the trace ended meanwhile; PathwayStopped after a STOP.
            SynapseError: the bus is away.
        """
        self._link.require_orchestrator("BusAuctioneer.run")
        if auction_type == AuctionType.DUTCH:
            raise ValueError("no Dutch auctions on a bus: workers cannot see the clock; use english")
        if deadline_ms <= 0 or max_rounds < 1 or (enough is not None and enough < 1):
            raise ValueError("deadline_ms, max_rounds and enough must be positive")
        rules = replace(rules or AuctionRules(), direction="reverse", duration_s=None)
        auction = BiddingProtocol.with_rules(rules, auction_type=auction_type, lot=input)
        await self._listen()
        pathway = await self._dendrite.observe_pathway(new_trace_id())
        sale = Sale(auction, rules=rules, enough=enough)
        pathway.on_closed(lambda closed: sale.end_round())
        payload: dict[str, Any] = {"input": input, "deadline_ms": deadline_ms}
        if capabilities:
            payload["capabilities"] = list(capabilities)
        try:
            await self._hold(sale, payload, pathway, max_rounds if auction_type == AuctionType.ENGLISH else 1)
            result = await self._decide(sale, input, pathway.trace_id, finalize=finalize)
        except BaseException:
            await pathway.close()
            raise
        if result.winner is None:
            await pathway.close()
        return pathway, result

    async def _hold(self, sale: Sale, payload: dict[str, Any], pathway: Pathway, rounds: int) -> None:
        """Offer it, as often as somebody goes lower."""
        first: str | None = None
        try:
            for number in range(1, rounds + 1):
                sale.begin_round()
                offer = Signal(
                    trace_id=pathway.trace_id,
                    parent_id=first,
                    type=SignalType.TASK_OFFER,
                    ts=self._clock.now(),
                    payload=payload,
                    meta=sale.meta("auction.opened", round=number, **sale.standing_price()),
                )
                first = first or offer.id
                sale.offers.append(offer.id)
                self._open[offer.id] = sale
                await self._link.publish(offer)
                await self._wait(sale, payload["deadline_ms"] / 1000)
                if (cause := pathway.cause) is not None:
                    raise cause
                if not sale.settle_round():
                    return
        finally:
            for offer_id in sale.offers:
                self._open.pop(offer_id, None)
                self._decided[offer_id] = pathway.trace_id
            while len(self._decided) > REMEMBERED:
                self._decided.popitem(last=False)

    async def _wait(self, sale: Sale, window_s: float) -> None:
        try:
            await within(self._clock, sale.over, window_s)
        except TimeoutError:
            return

    async def _decide(
        self, sale: Sale, input: dict[str, Any], trace_id: str, *, finalize: bool
    ) -> AuctionResult:
        """Award it to the winner, and tell the others."""
        sale.auction.resolve()
        result = sale.auction.result()
        assert result is not None
        if result.winner is not None:
            await self._award(sale, sale.accepted[result.winner], result, input, trace_id, finalize=finalize)
        for bid in sale.bidders():
            if bid.neuron != result.winner:
                await self._decline(bid, trace_id, sale.reason(bid, result), sale.meta("auction.lost"))
        return result

    async def _award(
        self,
        sale: Sale,
        won: Bid,
        result: AuctionResult,
        input: dict[str, Any],
        trace_id: str,
        *,
        finalize: bool,
    ) -> None:
        terms = {"cost": won.cost, "eta_ms": won.eta_ms, "confidence": won.confidence}
        payload: dict[str, Any] = {
            "input": input,
            "winning_bid": {name: value for name, value in terms.items() if value is not None},
            "price": result.price,
        }
        if finalize:
            payload["finalize"] = True
        meta = sale.meta("auction.sold")
        if won.instance:
            meta["cosmo.instance"] = won.instance
        await self._link.publish(
            Signal(
                trace_id=trace_id,
                parent_id=won.id,
                type=SignalType.TASK_AWARDED,
                directed=Directed(id=won.neuron),
                ts=self._clock.now(),
                payload=payload,
                meta=meta,
            )
        )

    async def _decline(self, bid: Bid, trace_id: str, reason: str, meta: dict[str, Any]) -> None:
        """Tell a bidder that it did not win. Best effort: the award is out."""
        try:
            await self._link.publish(
                Signal(
                    trace_id=trace_id,
                    parent_id=bid.id,
                    type=SignalType.TASK_DECLINED,
                    directed=Directed(id=bid.neuron),
                    ts=self._clock.now(),
                    payload={"reason": reason},
                    meta=meta,
                )
            )
        except SynapseError as error:
            _logger.warning("bidder %s could not be told that it lost: %s", bid.neuron, error)

    # -- bids

    async def _listen(self) -> None:
        if self._hearing is None:
            self._hearing = asyncio.create_task(self._link.subscribe(SignalType.BID, self._hear))
        hearing = self._hearing
        try:
            await asyncio.shield(hearing)
        except SynapseError:
            # Whoever asks next tries again.
            if self._hearing is hearing:
                self._hearing = None
            raise

    def _hear(self, signal: Signal) -> None:
        offer_id = signal.parent_id or ""
        sale, trace_id = self._open.get(offer_id), self._decided.get(offer_id)
        if sale is None and trace_id is None:
            return
        bid = read_bid(id=signal.id, neuron=signal.neuron, payload=signal.payload, meta=signal.meta)
        if sale is not None:
            sale.take(bid)
        elif trace_id is not None and bid.neuron:
            telling = asyncio.create_task(self._decline(bid, trace_id, "late", {}))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
