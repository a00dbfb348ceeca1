"""What follows a decided auction: the award, and its passing on when the winner is lost (PROTOCOL 6.12).

An award has one holder at a time. As soon as it passes on, what the former holder still says on the trace no longer
reaches the Pathway, so that two workers' answers never mix. On the wire: the former holder is told with a TASK_DECLINED
`withdrawn: <why>`, the next TASK_AWARDED names the one it replaces in `meta["cosmo.withdraws"]`, and hosts that know
that key end the run of the withdrawn one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from cosmo_sdk.bidding import Bid, Reaward
from cosmo_sdk.clock import Clock, within
from cosmo_sdk.dendrite._abandoned import Abandoned
from cosmo_sdk.dendrite._asked import AskedTasks
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import PathwayClosedError, SynapseError, WinnerLost
from cosmo_sdk.ids import Ids
from cosmo_sdk.pathway import Pathway
from cosmo_sdk.signal_types import WAIT_TYPES, SignalType

logger = logging.getLogger("cosmo_sdk.dendrite")

GOODBYE_S = 1.0
"""How long after its DEREGISTER an answer of the winner may still be under way, seconds."""

TOLD_AT_ONCE = 8
"""Bidders that are told that they lost before the caller goes on; a task for so few would cost more."""

WITHDRAWS = "cosmo.withdraws"
"""Meta key of an award: the id of the award it replaces."""

_MARKET = frozenset(
    {SignalType.TASK_OFFER, SignalType.BID, SignalType.TASK_AWARDED, SignalType.TASK_DECLINED}
)


class Loss(NamedTuple):
    """Why a winner counts as lost."""

    reason: str
    grace_s: float = 0.0
    """How long its answer may still be under way, seconds."""


class Held:
    """One awarded offer until it is answered: who holds it, who stands by, what came of former holders.

    Args:
        offer: the TASK_OFFER.
        payload: of its awards.
        ranked: the winner, and who stands by, best first.
        awards_left: how often it may pass on.
        first_come: who bids after the award may stand by as well: the first bid wins, not the best.
        own_trace: nothing but this work is on the trace.
        pathway: what the caller follows.
        asked: tells a former holder's late answer from its answer to another task on the trace.
        clock: dates signs of life.
    """

    def __init__(
        self,
        offer: Signal,
        payload: dict[str, Any],
        ranked: list[Bid],
        awards_left: int,
        first_come: bool,
        own_trace: bool,
        pathway: Pathway,
        asked: AskedTasks,
        clock: Clock,
    ) -> None:
        self.offer = offer
        self.own_trace = own_trace
        self.payload = payload
        self.pathway = pathway
        self.holder, *self.standby = ranked
        self.award_id = ""
        self.awards = 0
        self.awards_left = awards_left
        self.heard_at = clock.monotonic()
        """When the holder last gave a sign of life, on the clock's monotonic time."""
        self.answered = False
        self.loss: Loss | None = None
        """Why the holder counts as lost, once it does."""
        self.noticed: asyncio.Future[None] | None = None
        """Done when `loss` is set."""
        self.watch: asyncio.Task[None] | None = None
        self._first_come = first_come
        self._asked = asked
        self._clock = clock
        self._former: set[str] = set()
        self._withdrawn: set[str] = set()
        self._on_settled: Callable[[Held], None] | None = None

    def on_settled(self, listener: Callable[[Held], None]) -> None:
        """Call `listener(self)` once, when the work is answered or its Pathway closed."""
        self._on_settled = listener

    def take(self, bid: Bid) -> bool:
        """A bid came after the award: where the first wins, it may stand by. False when it may not."""
        known = {self.holder.neuron, *self._former, *(each.neuron for each in self.standby)}
        full = self.answered or len(self.standby) >= self.awards_left
        if full or not self._first_come or bid.problem or bid.neuron in known:
            return False
        self.standby.append(bid)
        return True

    def admits(self, signal: Signal) -> bool:
        """Whether the Pathway may see a Signal of the trace. Notes what it says about the holder."""
        type = signal.type
        if type in _MARKET:
            return True
        if self._is_late(signal):
            self._withdrawn.add(signal.id)
            return False
        if self.answered or not (signal.neuron == self.holder.neuron or signal.parent_id == self.award_id):
            return True
        self.heard_at = self._clock.monotonic()
        if type in WAIT_TYPES:
            if type is SignalType.ERROR and signal.payload.get("recoverable") is True and self.can_pass_on:
                self.lose(Loss(f"it answered with ERROR {signal.payload.get('code', '')}".rstrip()))
                return False
            self.settle()
        return True

    def _is_late(self, signal: Signal) -> bool:
        """Whether it belongs to an award that was withdrawn. Released peers answer under an id nobody has seen."""
        if signal.parent_id in self._withdrawn:
            return True
        return (
            signal.neuron in self._former
            and signal.type in WAIT_TYPES
            and not self._asked.expects(signal.parent_id)
        )

    @property
    def can_pass_on(self) -> bool:
        """Whether somebody stands by and may have it."""
        return bool(self.standby) and self.awards_left > 0

    def lose(self, loss: Loss) -> None:
        """The holder counts as lost."""
        self.loss = loss
        if self.noticed is not None and not self.noticed.done():
            self.noticed.set_result(None)

    def lose_bidder(self, neuron: str, instance: str, loss: Loss) -> None:
        """A participant is gone: as the holder it counts as lost, standing by it does so no longer.

        Args:
            neuron: its name.
            instance: which of the hosts that go by this name; empty when that is not said.
            loss: why.
        """

        def gone(bid: Bid) -> bool:
            return bid.neuron == neuron and (not instance or bid.instance in ("", instance))

        if gone(self.holder):
            self.lose(loss)
        self.standby = [bid for bid in self.standby if not gone(bid)]

    def withdraw(self) -> None:
        """The holder holds it no longer, and what it still says is late."""
        self._former.add(self.holder.neuron)
        self._withdrawn.add(self.award_id)
        self._asked.forget(self.award_id)
        self.loss = None

    def settle(self) -> None:
        """The work is answered, or nobody waits for it any more: it will not pass on."""
        if self.answered:
            return
        self.answered = True
        if self.watch is not None and self.watch is not asyncio.current_task():
            self.watch.cancel()
        if self._on_settled is not None:
            self._on_settled(self)


class Awards:
    """Hands out awards, and watches those that may pass on.

    Args:
        abandoned: stops what passed to nobody.
        registry: whether a registry says who fell silent.
    """

    def __init__(
        self,
        link: Link,
        asked: AskedTasks,
        abandoned: Abandoned,
        work: Work,
        clock: Clock,
        ids: Ids,
        *,
        registry: bool,
    ) -> None:
        self._abandoned = abandoned
        self._link = link
        self._asked = asked
        self._work = work
        self._clock = clock
        self._ids = ids
        self._registry = registry
        self._held: dict[str, Held] = {}

    async def prepare(self, reaward: Reaward | None) -> None:
        """Hear of winners that leave or come back, if that matters."""
        if reaward is not None:
            await self._link.ensure_subscribed(SignalType.DEREGISTER, SignalType.REGISTER)

    async def hand_out(
        self,
        offer: Signal,
        ranked: list[Bid],
        payload: dict[str, Any],
        pathway: Pathway,
        reaward: Reaward | None,
        *,
        first_come: bool,
        own_trace: bool,
    ) -> None:
        """Award to the best bid, and decline those that do not stand by.

        Raises:
            SynapseError: the award cannot be sent.
        """
        more = 0 if reaward is None else reaward.max_awards - 1
        held = Held(
            offer,
            payload,
            ranked[: more + 1],
            more,
            first_come,
            own_trace,
            pathway,
            self._asked,
            self._clock,
        )
        if reaward is not None or self._registry:
            self._watch(held, reaward)
        # The award first: it is what somebody waits for.
        await self._award(held, withdraws="")
        losers = ranked[more + 1 :]
        if len(losers) > TOLD_AT_ONCE:
            # The caller need not wait until a crowd has been told.
            self._work.spawn(self._decline_all(offer, losers), "declining who lost")
        else:
            await self._decline_all(offer, losers)

    def take_late(self, offer_id: str, bid: Bid) -> bool:
        """Whether a bid that came after the award may stand by."""
        held = self._held.get(offer_id)
        return held is not None and held.take(bid)

    def note_leaving(self, signal: Signal) -> None:
        """A DEREGISTER: a winner that says so leaves its work behind, unless it says that it finishes that."""
        if signal.meta.get("cosmo.running"):
            return
        instance = signal.meta.get("cosmo.instance")
        said = instance if isinstance(instance, str) else ""
        for held in list(self._held.values()):
            held.lose_bidder(signal.neuron or "", said, Loss("it left", GOODBYE_S))

    def note_stale(self, neuron_id: str) -> None:
        """The registry has not heard of a participant for too long."""
        for held in list(self._held.values()):
            held.lose_bidder(neuron_id, "", Loss("it fell silent"))

    async def decline(self, offer: Signal, bid: Bid, reason: str, meta: dict[str, Any] | None = None) -> None:
        """Tell a bidder that the work is not its own. Best effort."""
        try:
            await self._link.publish(
                Signal(
                    id=self._ids.event(),
                    trace_id=offer.trace_id,
                    parent_id=bid.id,
                    type=SignalType.TASK_DECLINED,
                    directed=Directed(id=bid.neuron),
                    ts=self._clock.now(),
                    payload={"reason": reason},
                    meta=meta or {},
                )
            )
        except SynapseError as error:
            logger.warning("bidder %s could not be told that it lost: %s", bid.neuron, error)

    async def _decline_all(self, offer: Signal, losers: list[Bid]) -> None:
        for bid in losers:
            await self.decline(offer, bid, "not selected")

    # -- watching

    def _watch(self, held: Held, reaward: Reaward | None) -> None:
        self._held[held.offer.id] = held
        held.on_settled(self._settled)
        held.pathway.screen(held.admits)
        held.pathway.on_closed(lambda closed: held.settle())
        held.watch = self._work.spawn(self._keep_awarded(held, reaward), "watching an award")

    def _settled(self, held: Held) -> None:
        del self._held[held.offer.id]
        for bid in held.standby:
            self._work.spawn(self.decline(held.offer, bid, "not selected"), "declining who stood by")

    async def _keep_awarded(self, held: Held, reaward: Reaward | None) -> None:
        """Pass the work on as often as its holder is lost, until it is answered (that cancels this) or nobody is left."""
        while True:
            why = await self._loss(held, None if reaward is None else reaward.deadline_s)
            lost, award_id = held.holder, held.award_id
            held.withdraw()
            if reaward is not None:
                await self.decline(held.offer, lost, f"withdrawn: {why}", {"cosmo.award": award_id})
            if not held.can_pass_on:
                said = f"{lost.neuron} won and is lost: {why}"
                held.pathway.end(
                    WinnerLost(held.offer.trace_id, said, neuron=lost.neuron, awards=held.awards)
                )
                if reaward is not None and held.own_trace:
                    await self._abandoned.give_up(held.offer.trace_id, lost.neuron)
                return
            logger.info("the work of %s passes on: %s, %s", held.offer.trace_id, lost.neuron, why)
            held.holder = held.standby.pop(0)
            held.awards_left -= 1
            try:
                await self._award(held, withdraws=award_id)
            except SynapseError as error:
                held.pathway.end(
                    PathwayClosedError(held.offer.trace_id, f"the work could not be passed on: {error}")
                )
                return

    async def _loss(self, held: Held, deadline_s: float | None) -> str:
        """Why the holder is lost, as soon as it is."""
        while True:
            if (loss := held.loss) is not None:
                await self._clock.sleep(loss.grace_s)
                return loss.reason
            left = None
            if deadline_s is not None:
                left = held.heard_at + deadline_s - self._clock.monotonic()
                if left <= 0:
                    if self._link.synapse.connected:
                        return f"it said nothing for {deadline_s:g} s"
                    # We could not have heard it.
                    held.heard_at, left = self._clock.monotonic(), deadline_s
            held.noticed = asyncio.get_running_loop().create_future()
            with suppress(TimeoutError):
                await within(self._clock, held.noticed, left)

    async def _award(self, held: Held, *, withdraws: str) -> None:
        winner = held.holder
        terms = {"cost": winner.cost, "eta_ms": winner.eta_ms, "confidence": winner.confidence}
        meta = {"cosmo.instance": winner.instance} if winner.instance else {}
        if withdraws:
            meta[WITHDRAWS] = withdraws
        award = Signal(
            id=self._ids.event(),
            trace_id=held.offer.trace_id,
            parent_id=winner.id,
            type=SignalType.TASK_AWARDED,
            directed=Directed(id=winner.neuron),
            ts=self._clock.now(),
            payload={
                **held.payload,
                "winning_bid": {key: value for key, value in terms.items() if value is not None},
            },
            meta=meta,
        )
        held.award_id = award.id
        held.awards += 1
        held.heard_at = self._clock.monotonic()
        await self._link.publish(award)
