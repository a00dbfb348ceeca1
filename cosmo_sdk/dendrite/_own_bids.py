"""The bids that went out from here: which awards they won, and what those awards are about (PROTOCOL 6.12)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from cosmo_sdk.envelope import Signal

REMEMBERED_BIDS = 4096
"""Auctions in which this host bid, kept to recognise its awards."""

REMEMBERED_OFFERS = 1024
"""Offers this host bid on whose input is kept: the draft of the protocol does not repeat it in the award."""


class OwnBids:
    """Remembers what this host bid on. Both memories are bounded; the oldest goes first."""

    def __init__(self) -> None:
        self._bids: OrderedDict[tuple[str, str], dict[str, str]] = OrderedDict()
        """By trace and neuron: the offer each bid answers."""
        self._inputs: OrderedDict[str, Any] = OrderedDict()
        """By offer: what it asked for."""

    def note(self, bid: Signal, offer: Signal) -> None:
        """A bid of a Neuron that lives here goes out, in answer to this offer."""
        self._bids.setdefault((bid.trace_id, bid.neuron or ""), {})[bid.id] = offer.id
        if len(self._bids) > REMEMBERED_BIDS:
            self._bids.popitem(last=False)
        self._inputs[offer.id] = offer.payload.get("input")
        self._inputs.move_to_end(offer.id)
        if len(self._inputs) > REMEMBERED_OFFERS:
            self._inputs.popitem(last=False)

    def may_have_won(self, award: Signal) -> bool:
        """Whether a bid from here won. Whoever did not bid for that Neuron at all cannot know, and may have."""
        bids = self._bids.get((award.trace_id, award.neuron or ""))
        return bids is None or self._offer_of(award, bids) is not None

    def offered(self, award: Signal) -> Any:
        """The input of the offer an award is about, None when it is not remembered."""
        offer = self._offer_of(award, self._bids.get((award.trace_id, award.neuron or ""), {}))
        return None if offer is None else self._inputs.get(offer)

    @staticmethod
    def _offer_of(award: Signal, bids: dict[str, str]) -> str | None:
        """The offer: by the bid that the award answers, or as the draft names it."""
        if award.parent_id in bids:
            return bids[award.parent_id]
        named = award.payload.get("offer_id", award.parent_id)
        return named if named in bids.values() else None
