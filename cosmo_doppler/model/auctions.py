"""Auctions: one offer, its bids, and what came of it. Grouped by offer id, never by trace."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec.structs import replace

from cosmo_doppler.model.coordination.terms import Terms
from cosmo_doppler.model.market.explain import consistent
from cosmo_sdk.bidding import Bid, Select, gives_way, latest_per_neuron

BidState = Literal[
    "bid",
    "sealed",
    "won",
    "declined",
    "late",
    "invalid",
    "replaced",
    "duplicate",
    "withdrawn",
    "revoked",
    "dropped",
]
"""bid: undecided; sealed: undecided, and its price is not told yet; late: after the window or the award; replaced: the
same neuron bid again; duplicate: another host of the same neuron had bid, and its bid stands; withdrawn: taken back
before the end; revoked: it had won; dropped: it was held at a gate and never arrived."""

AuctionState = Literal["open", "awarded", "no bid", "unresolved", "stopped", "unsold"]
"""no bid: the window closed and nobody had bid; unresolved: somebody had, the window closed, and no award was seen,
or the award was revoked and nobody followed; unsold: whoever held it said that it goes to nobody."""

GRACE_S = 0.5
"""How long after the window an award may still be under way, seconds."""

DEFAULT_WINDOW_MS = 5_000
"""When an offer names no window: how long it is shown as open, milliseconds."""

_WEIGHED = frozenset({"bid", "sealed", "won", "declined", "revoked"})
"""States of bids that were there to be chosen."""

_FEW = 8
"""Bids that are gone through to find one."""

_NOBODY: dict[str, SeenBid] = {}
"""Shared by all auctions that are decided."""

_UNDECIDED = frozenset({"bid", "sealed"})

_UNSOLD = ("unsold", "cancelled")
"""What the decline of a whole auction begins with (mirrored auctions only)."""


class FirstAward(NamedTuple):
    """The first award of an auction: the one that a strategy explains. Later ones pass the work on."""

    bid_id: str
    """As the award names it, seen or not; empty when it names none."""
    winner: str
    at: float
    """Arrival, epoch seconds."""
    sent_at: float | None
    """By the producer's clock, epoch seconds; None when it did not say."""


class SeenBid:
    """A bid and what became of it."""

    __slots__ = ("at", "bid", "declined_reason", "seq", "state", "stood_s")

    def __init__(self, bid: Bid, seq: int, at: float, *, sealed: bool = False) -> None:
        self.bid = bid
        self.seq = seq
        """Position of the BID in the store."""
        self.at = at
        """Arrival, epoch seconds."""
        self.state: BidState = "invalid" if bid.problem else "sealed" if sealed else "bid"
        self.declined_reason = ""
        """What the bidder was told; empty when it was told nothing."""
        self.stood_s = 0.0
        """How long the window had stood still by then, seconds."""


class Auction:
    """One TASK_OFFER and everything that answers it."""

    __slots__ = (
        "_awaited",
        "_by_id",
        "_guessed",
        "_standing",
        "_stood",
        "awarded_at",
        "awards",
        "bids",
        "capabilities",
        "deadline_ms",
        "dropped",
        "first_award",
        "held_s",
        "held_since",
        "meddled",
        "offer_id",
        "opened_at",
        "price",
        "producer",
        "refused",
        "revision",
        "round",
        "runner_up",
        "sent_at",
        "seq",
        "state",
        "terms",
        "title",
        "trace_id",
        "waits",
        "winner",
        "winning_bid_id",
    )

    def __init__(
        self,
        offer_id: str,
        trace_id: str,
        seq: int,
        opened_at: float,
        deadline_ms: int,
        capabilities: list[str],
        title: str,
        *,
        sent_at: float | None = None,
        producer: str = "",
        terms: Terms | None = None,
        waits: bool = True,
    ) -> None:
        self.offer_id = offer_id
        self.trace_id = trace_id
        self.seq = seq
        """Position of the TASK_OFFER in the store."""
        self.opened_at = opened_at
        """Its arrival, epoch seconds."""
        self.deadline_ms = deadline_ms
        """The window, milliseconds; 0 when the offer named none."""
        self.capabilities = capabilities
        self.title = title
        """What is asked, one line, not yet safe for a terminal."""
        self.sent_at = sent_at
        """When the offer was sent by its producer's clock, epoch seconds; None when it did not say."""
        self.producer = producer
        """Who offers, where the bus tells: whose work the offer is part of. Empty for most."""
        self.terms = terms
        """Set when exact rules decide it, and no strategy of a producer; told by who holds it."""
        self.waits = waits
        """Whether its window stands still while something of it is held, as far as the offer tells: a released SDK's does not."""
        self.price: float | None = None
        """What the winner pays or is paid, where that is told."""
        self.runner_up = ""
        """Who comes next, where that is told."""
        self.refused = 0
        """Bids of a mirrored auction that did not stand."""
        self.round = 1
        """Which offer of its trace this is, counted from 1."""
        self.revision = 0
        """Grows with everything that happens to it."""
        self.state: AuctionState = "open"
        self.bids: list[SeenBid] = []
        """By arrival."""
        self.winner = ""
        self.winning_bid_id = ""
        """Empty when the winning bid was not seen."""
        self.awarded_at: float | None = None
        """When the present winner got it, epoch seconds."""
        self.awards = 0
        """How often the work was awarded."""
        self.first_award: FirstAward | None = None
        self.held_s = 0.0
        """How long something of its trace was held at a gate while it took bids, seconds: its window stood still."""
        self.held_since: float | None = None
        """Since when it stands still, epoch seconds."""
        self.meddled = False
        """Whether something of it was held while it took bids: then moments prove nothing about its producer."""
        self.dropped: tuple[SeenBid, ...] = ()
        """Bids that somebody dropped on their way: nobody weighed them."""
        self._awaited = ""
        """The winning bid, named by an award that overtook it."""
        self._guessed: SeenBid | None = None
        """What is taken for that bid meanwhile."""
        self._by_id: dict[str, SeenBid] | None = None
        """By event id, once there are many."""
        self._standing: dict[str, SeenBid] = {}
        """The bid of each neuron that counts, as long as another one may take its place."""
        self._stood = 0
        """How many there were when none could any more."""

    @property
    def mirror(self) -> Terms | None:
        """Set when this only tells of an auction held elsewhere: its signals are copies, for observers only."""
        return self.terms if self.terms is not None and not self.terms.live else None

    @property
    def closes_at(self) -> float:
        """When the window closes, epoch seconds; for a mirrored auction by the clock of its store."""
        terms = self.terms
        if terms is not None and not terms.live and terms.closes_ms is not None:
            return terms.closes_ms / 1000
        return self.opened_at + (self.deadline_ms or DEFAULT_WINDOW_MS) / 1000 + self.held_s

    @property
    def given_up_at(self) -> float:
        """When an auction without an award is called off by whoever watches, epoch seconds."""
        return self.closes_at + GRACE_S

    def left_ms(self, now: float) -> float:
        """Milliseconds until the window closes; 0 when it has closed or the auction is decided."""
        at = now if self.held_since is None else self.held_since
        return max(0.0, (self.closes_at - at) * 1000) if self.state == "open" else 0.0

    def after_s(self, seen: SeenBid) -> float:
        """How much of the window was over when a bid came, seconds; what it stood still before does not count."""
        return max(0.0, seen.at - self.opened_at - seen.stood_s)

    def stand_still(self, at: float) -> None:
        """Something of its trace is held at a gate: a producer of ours does not let its window run on."""
        self.meddled = True
        if self.waits and self.state == "open" and self.held_since is None and at <= self.closes_at:
            self.revision += 1
            self.held_since = at

    def go_on(self, at: float) -> bool:
        """Nothing of its trace is held any more. False when its window does not go on."""
        since, self.held_since = self.held_since, None
        if since is None or self.state != "open":
            # Where it was decided meanwhile, its producer did not wait.
            return False
        self.revision += 1
        self.held_s += max(0.0, at - since)
        return True

    def drop(self, bid: Bid, seq: int, at: float) -> SeenBid:
        """A bid on its way here was dropped at a gate; `seq` is where the bus says so."""
        self.revision += 1
        seen = SeenBid(bid, seq, at)
        seen.state = "dropped"
        self.dropped = (*self.dropped, seen)
        return seen

    @property
    def all_bids(self) -> list[SeenBid]:
        """Every bid, followed by those that were dropped on their way."""
        return [*self.bids, *self.dropped] if self.dropped else self.bids

    def admit(self, bid: Bid, seq: int, at: float, *, sealed: bool = False) -> SeenBid:
        """Take in a bid as it arrives; `sealed` when its price is kept secret until the award."""
        self.revision += 1
        seen = SeenBid(bid, seq, at, sealed=sealed)
        is_open, held_since = self.state == "open", self.held_since
        seen.stood_s = self.held_s
        if is_open and held_since is not None:
            seen.stood_s += max(0.0, at - held_since)
        if not bid.problem:
            over = not is_open or (held_since is None and at > self.closes_at)
            if over and self.mirror is None:
                seen.state = "late"
            else:
                self._stand(seen)
        self.bids.append(seen)
        if self._by_id is not None:
            self._by_id[bid.id] = seen
        if self._awaited and bid.id == self._awaited:
            self._overtaken(seen)
        return seen

    def _overtaken(self, seen: SeenBid) -> None:
        """The bid that an award named comes after the award."""
        if self._guessed is not None and self._guessed.state == "won":
            self._guessed.state = "replaced" if self._guessed.bid.neuron == seen.bid.neuron else "declined"
        seen.state = "won"
        self.winning_bid_id = seen.bid.id
        self._awaited, self._guessed = "", None

    def _stand(self, seen: SeenBid) -> None:
        """Of two bids in one name only one counts."""
        earlier = self._standing.get(seen.bid.neuron)
        if earlier is not None and gives_way(seen.bid, earlier.bid):
            seen.state = "duplicate"
            return
        if earlier is not None and earlier.state in _UNDECIDED:
            earlier.state = "replaced"
        self._standing[seen.bid.neuron] = seen

    def withdraw(self, neuron: str) -> None:
        """A bidder took its bid back."""
        self.revision += 1
        seen = self._standing.pop(neuron, None)
        if seen is not None and seen.state in _UNDECIDED:
            seen.state = "withdrawn"

    def reveal(self, amounts: dict[str, float]) -> None:
        """The prices of sealed bids are told, by bidder: of those that count, because others were replaced."""
        self.revision += 1
        for neuron, amount in amounts.items():
            seen = self._standing.get(neuron)
            if seen is not None and seen.bid.cost is None:
                seen.bid = replace(seen.bid, cost=amount)

    def refuse(self) -> None:
        """A bid did not stand."""
        self.revision += 1
        self.refused += 1

    def extend(self, closes_ms: int) -> None:
        """A mirrored auction lasts until then, epoch milliseconds of its store."""
        if self.terms is not None:
            self.revision += 1
            self.terms = self.terms._replace(closes_ms=closes_ms)

    def settle_price(self, price: float | None, runner_up: str) -> None:
        """What the winner pays is told, and who comes next."""
        self.revision += 1
        self.price, self.runner_up = price, runner_up

    @property
    def leading(self) -> SeenBid | None:
        """The bid that wins if nothing better comes; None where nobody can see that."""
        terms = self.terms
        if terms is None or terms.sealed:
            return None
        told = (seen for seen in reversed(self.bids) if seen.bid.cost is not None and seen.state in _WEIGHED)
        if not terms.live:
            # Each bid that a mirror tells of beats the one before it.
            return next(told, None)
        return min(told, key=lambda seen: seen.bid.cost or 0.0, default=None)

    def award(self, bid_id: str | None, neuron: str, at: float, *, sent_at: float | None = None) -> None:
        """Note the award: by the id of the winning bid, else by the winner's name. The latest award counts."""
        self.revision += 1
        won = self.bid_of(bid_id) if bid_id else None
        if won is None and neuron:
            won = next((seen for seen in reversed(self.bids) if seen.bid.neuron == neuron), None)
        for seen in self.bids:
            if seen.state == "won":
                seen.state, seen.declined_reason = "revoked", "awarded again"
        self.state = "awarded"
        self.awards += 1
        self.winner = neuron or (won.bid.neuron if won else "")
        self.winning_bid_id = ""
        self.awarded_at = at
        if won is not None:
            won.state = "won"
            self.winning_bid_id = won.bid.id
        named = bid_id if bid_id and bid_id != self.offer_id else ""
        if won is not None and won.bid.id == named:
            # Equal, but then both are the same text.
            named, self._awaited = won.bid.id, ""
        else:
            self._awaited = "" if self.bid_of(named) is not None else named
        self._guessed = won if self._awaited else None
        if self.terms is None and self._standing:
            # Whoever bids now is late.
            self._stood, self._standing = len(self._standing), _NOBODY
        if self.first_award is None:
            self.first_award = FirstAward(named, self.winner, at, sent_at)

    def decline(self, bid_id: str | None, neuron: str, reason: str) -> None:
        """Note that a bidder was told it lost.

        Args:
            bid_id: of the losing bid; None when the decline names none that is known.
            neuron: the bidder, for that case.
            reason: what it was told.
        """
        self.revision += 1
        if self.mirror is not None and not bid_id and not neuron and reason.startswith(_UNSOLD):
            self.state = "unsold"
            return
        if bid_id:
            named = self.bid_of(bid_id)
            losing = [] if named is None else [named]
        else:
            losing = [seen for seen in self.bids if seen.bid.neuron == neuron]
        for seen in losing:
            seen.declined_reason = reason
            if seen.state == "won" and bid_id:
                self._revoke(seen)
            elif reason == "late" and seen.state in _UNDECIDED:
                seen.state = "late"
            elif reason != "late" and (seen.state in _UNDECIDED or self._in_time_after_all(seen)):
                seen.state = "declined"

    def _revoke(self, seen: SeenBid) -> None:
        """The winner was told that it has lost the work; the next award, if there is one, follows."""
        seen.state = "revoked"
        self.state = "unresolved"
        self.winner = self.winning_bid_id = ""
        self.awarded_at = None

    def close(self) -> None:
        """The window is over and no award was seen."""
        self.revision += 1
        weighed = any(seen.state in _WEIGHED for seen in self.bids)
        self.state = "unresolved" if weighed else "no bid"

    def stop(self) -> None:
        """The trace was stopped while bids were taken."""
        self.revision += 1
        self.state = "stopped"

    def bid_of(self, id: str) -> SeenBid | None:
        """A bid by its event id; None when it was not seen."""
        if self._by_id is None:
            if len(self.bids) <= _FEW:
                # The latest of them, should several have one id.
                for seen in reversed(self.bids):
                    if seen.bid.id == id:
                        return seen
                return None
            self._by_id = {seen.bid.id: seen for seen in self.bids}
        return self._by_id.get(id)

    @property
    def each_once(self) -> bool:
        """Whether every bid is valid, came in time and is the only one of its neuron, as far as is easily told."""
        return (self._stood or len(self._standing)) == len(self.bids)

    @property
    def winning_bid(self) -> Bid | None:
        """The bid that holds the award; None when there is no award, or it was not seen."""
        won = self.bid_of(self.winning_bid_id) if self.winning_bid_id else None
        return won.bid if won is not None else None

    @property
    def in_time(self) -> list[SeenBid]:
        """Every valid bid that came in time, by arrival; also those that another one of their neuron outlived."""
        return [
            seen for seen in self.bids if seen.state in _WEIGHED or seen.state in ("replaced", "duplicate")
        ]

    def contenders(self) -> list[Bid]:
        """The bids a producer that saw what we saw would weigh: valid, in time, the latest of each neuron."""
        in_time = latest_per_neuron([seen.bid for seen in self.in_time])
        weighed = {seen.bid.id: seen.state in _WEIGHED for seen in self.bids}
        return [bid for bid in in_time if weighed[bid.id]]

    def explained_by(self) -> list[Select]:
        """The strategies that may have chosen the first winner; empty before an award, and when none may have.

        The strategy never crosses the wire. See `cosmo_doppler.model.market.explain`.
        """
        return consistent(self)

    def _in_time_after_all(self, seen: SeenBid) -> bool:
        """A bid late by our clock, but before the award, that the producer weighed and declined like any other."""
        return seen.state == "late" and (self.awarded_at is None or seen.at <= self.awarded_at)
