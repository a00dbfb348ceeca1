"""The guild of the demo: what its workers agree on among themselves, in a store, shown on the bus by a mirror."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from cosmo_doppler.demo.pace import Pace
from cosmo_sdk import Dendrite
from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    BusMirror,
    DelegationProtocol,
    MemoryStore,
    NegotiationProtocol,
    PoolManager,
    Task,
    TaskManager,
    VoteBook,
)

MEMBERS = ("mira", "otto", "sparrow", "atlas")
POOL = "archive"
LEASE_S = 6.0
"""How long a claim lasts at the usual pace, seconds."""

FORGOTTEN_S = 14.0
"""How long nobody sweeps, so that it shows that a lease ran out."""

_PARCELS = (
    "parish registers",
    "ship logs",
    "harvest books",
    "letters of the mill",
    "tax rolls",
    "weather diaries",
)
_TITLES = (
    ["The Long Winter", "Salt and Rope"],
    ["North Light", "A House by the Weir"],
    ["Eel Season", "Tides"],
)
_PAGES = ("the front page", "the back page", "the picture of the week")


class Guild:
    """Shares work, votes, bargains, bids and hands on authority, round after round.

    Args:
        dendrite: whose bus the mirror speaks on; started by whoever owns it.
        pace: how fast the guild lives.
    """

    def __init__(self, dendrite: Dendrite, pace: Pace) -> None:
        self._pace = pace
        self._store = store = MemoryStore()
        self._mirror = mirror = BusMirror(dendrite)
        self._pools = PoolManager(store).bind(sink=mirror)
        self._tasks = TaskManager(store).bind(sink=mirror)
        self._votes = VoteBook(store).bind(sink=mirror, pools=self._pools)
        self._bargains = NegotiationProtocol().bind(store=store, sink=mirror)
        self._delegation = DelegationProtocol().bind(store=store, sink=mirror, pools=self._pools)
        self._round = 0

    async def run(self) -> None:
        """Live until cancelled."""
        async with self._mirror:
            self._pools.create_pool(
                {
                    "id": POOL,
                    "topics": ["old papers"],
                    "admission_policy": {"mode": "open", "max_agents": len(MEMBERS)},
                    "governance": {"method": "majority", "quorum": "1/2"},
                }
            )
            for member in (*MEMBERS, "ledger"):
                self._pools.join_pool(member, POOL)
                await self._pace.wait(0.3)
            while True:
                self._round += 1
                async with asyncio.TaskGroup() as group:
                    for part in (
                        self._share,
                        self._forget,
                        self._vote,
                        self._sell,
                        self._seal,
                        self._bargain,
                    ):
                        group.create_task(part())
                        await self._pace.wait(1.5)
                    group.create_task(self._trust())
                self._tidy()
                await self._pace.wait(4.0)

    def _tidy(self) -> None:
        """Old tasks and events go, so that a demo may run for days."""
        before_ms = self._store.now_ms() - 600_000
        self._store.prune(events_before_ms=before_ms, tasks_before_ms=before_ms)

    # -- tasks

    def _submit(self, what: str, **limits: Any) -> str:
        dice = self._pace.dice
        return self._tasks.submit(
            Task(
                objective={"text": f"{what} the {dice.choice(_PARCELS)}"},
                constraints={"claim_ttl_sec": self._pace.seconds(LEASE_S), **limits},
                pool_id=POOL,
                priority=dice.randint(0, 9),
            )
        )

    async def _share(self) -> None:
        """Parcels of work, taken by whoever comes first."""
        for _ in range(4):
            self._submit("scan")
        for member in self._pace.dice.sample(MEMBERS, k=3):
            task = self._tasks.claim_next(member, [POOL])
            if task is None:
                return
            await self._pace.wait(0.6)
            self._tasks.start(member, task.id)
            await self._pace.wait(2.4)
            self._tasks.report(member, task.id, {"pages": self._pace.dice.randint(20, 90)})

    async def _forget(self) -> None:
        """One that is claimed and forgotten: its lease runs out, and only later somebody sweeps."""
        task_id = self._submit("bind", max_attempts=3)
        member = self._pace.dice.choice(MEMBERS)
        self._tasks.claim(member, task_id)
        await self._pace.wait(1.0)
        self._tasks.start(member, task_id)
        await self._pace.wait(LEASE_S + FORGOTTEN_S)
        self._tasks.release_expired_claims(time.monotonic())
        await self._pace.wait(1.0)
        self._tasks.cancel_task(task_id)

    # -- agreeing

    async def _vote(self) -> None:
        """A title is chosen; not everybody takes part, and now and then too few."""
        dice, title = self._pace.dice, f"title of issue {self._round}"
        options = list(dice.choice(_TITLES))
        is_secret = self._round % 3 == 0
        self._votes.open_vote(
            title, options, pool_id=POOL, duration_s=self._pace.seconds(14.0), secret=is_secret
        )
        voters = dice.sample(MEMBERS, k=1 if self._round % 4 == 2 else 3)
        for member in voters:
            await self._pace.wait(2.5)
            self._votes.cast(title, member, dice.choice(options))
        await self._pace.wait(4.0)
        self._votes.close(title)

    async def _bargain(self) -> None:
        """Two settle on a fee, a third agrees."""
        dice = self._pace.dice
        asked = dice.randint(30, 60)
        deal = self._bargains.create_session(
            "atlas", ["ledger", "mira"], {"fee": asked, "days": 2, "proofs": True}
        )
        await self._pace.wait(3.0)
        self._bargains.propose(deal, "ledger", {"fee": asked - 12, "days": 2, "proofs": True})
        await self._pace.wait(3.0)
        self._bargains.propose(deal, "atlas", {"fee": asked - 5, "days": 3, "proofs": True, "by": "courier"})
        await self._pace.wait(2.5)
        self._bargains.accept(deal, "mira")
        await self._pace.wait(2.0)
        if dice.random() < 0.8:
            self._bargains.accept(deal, "ledger")
        else:
            self._bargains.reject(deal, "ledger")

    # -- auctions

    def _auction(self, kind: str, lot: str, **rules: Any) -> BiddingProtocol:
        auction = BiddingProtocol.with_rules(
            AuctionRules(**rules), auction_type=kind, store=self._store, lot={"text": lot}
        )
        return auction.bind(sink=self._mirror)

    async def _sell(self) -> None:
        """An English auction, and every third round a Dutch one."""
        dice, lot = self._pace.dice, self._pace.dice.choice(_PAGES)
        if self._round % 3 == 0:
            step_s = max(0.1, self._pace.seconds(1.5))
            dutch = self._auction("dutch", lot, start=90, step=7, step_s=step_s, limit=20)
            await self._pace.wait(9.0)
            dutch.submit_bid(dice.choice(MEMBERS), 90)
            return
        rules = {"start": 20, "increment": 5, "reserve": 40, "soft_close_s": self._pace.seconds(2.0)}
        english = self._auction("english", lot, duration_s=self._pace.seconds(15.0), **rules)
        bid = 15
        for _ in range(5):
            await self._pace.wait(1.6)
            bid += dice.choice((3, 5, 10, 15))
            english.submit_bid(dice.choice(MEMBERS), bid)
        await self._pace.wait(5.0)
        english.resolve()

    async def _seal(self) -> None:
        """A sealed auction at the second price: who prints for the least."""
        dice = self._pace.dice
        sealed = self._auction(
            "second_price_sealed_bid", "print it", direction="reverse", duration_s=self._pace.seconds(10.0)
        )
        for member in dice.sample(MEMBERS, k=3):
            await self._pace.wait(2.0)
            sealed.submit_bid(member, dice.randint(40, 90))
        await self._pace.wait(3.0)
        sealed.resolve()

    # -- authority

    async def _trust(self) -> None:
        """The keys are handed on, each time to less, and taken back with all that hangs on them."""
        keys = self._delegation.delegate("front-desk", "mira", [f"{POOL}:*", "press:*"], max_depth=2)
        await self._pace.wait(2.0)
        some = self._delegation.delegate("mira", "otto", [f"{POOL}:*"], parent_id=keys, max_depth=1)
        await self._pace.wait(2.0)
        self._delegation.delegate("otto", "sparrow", [f"{POOL}:letters"], parent_id=some)
        await self._pace.wait(3.0)
        self._delegation.revoke(some, agent_id="sparrow")
        await self._pace.wait(4.0)
        self._delegation.revoke(keys, agent_id="front-desk")
