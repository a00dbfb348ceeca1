"""The market of a namespace: reads its signals into auctions, judges awards, and remembers promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sys import intern
from typing import Any

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.auction_book import AuctionBook
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.coordination.notice import PREFIX, About, about_of
from cosmo_doppler.model.coordination.reading import moment, name, table
from cosmo_doppler.model.coordination.terms import Terms, terms_of
from cosmo_doppler.model.interventions import Intervention, dropped_bid
from cosmo_doppler.model.market.honesty import Honesty
from cosmo_doppler.model.market.ledger import Ledger
from cosmo_doppler.model.market.record import Promise
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.wording import finite, say
from cosmo_sdk.bidding import read_bid
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import Header

MOST_TASKS = 50_000
"""Tasks and awards whose holders are remembered, to tell whose work an offer is part of."""

COORD = "coord/auction/"
"""What the keys of memory entries about mirrored auctions begin with (COORDINATION 15.3)."""

_COORD = COORD.encode()
_SNAPSHOT = b"auction.snapshot"
"""What the meta of a signal contains that tells how an auction stands."""

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
        self._holders: Recent[str, str] = Recent(MOST_TASKS)
        """Who works on a task or award, by its event id."""

    def offer(self, seen: Observed) -> Auction | None:
        """A TASK_OFFER was seen; None when it opens nothing: no id, or one that is known."""
        header = seen.header
        if not header.id or header.id in self.book.by_offer:
            return None
        payload = seen.payload
        terms = _terms(payload, seen.meta)
        is_mirror = terms is not None and not terms.live
        window = finite(payload.get("deadline_ms"))
        needed = payload.get("capabilities")
        auction = Auction(
            offer_id=header.id,
            trace_id=header.trace_id,
            seq=seen.seq,
            opened_at=seen.at,
            deadline_ms=int(window) if window is not None and 1 <= window < 1e9 else 0,
            capabilities=[intern(item) for item in needed if type(item) is str]
            if isinstance(needed, list)
            else [],
            title=say(table(payload.get("input")).get("lot") if is_mirror else payload.get("input")),
            sent_at=_sent_at(header),
            producer=header.who or self._holders.get(header.parent_id or "") or "",
            terms=terms,
            waits=not header.spells_nothing,
        )
        self.book.open(auction)
        return auction

    def bid(self, seen: Observed) -> Auction | None:
        """A BID was seen; None when no offer is known that it could answer."""
        header, payload = seen.header, seen.payload
        bid = read_bid(id=header.id, neuron=header.who, payload=payload, meta=seen.meta)
        auction = self.book.bid(
            bid,
            parent_id=header.parent_id,
            trace_id=header.trace_id,
            seq=seen.seq,
            at=seen.at,
            sealed=payload.get("sealed") is True and bid.cost is None,
        )
        if auction is not None and auction.offer_id == header.parent_id:
            seen.auction = auction
        return auction

    def award(self, seen: Observed) -> Auction | None:
        """A TASK_AWARDED was seen; None when no offer is known that it could decide."""
        header, payload = seen.header, seen.payload
        seen.auction = self.book.by_bid.get(header.parent_id or "")
        auction = self.book.award(
            parent_id=header.parent_id,
            trace_id=header.trace_id,
            who=header.who,
            at=seen.at,
            sent_at=_sent_at(header),
        )
        if auction is not None:
            if auction.mirror is not None:
                told = table(payload.get("auction"))
                auction.reveal(_amounts(told))
                auction.settle_price(finite(told.get("price")), name(told.get("runner_up")))
            elif auction.terms is not None:
                auction.settle_price(finite(payload.get("price")), "")
            elif auction.awards == 1:
                self.ledger.awarded(auction)
        if header.id and header.who and (auction is None or auction.mirror is None):
            self._hold(header)
            self._promise(seen, auction)
        return auction

    def decline(self, seen: Observed) -> Auction | None:
        """A TASK_DECLINED was seen; None when no bid is known that it could mean."""
        header = seen.header
        return self.book.decline(
            parent_id=header.parent_id,
            trace_id=header.trace_id,
            who=header.who,
            # What many are told is one text.
            reason=intern(say(seen.payload.get("reason"), 80)),
        )

    def intervened(self, done: Intervention, seen: Observed, *, held: bool) -> list[Auction]:
        """Something was done by hand; return the auctions it changes.

        Args:
            done: what.
            seen: what tells of it.
            held: whether something of its trace is held now.
        """
        if done.kind == "held":
            return self.book.stand_still(done.trace_id, seen.at)
        changed = [] if held or not done.trace_id else self.book.go_on(done.trace_id, seen.at)
        frame = seen.header.read_payload().get("frame") if done.kind == "dropped" else None
        found = dropped_bid(frame) if isinstance(frame, str) else None
        auction = self.book.by_offer.get(found[0]) if found is not None else None
        if found is not None and auction is not None:
            auction.drop(found[1], seen.seq, seen.at)
            changed.append(auction)
        return changed

    def saw(self, seen: Observed) -> Auction | None:
        """Anything else was seen.

        Returns:
            The auction it changes, if it does.
        """
        move = MOVES.get(seen.header.type)
        return move(self, seen) if move is not None else None

    def _task(self, seen: Observed) -> None:
        header = seen.header
        if header.id and header.who:
            self._hold(header)

    def _answer(self, seen: Observed) -> None:
        self.honesty.saw(seen)

    def _memory(self, seen: Observed) -> Auction | None:
        header = seen.header
        if _COORD not in bytes(header.payload):
            return None
        payload = seen.payload
        key, value = payload.get("key"), table(payload.get("value"))
        if not isinstance(key, str) or not key.startswith(COORD):
            return None
        auction = self.book.mirrored(header.trace_id, key.removeprefix(COORD))
        closes_ms = moment(value.get("closes_ms"))
        if auction is None:
            return None
        match value.get("event"):
            case "withdrawn":
                auction.withdraw(PREFIX + name(value.get("agent")))
            case "bid_rejected":
                auction.refuse()
            case "extended" if closes_ms is not None:
                auction.extend(closes_ms)
            case _:
                return None
        return auction

    def _snapshot(self, seen: Observed) -> Auction | None:
        """How a mirrored auction stands, for whoever did not see its offer."""
        header = seen.header
        if not header.mentions(_SNAPSHOT) or not header.parent_id:
            return None
        about = about_of(header)
        if about is None or about.live or header.parent_id in self.book.by_offer:
            return None
        state = table(seen.payload.get("snapshot"))
        if state.get("state") != "open":
            return None
        return self._late_comer(seen, about, state)

    def _late_comer(self, seen: Observed, about: About, state: dict[str, Any]) -> Auction:
        header, seq, at = seen.header, seen.seq, seen.at
        terms, offer_id = terms_of(about, state), header.parent_id or ""
        auction = Auction(
            offer_id=offer_id,
            trace_id=header.trace_id,
            seq=seq,
            opened_at=at,
            deadline_ms=_lasts(terms),
            capabilities=[],
            title=say(state.get("lot")),
            terms=terms,
        )
        self.book.open(auction)
        for place, (agent, amount) in enumerate(_listed(state)):
            bid = read_bid(id=f"{offer_id} {place}", neuron=agent, payload={"cost": amount}, meta={})
            auction.admit(bid, seq, at, sealed=amount is None)
        return auction

    def _hold(self, header: Header) -> None:
        self._holders.put(header.id, header.who)

    def _promise(self, seen: Observed, auction: Auction | None) -> None:
        header, payload = seen.header, seen.payload
        said = payload.get("winning_bid")
        terms: Mapping[str, Any] = said if isinstance(said, dict) else {}
        bid = auction.winning_bid if auction is not None else None
        replaced = seen.meta.get(WITHDRAWS)
        self.honesty.promised(
            Promise(
                header.id,
                header.trace_id,
                header.who,
                seen.at,
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


def _terms(payload: dict[str, Any], meta: dict[str, Any]) -> Terms | None:
    """By which exact rules an offer is decided; None where a strategy of its producer decides (COORDINATION 15)."""
    coord = meta.get("coord")
    if not isinstance(coord, dict):
        return None
    asked = table(payload.get("input"))
    live = coord.get("mode") == "live"
    if not live and asked.get("coord") != "auction":
        return None
    about = About(
        "auction", "opened", name(coord.get("subject") or asked.get("auction_id")), "", None, live, coord
    )
    return terms_of(about, {} if live else asked)


def _lasts(terms: Terms) -> int:
    """The window of a mirrored auction, milliseconds; 0 for none."""
    if terms.opened_ms is None or terms.closes_ms is None:
        return 0
    return max(0, terms.closes_ms - terms.opened_ms)


def _listed(told: dict[str, Any]) -> list[tuple[str, float | None]]:
    """The bids that a mirror lists: bidder as its signals name it, and amount."""
    listed = told.get("bids")
    found = []
    for each in listed if isinstance(listed, list) else ():
        agent = each.get("agent") if isinstance(each, dict) else None
        if isinstance(agent, str):
            found.append((f"{PREFIX}{agent}", finite(each.get("amount"))))
    return found


def _amounts(told: dict[str, Any]) -> dict[str, float]:
    return {agent: amount for agent, amount in _listed(told) if amount is not None}


MOVES: dict[str, Callable[[Market, Observed], Auction | None]] = {
    "TASK": Market._task,
    "AGENT_OUTPUT": Market._answer,
    "FINAL": Market._answer,
    "ERROR": Market._answer,
    "CLARIFICATION": Market._answer,
    "PERMISSION": Market._answer,
    "MEMORY_APPEND": Market._memory,
    "CONTEXT_SYNC": Market._snapshot,
}
"""By type: what its signals change, but for those of an auction itself."""
