"""Auctions as signals tell of them, besides their offers and bids: which offers they are made of, and how they end."""

from __future__ import annotations

from typing import ClassVar

from cosmo_doppler.model.coordination.notice import SNAPSHOT, Kind, Notice
from cosmo_doppler.model.coordination.reading import name, one_of, table, told
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.wording import finite

MOST_OFFERS = 64
"""Offers of one auction that are kept: rounds of an English auction on a bus."""


class SeenSale(Thing):
    """An auction by exact rules. Its bids are with its offers, among all auctions of the board."""

    __slots__ = ("lot", "offers", "price", "reason", "refused", "type", "winner")

    kind: ClassVar[Kind] = "auction"
    first: ClassVar[str] = "open"
    ended: ClassVar[frozenset[str]] = frozenset({"sold", "unsold", "cancelled"})

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.offers: tuple[str, ...] = ()
        """Event ids of its offers, one for each round; the latest ones."""
        self.type = ""
        self.lot = ""
        """What is sold, or to be done; one line."""
        self.winner = ""
        self.price: float | None = None
        """What the winner pays; in a reverse auction, is paid."""
        self.reason = ""
        """Why it was not sold."""
        self.refused = 0
        """Bids that were not good enough, or came too late."""

    @property
    def title(self) -> str:
        """What it is, and what it is about."""
        about = f": {self.lot}" if self.lot else ""
        return f"{super().title}{about}"

    def take(self, notice: Notice) -> str:
        """It opens, is bid in, and ends."""
        event, facts = notice.about.event, notice.facts
        asked = table(facts.get("input"))
        if event == "opened":
            self._offer(notice.id)
            self.type = name(asked.get("auction_type") or notice.about.facts.get("auction_type"))[:40]
            self.lot = self.lot or told(facts.get("input") if self.live else asked.get("lot"))
        elif event == "bid_rejected":
            self.refused += 1
        elif event == "sold":
            self.state, self.winner = "sold", notice.who
            self.price = finite(facts.get("price") if self.live else table(facts.get("auction")).get("price"))
        elif event in ("unsold", "cancelled"):
            self.state = event
            self.reason = told(facts.get("reason"), 80).removeprefix("unsold:")
        elif event == "lost" and self.live and self.state == "open":
            # On a bus the award goes out first, so that there will be none; whoever lost is told why.
            self.state, self.reason = "unsold", told(facts.get("reason"), 80)
        return self.note(notice)

    def restore(self, notice: Notice) -> None:
        """How it stands."""
        facts = notice.facts
        if not self.offers:
            self._offer(notice.parent_id or notice.id)
        self.type = name(facts.get("auction_type"))[:40]
        self.lot = told(facts.get("lot"))
        self.state = one_of(facts.get("state"), ("open", *self.ended)) or self.state
        result = table(facts.get("result"))
        self.winner = name(result.get("winner"))
        self.price = finite(result.get("price"))

    def note(self, notice: Notice) -> str:
        """The amount, or why not."""
        event, facts = notice.about.event, notice.facts
        if event == "bid":
            cost = finite(facts.get("cost"))
            return "sealed" if facts.get("sealed") is True else "" if cost is None else f"{cost:g}"
        if event == "sold":
            return "" if self.price is None else f"for {self.price:g}"
        if event == SNAPSHOT:
            return ""
        return told(facts.get("reason"), 80)

    def _offer(self, offer_id: str) -> None:
        if offer_id and offer_id not in self.offers:
            self.offers = (*self.offers, offer_id)[-MOST_OFFERS:]
