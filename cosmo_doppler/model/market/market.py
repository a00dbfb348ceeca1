"""The market of a namespace: reads its signals into auctions, judges awards, and remembers promises."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.auction_book import AuctionBook
from cosmo_doppler.model.auctions import Auction, Mirror
from cosmo_doppler.model.market.honesty import Honesty
from cosmo_doppler.model.market.ledger import Ledger
from cosmo_doppler.model.market.record import Promise
from cosmo_doppler.model.wording import finite, say
from cosmo_sdk.bidding import read_bid
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import Header

MOST_TASKS = 50_000
"""Tasks and awards whose holders are remembered, to tell whose work an offer is part of."""

COORD = "coord/auction/"
"""What the keys of memory entries about mirrored auctions begin with (COORDINATION 15.3)."""

WITHDRAWS = "cosmo.withdraws"
"""Meta key of an award: the id of the award it replaces."""


class Market:
    """Folds what belongs to auctions. Never raises.

    Args:
        book: where the auctions are kept.
        agenda: what moves it as time passes.
    """

    def __init__(self, book: AuctionBook, agenda: Agenda) -> None:
        self.book = book
        self.ledger = Ledger(agenda)
        """Which strategies explain whose awards."""
        self.honesty = Honesty()
        """Who keeps promises."""
        self._holders: OrderedDict[str, str] = OrderedDict()
        """Who works on a task or award, by its event id."""

    def offer(self, header: Header, *, seq: int, at: float) -> Auction | None:
        """A TASK_OFFER was seen; None when it opens nothing: no id, or one that is known."""
        if not header.id or header.id in self.book.by_offer:
            return None
        payload = header.read_payload()
        window = finite(payload.get("deadline_ms"))
        needed = payload.get("capabilities")
        auction = Auction(
            offer_id=header.id,
            trace_id=header.trace_id,
            seq=seq,
            opened_at=at,
            deadline_ms=int(window) if window is not None and 1 <= window < 1e9 else 0,
            capabilities=[item for item in needed if isinstance(item, str)]
            if isinstance(needed, list)
            else [],
            title=say(payload.get("input")),
            sent_at=_sent_at(header),
            producer=header.who or self._holders.get(header.parent_id or "", ""),
            mirror=_mirror(payload, header.read_meta()),
        )
        self.book.open(auction)
        return auction

    def bid(self, header: Header, *, seq: int, at: float) -> Auction | None:
        """A BID was seen; None when no offer is known that it could answer."""
        payload = header.read_payload()
        bid = read_bid(id=header.id, neuron=header.who, payload=payload, meta=header.read_meta())
        return self.book.bid(
            bid,
            parent_id=header.parent_id,
            trace_id=header.trace_id,
            seq=seq,
            at=at,
            sealed=payload.get("sealed") is True and bid.cost is None,
        )

    def award(self, header: Header, *, at: float) -> Auction | None:
        """A TASK_AWARDED was seen; None when no offer is known that it could decide."""
        auction = self.book.award(
            parent_id=header.parent_id,
            trace_id=header.trace_id,
            who=header.who,
            at=at,
            sent_at=_sent_at(header),
        )
        payload = header.read_payload()
        if auction is not None:
            if auction.mirror is not None:
                auction.reveal(_told_amounts(payload))
            elif auction.awards == 1:
                self.ledger.awarded(auction)
        if header.id and header.who and (auction is None or auction.mirror is None):
            self._hold(header)
            self._promise(header, payload, auction, at)
        return auction

    def decline(self, header: Header) -> Auction | None:
        """A TASK_DECLINED was seen; None when no bid is known that it could mean."""
        return self.book.decline(
            parent_id=header.parent_id,
            trace_id=header.trace_id,
            who=header.who,
            reason=say(header.read_payload().get("reason"), 80),
        )

    def saw(self, header: Header, at: float) -> Auction | None:
        """Anything else was seen.

        Returns:
            The auction it changes, if it does.
        """
        read = _READ.get(header.type)
        return read(self, header, at) if read is not None else None

    def _task(self, header: Header, at: float) -> None:
        if header.id and header.who:
            self._hold(header)

    def _answer(self, header: Header, at: float) -> None:
        self.honesty.saw(header, at)

    def _memory(self, header: Header, at: float) -> Auction | None:
        payload = header.read_payload()
        key, value = payload.get("key"), payload.get("value")
        if not (isinstance(key, str) and key.startswith(COORD) and isinstance(value, dict)):
            return None
        agent = value.get("agent")
        if value.get("event") != "withdrawn" or not isinstance(agent, str):
            return None
        return self.book.withdraw(header.trace_id, key.removeprefix(COORD), agent)

    def _hold(self, header: Header) -> None:
        self._holders[header.id] = header.who
        if len(self._holders) > MOST_TASKS:
            self._holders.popitem(last=False)

    def _promise(self, header: Header, payload: dict[str, Any], auction: Auction | None, at: float) -> None:
        said = payload.get("winning_bid")
        terms: Mapping[str, Any] = said if isinstance(said, dict) else {}
        bid = auction.winning_bid if auction is not None else None
        replaced = header.read_meta().get(WITHDRAWS)
        self.honesty.promised(
            Promise(
                header.id,
                header.trace_id,
                header.who,
                at,
                cost=bid.cost if bid is not None else finite(terms.get("cost")),
                eta_ms=bid.eta_ms if bid is not None else finite(terms.get("eta_ms")),
                confidence=bid.confidence if bid is not None else finite(terms.get("confidence")),
                finalize=payload.get("finalize") is True,
            ),
            instead_of=replaced if isinstance(replaced, str) else "",
        )


def _sent_at(header: Header) -> float | None:
    moment = read_timestamp(header.ts)
    return None if moment is None else moment.timestamp()


def _mirror(payload: dict[str, Any], meta: dict[str, Any]) -> Mirror | None:
    """What an offer says of an auction held elsewhere (COORDINATION 15.2, 15.3)."""
    coord, asked = meta.get("coord"), payload.get("input")
    if not isinstance(coord, dict) or coord.get("mode") == "live":
        return None
    if not isinstance(asked, dict) or asked.get("coord") != "auction":
        return None
    return Mirror(
        say(asked.get("auction_id"), 80),
        say(asked.get("auction_type"), 40),
        asked.get("direction") == "reverse",
    )


def _told_amounts(payload: dict[str, Any]) -> dict[str, float]:
    """The bids that the award of a mirrored auction tells, by bidder as its signals name it."""
    told = payload.get("auction")
    listed = told.get("bids") if isinstance(told, dict) else None
    amounts: dict[str, float] = {}
    for each in listed if isinstance(listed, list) else ():
        agent = each.get("agent") if isinstance(each, dict) else None
        amount = finite(each.get("amount")) if isinstance(each, dict) else None
        if isinstance(agent, str) and amount is not None:
            amounts[f"coord:{agent}"] = amount
    return amounts


_READ: dict[str, Callable[[Market, Header, float], Auction | None]] = {
    "TASK": Market._task,
    "AGENT_OUTPUT": Market._answer,
    "FINAL": Market._answer,
    "ERROR": Market._answer,
    "CLARIFICATION": Market._answer,
    "PERMISSION": Market._answer,
    "MEMORY_APPEND": Market._memory,
}
