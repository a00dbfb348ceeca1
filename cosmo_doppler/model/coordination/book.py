"""Everything that signals tell of coordination, folded: no store is asked, so recordings tell it, too."""

from __future__ import annotations

from typing import Any

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.model.coordination.negotiations import SeenNegotiation
from cosmo_doppler.model.coordination.notice import (
    KINDS,
    SNAPSHOT,
    Kind,
    Notice,
    about_of,
    key_of,
    read_notice,
)
from cosmo_doppler.model.coordination.pools import SeenPool
from cosmo_doppler.model.coordination.rules import CoordinationRules
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.model.coordination.shelf import Shelf
from cosmo_doppler.model.coordination.stores import SeenStore
from cosmo_doppler.model.coordination.tasks import SeenTask
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.coordination.votes import SeenVote
from cosmo_doppler.model.faults import FaultBook
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.recent import Recent
from cosmo_sdk.header import Header

MOST_TASKS = 20_000
MOST_OTHERS = 2_000
"""Objects of each other kind that are kept."""

MOST_STORES = 64

MOST_CHILDREN = 200
"""Delegations that come from one which are kept with it, the latest."""

_DEEPEST = 64
"""Delegations above a delegation that are looked at."""


class Coordination:
    """Folds what mirrors and auctions tell.

    Args:
        agenda: what the passing of time decides.
        faults: where what went wrong is reported.
    """

    def __init__(self, agenda: Agenda, faults: FaultBook) -> None:
        self.pools: Shelf[SeenPool] = Shelf(MOST_OTHERS)
        self.tasks: Shelf[SeenTask] = Shelf(MOST_TASKS)
        self.negotiations: Shelf[SeenNegotiation] = Shelf(MOST_OTHERS)
        self.votes: Shelf[SeenVote] = Shelf(MOST_OTHERS)
        self.auctions: Shelf[SeenSale] = Shelf(MOST_OTHERS)
        self.grants: Shelf[SeenGrant] = Shelf(MOST_OTHERS)
        self.stores: dict[str, SeenStore] = {}
        """Stores by id."""
        self.revision = 0
        """Grows with everything that is learned here."""
        self._handed_on: Recent[str, tuple[str, ...]] = Recent(MOST_OTHERS)
        """Keys of the delegations that come from each delegation, by arrival."""
        self.seen = 0
        """Signals about coordination."""
        self._rules = CoordinationRules(agenda, faults)

    def __len__(self) -> int:
        return sum(len(self.shelf(kind)) for kind in KINDS)

    def shelf(self, kind: Kind) -> Shelf[Any]:
        """The objects of a kind."""
        found: Shelf[Any] = getattr(self, _SHELVES[kind])
        return found

    def find(self, key: str) -> Thing | None:
        """The object of a key; None when it is not known."""
        kind = key.partition(" ")[0]
        found: Thing | None = self.shelf(kind).get(key) if kind in _SHELVES else None
        return found

    def named(self, end: str) -> str | None:
        """The key of an object whose id ends so, the latest of the first kind that has one; None when none does."""
        keys = (key for kind in KINDS for key in reversed(self.shelf(kind).by_key))
        return next((key for key in keys if key.endswith(end)), None)

    def of_signal(self, header: Header) -> Thing | None:
        """The object a signal tells of."""
        about = about_of(header)
        return None if about is None else self.find(about.key)

    def pool(self, store: str, id: str) -> SeenPool | None:
        """A pool of a store."""
        return self.pools.get(key_of("pool", store, id))

    def parent(self, grant: SeenGrant) -> SeenGrant | None:
        """The delegation another one comes from."""
        return self.grants.get(key_of("delegation", grant.store, grant.parent)) if grant.parent else None

    def children(self, grant: SeenGrant) -> list[SeenGrant]:
        """The delegations that come from one, by arrival."""
        known = (self.grants.get(key) for key in self._handed_on.get(grant.key) or ())
        return [each for each in known if each is not None]

    def stands(self, grant: SeenGrant, now: float) -> str:
        """How a delegation stands: `active`, `revoked`, `expired`, or `void` when what it comes from has ended.

        Args:
            grant: which one.
            now: epoch seconds.
        """
        above: SeenGrant | None = grant
        for _ in range(_DEEPEST):
            if above is None:
                break
            state = above.state
            if state == "active" and above.expires_ms is not None and now * 1000 >= above.expires_ms:
                state = "expired"
            if state != "active":
                return state if above is grant else "void"
            above = self.parent(above)
        return "active"

    def saw(self, seen: Observed) -> Thing | None:
        """Fold a signal, and return what it tells of. Never raises; None when it tells of something else."""
        notice = read_notice(seen)
        if notice is None:
            return None
        self.seen += 1
        about = notice.about
        shelf = self.shelf(about.kind)
        thing: Thing | None = shelf.get(about.key)
        before = ""
        if thing is None:
            if about.live and about.event not in ("opened", SNAPSHOT):
                # The end of an auction on a bus whose offer was not seen says nothing of what it was.
                return None
            thing = _SEEN[about.kind](notice)
            shelf.put(thing)
            before = thing.state
        else:
            before = thing.state
        is_news = thing.hear(notice)
        self.revision += 1
        if thing.state != before:
            shelf.moved(thing, before)
        if isinstance(thing, SeenGrant) and thing.parent and not thing.placed:
            self._place(thing)
        self._heard(notice)
        if is_news:
            self._rules.heard(thing, notice, before)
        return thing

    def _place(self, grant: SeenGrant) -> None:
        """A delegation says what it comes from."""
        grant.placed = True
        above = key_of("delegation", grant.store, grant.parent)
        self._handed_on.put(above, (*(self._handed_on.get(above) or ()), grant.key)[-MOST_CHILDREN:])

    def _heard(self, notice: Notice) -> None:
        """How far the store of an event is known."""
        about = notice.about
        if about.rev is None or not about.store or about.event == SNAPSHOT:
            return
        store = self.stores.get(about.store)
        if store is None:
            if len(self.stores) < MOST_STORES:
                self.stores[about.store] = SeenStore(about.store, about.rev, notice.at)
            return
        had_gaps = store.missing > 0
        skipped = store.hear(about.rev, notice.at)
        self._rules.followed(store, notice, skipped, filled=had_gaps and not store.missing)


_SEEN: dict[Kind, type[Thing]] = {
    "pool": SeenPool,
    "task": SeenTask,
    "negotiation": SeenNegotiation,
    "vote": SeenVote,
    "auction": SeenSale,
    "delegation": SeenGrant,
}
_SHELVES: dict[Kind, str] = {
    "pool": "pools",
    "task": "tasks",
    "negotiation": "negotiations",
    "vote": "votes",
    "auction": "auctions",
    "delegation": "grants",
}
