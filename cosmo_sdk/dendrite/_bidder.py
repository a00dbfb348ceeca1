"""Bidding: by callers, and by default (PROTOCOL 6.12)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from cosmo_sdk.bidding import AutoBid, read_bid
from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._reading import texts
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import DendriteProtocolError
from cosmo_sdk.ids import Ids
from cosmo_sdk.signal_types import SignalType

logger = logging.getLogger("cosmo_sdk.dendrite")


class Bidder:
    """Bids: for callers, and by default for the hosted Axons.

    Args:
        terms: of the bids made by default: for every Axon, or by neuron id; who is not named does not bid then.
        wanted: whether to bid by default at all, at this moment.
    """

    def __init__(
        self,
        link: Link,
        hosting: Hosting,
        work: Work,
        clock: Clock,
        ids: Ids,
        *,
        terms: AutoBid | Mapping[str, AutoBid],
        wanted: Callable[[], bool],
    ) -> None:
        self._link = link
        self._hosting = hosting
        self._work = work
        self._clock = clock
        self._ids = ids
        self._terms = terms
        self._wanted = wanted

    async def bid(
        self,
        offer: Signal,
        *,
        neuron: str,
        cost: float,
        eta_ms: int | None = None,
        confidence: float | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Bid on an offer. Workers may: bidding announces ability, it does not orchestrate.

        A bid that can never win (see `Bid.problem`) goes out all the same, with a warning in the log.

        Args:
            offer: the TASK_OFFER.
            neuron: who would do the work.
            cost: price, in US dollars by convention.
            eta_ms: promised time to an answer, milliseconds.
            confidence: self-assessment, 0 to 1.
            meta: annotations.

        Raises:
            DendriteProtocolError: `offer` is no TASK_OFFER.
        """
        if offer.type is not SignalType.TASK_OFFER:
            raise DendriteProtocolError(f"bid() answers a TASK_OFFER, not {offer.type}")
        payload: dict[str, Any] = {"cost": cost}
        if eta_ms is not None:
            payload["eta_ms"] = eta_ms
        if confidence is not None:
            payload["confidence"] = confidence
        bid = Signal(
            id=self._ids.event(),
            trace_id=offer.trace_id,
            parent_id=offer.id,
            type=SignalType.BID,
            directed=Directed(id=neuron),
            ts=self._clock.now(),
            payload=payload,
            meta=dict(meta or {}),
        )
        if self._hosting.note_bid(bid, offer):
            bid.meta["cosmo.instance"] = self._link.instance
        if problem := read_bid(id=bid.id, neuron=neuron, payload=payload, meta=bid.meta).problem:
            logger.warning("the bid of %s on %s can never win: %s", neuron or "nobody", offer.id, problem)
        await self._link.publish(bid)
        return bid

    def consider(self, offer: Signal) -> None:
        """An offer arrived: bid for the first Axon that covers it, unless somebody else decides on bids."""
        serving = self._hosting.serving
        if not serving or not self._wanted():
            return
        needed = texts(offer.payload.get("capabilities"))
        for axon in serving:
            terms = self._terms_of(axon.neuron_id)
            if terms is not None and axon.covers(needed):
                bidding = self.bid(
                    offer,
                    neuron=axon.neuron_id,
                    cost=terms.cost,
                    eta_ms=terms.eta_ms,
                    confidence=terms.confidence,
                    meta={"auto_bid": True},
                )
                self._work.spawn(bidding, "bidding")
                return

    def _terms_of(self, neuron_id: str) -> AutoBid | None:
        return self._terms if isinstance(self._terms, AutoBid) else self._terms.get(neuron_id)
