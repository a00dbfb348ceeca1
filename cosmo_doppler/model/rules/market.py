"""Auctions that end in silence: nobody bids, nobody is told, or somebody wins who should not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial

from cosmo_doppler.model.auctions import GRACE_S, Auction, SeenBid
from cosmo_doppler.model.faults import Fault
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.roster import Roster
from cosmo_doppler.model.rules.ground import Ground, Reads, is_mirrored, spell
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.model.wording import say, short_id
from cosmo_sdk.header import Header

PATIENCE_S = 2.0
"""How long after its time word to a bidder may still be under way, seconds."""

ENOUGH_WINS = 5
"""Contested auctions in a row that a default bidder wins before that is said."""

_MOST = 20_000
"""Bids and bidders remembered."""

_CANDIDATES = 256
"""Capabilities that are compared with one nobody has."""

_MOST_SEARCHES = 1_000
"""Capabilities nobody has for which the nearest one is sought."""


class MarketRules:
    """Reads offers, bids, awards and declines."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._speakers: Recent[tuple[str, str], str] = Recent(_MOST)
        """The host that bid, by offer and bidder."""
        self._streaks: Recent[str, int] = Recent(_MOST)
        """Contested auctions won in a row by default bidders."""
        self._given_up: Recent[str, Fault] = Recent(_MOST)
        """What was said of offers that ended without an award."""
        self._nearest: Recent[str, str] = Recent(_MOST_SEARCHES)
        self.reads: Reads = {"TASK_OFFER": self._offer, "BID": self._bid, "TASK_AWARDED": self._award}

    def missing(self, needed: Iterable[str], now: float) -> str:
        """Which of these capabilities nobody who is there has, and what comes nearest; empty when all are covered."""
        if not self._ground.roster.complete(now):
            return ""
        abilities = self._ground.roster.abilities
        for ability in needed:
            if ability in abilities:
                continue
            near = self._nearest.get(ability)
            if near is None and len(self._nearest) < _MOST_SEARCHES:
                near = _nearest(ability, self._ground.roster)
                self._nearest.put(ability, near)
            return f"nobody here can do {ability[:60]}" + (f"; the nearest is {near}" if near else "")
        return ""

    # -- offers

    def _offer(self, seen: Observed, header: Header) -> None:
        auction = self._ground.auctions.get(header.id)
        if auction is None or auction.seq != seen.seq or is_mirrored(header):
            return
        self._ground.agenda.note(auction.given_up_at, partial(self._closed, auction))

    def _closed(self, auction: Auction, at: float) -> None:
        if auction.state == "open" and (auction.held_since is not None or auction.given_up_at > at):
            # Its window stands still, or did.
            later = at + GRACE_S if auction.held_since is not None else auction.given_up_at
            self._ground.agenda.note(later, partial(self._closed, auction))
            return
        if auction.state == "no bid":
            about = self._about(auction)
            missing = self.missing(auction.capabilities, at)
            need = f" on {', '.join(auction.capabilities)[:80]}" if auction.capabilities else ""
            self._report(
                auction,
                at,
                "no bid",
                f"nobody bid{need} for {about} within {spell(auction.deadline_ms / 1000)}"
                if auction.deadline_ms
                else f"nobody bid{need} for {about}",
                missing
                or "who could have: are they there, and do they bid in time? Its producer got a timeout",
            )
        elif auction.state == "unresolved" and not auction.awards:
            about = self._about(auction)
            bids = "1 bid" if len(auction.bids) == 1 else f"{len(auction.bids)} bids"
            self._report(
                auction,
                at,
                "no award",
                f"{bids} for {about}, and no award came",
                "whether its producer still runs, or gave up",
            )

    # -- bids

    def _bid(self, seen: Observed, header: Header) -> None:
        auction = seen.auction
        if auction is None or not auction.bids or is_mirrored(header):
            return
        made = auction.bids[-1]
        if made.seq != seen.seq or made.bid.problem:
            return
        if made.bid.instance:
            self._speak(seen, auction, made)
        if made.state == "late":
            self._ground.agenda.note(seen.at + PATIENCE_S, partial(self._untold, auction, made))

    def _speak(self, seen: Observed, auction: Auction, made: SeenBid) -> None:
        """Whether another host bid in that name already."""
        host, who = made.bid.instance, made.bid.neuron
        before = self._speakers.get((auction.offer_id, who))
        self._speakers.put((auction.offer_id, who), host)
        if before in (None, host):
            return
        fault = Fault(
            "two hosts",
            "warning",
            f"two hosts bid as {who} for {self._about(auction)}",
            "give each its own id: an award of a released producer would run on both",
            at=seen.at,
            seq=seen.seq,
            trace_id=auction.trace_id,
            offer_id=auction.offer_id,
            who=who,
        )
        self._ground.book.report(fault, ("two hosts", who))

    def _untold(self, auction: Auction, made: SeenBid, at: float) -> None:
        """A bidder that lost should know by now."""
        if made.state not in ("late", "bid") or made.declined_reason or self._is_over(auction):
            return
        who = made.bid.neuron
        if made.state == "late":
            since = auction.awarded_at if auction.awarded_at is not None else auction.closes_at
            after = spell(max(0.0, made.at - min(since, made.at)))
            when = f"{after} after {'the award' if auction.awarded_at is not None else 'the window'}"
            kind, said = (
                "late bid",
                f"{who} bid {when} for {self._about(auction)}, and nobody told it that it lost",
            )
            look = "what it keeps reserved for that work; a longer window would let it in"
        else:
            kind, said = (
                "bid forgotten",
                f"{who} bid for {self._about(auction)} and was told neither yes nor no",
            )
            look = "what it keeps reserved for that work"
        fault = Fault(
            kind,
            "warning",
            said,
            look,
            at=at,
            seq=made.seq,
            trace_id=auction.trace_id,
            offer_id=auction.offer_id,
            who=who,
        )
        self._ground.book.report(fault, (kind, who))

    def settled(self, offer_id: str, at: float) -> None:
        """The work that was offered is done: whoever stood by for it should be told (`reaward=` lets them wait)."""
        auction = self._ground.auctions.get(offer_id)
        if auction is None:
            return
        for made in auction.bids:
            if made.state == "bid":
                self._ground.agenda.note(at + PATIENCE_S, partial(self._untold, auction, made))

    # -- awards

    def _award(self, seen: Observed, header: Header) -> None:
        auction = seen.auction or self._ground.auctions.get(header.parent_id or "")
        if auction is None or is_mirrored(header):
            return
        named = auction.bid_of(header.parent_id or "") if seen.auction is not None else None
        if named is not None and named.bid.problem:
            return
        # A window that stood still at a gate, or waited for a slow producer, ends later than it says.
        given_up = self._given_up.pop(auction.offer_id)
        if given_up is not None:
            self._ground.book.came_right(given_up, seen.at)
        self._absent(seen, auction, header.who)
        self._streak(seen, auction)

    def _absent(self, seen: Observed, auction: Auction, who: str) -> None:
        roster = self._ground.roster
        participant = roster.by_id.get(who)
        if participant is None:
            if not who or not roster.complete(seen.at):
                return
            said, look = f"{who} won {self._about(auction)} and never announced itself", "who that is"
            key: object = ("stranger", who)
        elif participant.state in ("stale", "left"):
            gone = "had left" if participant.state == "left" else "was not heard any more"
            said, look = f"{who} won {self._about(auction)}, though it {gone}", "whether it works on it"
            key = None
        else:
            return
        fault = Fault(
            "absent winner",
            "note" if participant is None else "warning",
            said,
            look,
            at=seen.at,
            seq=seen.seq,
            trace_id=auction.trace_id,
            offer_id=auction.offer_id,
            who=who,
        )
        self._ground.book.report(fault, key)

    def _streak(self, seen: Observed, auction: Auction) -> None:
        """Default bidders cost nothing and are sure of everything, so they win whatever others ask."""
        default = [
            made
            for made in auction.bids
            if made.bid.auto or (made.bid.cost == 0 and made.bid.confidence == 1)
        ]
        if not default:
            return
        defaults = {made.bid.neuron for made in default}
        others = {made.bid.neuron for made in auction.bids if not made.bid.problem} - defaults
        winner = auction.winner
        for loser in defaults - {winner}:
            self._streaks.pop(loser)
        if winner not in defaults or not others:
            return
        wins = (self._streaks.get(winner) or 0) + 1
        self._streaks.put(winner, wins)
        if wins < ENOUGH_WINS:
            return
        fault = Fault(
            "default bidder",
            "note",
            f"{winner} won {wins} auctions in a row at cost 0 and confidence 1, which is what hosts bid when told nothing",
            "what its host bids (auto_bid=): priced bids never win against it",
            at=seen.at,
            seq=seen.seq,
            trace_id=auction.trace_id,
            offer_id=auction.offer_id,
            who=winner,
        )
        self._ground.book.report(fault, ("default bidder", winner))

    # -- words

    def _trace(self, auction: Auction) -> Trace | None:
        return self._ground.traces.get(auction.trace_id)

    def _is_over(self, auction: Auction) -> bool:
        """Whether its trace was stopped or is forgotten: then nobody needs to be told any more."""
        trace = self._trace(auction)
        return trace is None or trace.stopped

    def _about(self, auction: Auction) -> str:
        title = say(auction.title, 60)
        return f"“{title}”" if title else f"offer {short_id(auction.offer_id)}"

    def _report(self, auction: Auction, at: float, kind: str, sentence: str, look: str) -> None:
        fault = Fault(
            kind,
            "warning",
            sentence,
            look,
            at=at,
            seq=auction.seq,
            trace_id=auction.trace_id,
            offer_id=auction.offer_id,
        )
        self._given_up.put(auction.offer_id, self._ground.book.report(fault))


def _nearest(ability: str, roster: Roster) -> str:
    """The capability that somebody has and that is spelt most like this one."""
    known = [name for name, _ in zip(roster.abilities, range(_CANDIDATES), strict=False) if len(name) <= 60]
    found = get_close_matches(ability[:60], known, n=1, cutoff=0.5)
    if not found:
        return ""
    who = next((one.id for one in roster.by_id.values() if found[0] in one.capabilities), "")
    return f"{found[0]} ({who})" if who else found[0]
