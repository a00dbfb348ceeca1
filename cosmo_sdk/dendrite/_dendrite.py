"""The facade: constructor, lifecycle, and the names of the API, each its collaborator's own."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, get_args

from cosmo_sdk.ambient import current_task
from cosmo_sdk.axon import Axon
from cosmo_sdk.bidding import AutoBid
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.dendrite._abandoned import Abandoned
from cosmo_sdk.dendrite._asked import AskedTasks
from cosmo_sdk.dendrite._auction import Auctioneer
from cosmo_sdk.dendrite._award import Awards
from cosmo_sdk.dendrite._bidder import Bidder
from cosmo_sdk.dendrite._dispatch import Dispatcher
from cosmo_sdk.dendrite._emitters import Emitters
from cosmo_sdk.dendrite._facade import delegate
from cosmo_sdk.dendrite._finding import Finder, Handover
from cosmo_sdk.dendrite._handlers import HandlerTable
from cosmo_sdk.dendrite._hearing import Hearing
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._inbound import Inbound
from cosmo_sdk.dendrite._link import Link, Role
from cosmo_sdk.dendrite._listening import Listens
from cosmo_sdk.dendrite._liveness import Liveness, best_effort
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._mirror import FORGETTING_EVERY_S, Mirror
from cosmo_sdk.dendrite._pathways import PathwayTable
from cosmo_sdk.dendrite._replies import Replies
from cosmo_sdk.dendrite._stop import Stopper, Tombstones
from cosmo_sdk.dendrite._wiring import wire
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.engram.base import Engram
from cosmo_sdk.hooks import LifecycleHooks
from cosmo_sdk.ids import ULIDS, Ids
from cosmo_sdk.registry.base import RegistryStore
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Synapse, SynapseState

logger = logging.getLogger("cosmo_sdk.dendrite")

_T = SignalType

DRAIN_S = 0.5
"""How long work under way may go on after `stop()`, seconds."""


class Dendrite(Listens, LifecycleHooks):
    """One participant on a Synapse: hosts Axons and Engrams, and may orchestrate.

    Args:
        synapse: the transport. Connected at `start()` if it is not yet; never closed here: its owner does that.
        registry_store: kept true to the REGISTER, HEARTBEAT and DEREGISTER signals of the namespace.
        namespace: of all subjects; one word.
        dendrite_id: the name of what this Dendrite says in its own name.
        heartbeat_s: seconds between HEARTBEATs; 0 sends none.
        reregister_on_heartbeat: REGISTER again with each, so that late joiners learn who is there.
        role: a `worker` may not dispatch, emit or stop; it hosts, bids and answers.
        auto_bid: bid for the hosted Axons while no `on_task_offer` handler is registered; with which terms says an
            `AutoBid`, for all of them, or one for each neuron id that is to bid.
        stale_after_s: silence after which the registry calls a participant stale, seconds; three heartbeats when left
            out, 0 never.
        resolve_ms: before a TASK is dispatched, make sure that somebody is there for it: by the registry, else by a
            DISCOVER whose answer may take so long, milliseconds. Nobody: `NoSuchNeuron` is raised. When left out a
            TASK for nobody goes out all the same.
        clock: the time, for tests.
        ids: the ids, for tests.

    Raises:
        TypeError: no synapse.
        ValueError: an unknown role, no dendrite_id, or a namespace that is not one word.
    """

    def __init__(
        self,
        *,
        synapse: Synapse,
        registry_store: RegistryStore | None = None,
        namespace: str = "default",
        dendrite_id: str = "dendrite",
        heartbeat_s: float = 30.0,
        reregister_on_heartbeat: bool = True,
        role: Role = "orchestrator",
        auto_bid: bool | AutoBid | Mapping[str, AutoBid] = True,
        stale_after_s: float | None = None,
        resolve_ms: int | None = None,
        clock: Clock = SYSTEM_CLOCK,
        ids: Ids = ULIDS,
    ) -> None:
        super().__init__(clock)
        if not isinstance(synapse, Synapse):
            raise TypeError("Dendrite needs synapse=: build one with `await connect_synapse(url)`")
        if role not in get_args(Role):
            raise ValueError(f'role={role!r} is neither "orchestrator" nor "worker"')
        if not dendrite_id:
            raise ValueError(f"dendrite_id={dendrite_id!r}: what a Dendrite says in its own name needs one")
        self.dendrite_id = dendrite_id
        self._store = registry_store
        self._heartbeat_s = heartbeat_s
        self._reregister = reregister_on_heartbeat
        self._auto_bid = auto_bid
        self._stale_after_s = 3 * heartbeat_s if stale_after_s is None else stale_after_s
        self._resolve_ms = resolve_ms
        self._clock = clock
        self._running = False
        self._timers: list[asyncio.Task[Any]] = []
        self._build(Link(synapse, namespace, role), clock, ids)
        # Synapses outlive Dendrites and have no way to forget a listener.
        told = weakref.WeakMethod(self._on_state)
        synapse.on_state(lambda state: (tell := told()) and tell(state))

    def _build(self, link: Link, clock: Clock, ids: Ids) -> None:
        """Make the collaborators and tell the inbound walk who reacts to what."""
        work = Work()
        self._asked = AskedTasks()
        tombstones = Tombstones(clock)
        self._link = link
        self._work = work
        self._memory = Memory(link, self.dendrite_id, clock=clock, ids=ids, current_task=current_task)
        self._finder = Finder(link, self._store, self._living_here, clock, ids)
        handover = Handover(link, self._finder, work, self._own_id, clock, ids)
        self._hosting = Hosting(link, self._memory, tombstones, work, handover, clock, ids)
        self._pathways = PathwayTable(link, clock)
        self._stopper = Stopper(
            link,
            self._pathways,
            self._hosting,
            self._memory,
            tombstones,
            self._asked,
            self._own_id,
            clock,
            ids,
        )
        self._dispatcher = Dispatcher(
            link,
            self._pathways,
            self._stopper,
            self._asked,
            clock,
            ids,
            finder=self._finder,
            resolve_ms=self._resolve_ms,
        )
        self._abandoned = Abandoned(self._stopper, work)
        self._awards = Awards(
            link, self._asked, self._abandoned, work, clock, ids, registry=self._store is not None
        )
        self._auctioneer = Auctioneer(link, self._pathways, self._awards, work, clock, ids)
        terms = AutoBid() if isinstance(self._auto_bid, bool) else self._auto_bid
        self._bidder = Bidder(
            link, self._hosting, work, clock, ids, terms=terms, wanted=self._bids_by_default
        )
        stopped = self._stopper.stopped
        self._replies = Replies(
            link, self._pathways, self._dispatcher, self._asked, stopped, self._own_id, clock, ids
        )
        self._emitters = Emitters(link, self.dendrite_id, clock=clock, ids=ids)
        self._liveness = Liveness(
            link, self._hosting, self._memory, self._store, self._tell, self._own_id, clock, ids
        )
        self._mirror = Mirror(self._hosting, self._memory, self._store, self._tell, clock)
        self._memory.client.registered = self._mirror.engrams_of
        self._stopper.registered = self._mirror.memories
        self._handlers = HandlerTable(self._mirror.capabilities_of)
        self._handlers.added = self._handler_added
        self._hosting.handlers = self._memory.handlers = self._handlers
        self._inbound = Inbound(clock)
        self._hearing = Hearing(
            link,
            self._hosting,
            self._memory,
            self._handlers,
            self._inbound,
            self._asked,
            registry=self._store is not None,
            auto_bid=bool(self._auto_bid),
        )
        link.receive = self._inbound.receive
        wire(self)

    def __repr__(self) -> str:
        state = "running" if self._running else "not running"
        hosts = ", ".join([*self._hosting.axons, *self._memory.engrams])
        hosted = f", hosts {hosts}" if hosts else ""
        return f"<Dendrite {self.dendrite_id}, {self.role} on {self.namespace}, {state}{hosted}>"

    def _own_id(self) -> str:
        return self.dendrite_id

    def _living_here(self, neuron: str | None, capabilities: Sequence[str]) -> str | None:
        fitting = (each for each in self._hosting.serving if neuron in (None, each.neuron_id))
        return next((each.neuron_id for each in fitting if each.covers(capabilities)), None)

    async def _tell(self, reason: str, neuron_id: str | None) -> None:
        if reason == "stale" and neuron_id is not None:
            self._awards.note_stale(neuron_id)
        await self.refresh(reason=reason, neuron_id=neuron_id)

    # -- what it is

    @property
    def synapse(self) -> Synapse:
        """The transport."""
        return self._link.synapse

    @property
    def registry_store(self) -> RegistryStore | None:
        """The registry store, if there is one."""
        return self._store

    @property
    def namespace(self) -> str:
        """The namespace of all subjects."""
        return self._link.namespace

    @property
    def role(self) -> Role:
        """`orchestrator` or `worker`."""
        return self._link.role

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._running

    @property
    def axons(self) -> dict[str, Axon]:
        """The attached Axons by neuron id, also those that wait for the next start; a copy."""
        return self._hosting.axons

    @property
    def engrams(self) -> dict[str, Engram]:
        """The attached Engrams by engram id; a copy."""
        return self._memory.engrams

    @property
    def capabilities(self) -> list[str]:
        """What the attached Axons can do together, sorted, each once."""
        return self._hosting.capabilities

    @property
    def dropped(self) -> int:
        """Signals that arrived and were lost here, because a handler or the registry store could not keep up."""
        return self._handlers.dropped + self._mirror.dropped

    @property
    def uncovered(self) -> int:
        """TASKs that were passed on because the Axons here cover them only together, no single one alone."""
        return self._hosting.uncovered

    @property
    def duplicates(self) -> int:
        """Signals that arrived again within a minute and did not act again."""
        return self._inbound.duplicates

    # -- life

    async def start(self) -> None:
        """Subscribe to everything needed, then announce who lives here, then start heartbeats and schedules.

        Raises:
            SynapseError: the bus cannot be reached.
        """
        if self._running:
            return
        if not self.synapse.connected:
            await self.synapse.connect()
        if self._store is not None:
            await self._store.connect()
        self._running = True
        self._hosting.open()
        try:
            await self._memory.start()
            await self._hearing.subscribe()
            await self._liveness.announce_all()
            if self._store is not None:
                await self._liveness.discover()
        except BaseException:
            await self.stop()
            raise
        self._start_timers()
        for axon in self._hosting.serving:
            await axon._start_hooks()
        await self._start_hooks()

    async def stop(self, reason: str | None = None) -> None:
        """Close every Pathway, end the work under way, DEREGISTER, unsubscribe. Every step is best effort.

        Args:
            reason: said in the DEREGISTER.
        """
        was_running, self._running = self._running, False
        self._pathways.close_all()
        await best_effort("stopping timers", self._stop_timers)
        axons, registrations = self._hosting.serving, self._memory.registrations()
        if was_running:
            await best_effort("stopping hooks", self._stop_hooks, *(axon._stop_hooks for axon in axons))
            await best_effort("taking no more work", self._hearing.stop_work)
        self._hosting.close()
        await self._work.finish(DRAIN_S)
        residents: list[str] = []
        if was_running:
            residents = [axon.neuron_id for axon in axons] + [signal.neuron or "" for signal in registrations]
            leave = self._liveness.leave
            await best_effort("deregistering", *(partial(leave, each, reason) for each in residents))
        parts = (self._memory.stop, self._handlers.stop, self._hearing.stop)
        await best_effort("stopping", *parts, partial(self._mirror.stop, residents))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # -- Axons

    def attach_axon(self, axon: Axon) -> None:
        """Host an Axon. On a running Dendrite it takes part from the next start on; see `add_axon`.

        Raises:
            ValueError: a neuron of that name is attached already.
            RuntimeError: the Axon is attached to another Dendrite.
        """
        self._hosting.attach(axon)

    async def add_axon(self, axon: Axon) -> None:
        """Host an Axon; on a running Dendrite it is announced and takes part at once.

        Raises:
            ValueError: a neuron of that name is attached already.
            RuntimeError: the Axon is attached to another Dendrite.
        """
        self._hosting.attach(axon)
        if self._running:
            self._hosting.admit(axon)
            await self._hearing.subscribe()
            await self._liveness.announce(axon)
            await axon._start_hooks()

    async def detach_axon(self, neuron_id: str, *, reason: str | None = None) -> None:
        """Stop hosting an Axon; on a running Dendrite it is deregistered.

        Args:
            neuron_id: which.
            reason: said in the DEREGISTER.

        Raises:
            KeyError: it is not attached.
        """
        served = any(axon.neuron_id == neuron_id for axon in self._hosting.serving)
        self._hosting.retire(neuron_id)
        if served:
            # It leaves its queue group first: what the bus gave us until then is nobody else's.
            await best_effort(f"detaching {neuron_id}", self._hearing.subscribe)
        running = self._hosting.running(neuron_id)
        axon = self._hosting.detach(neuron_id)
        if served:
            leave = partial(self._liveness.leave, neuron_id, reason, running=running)
            await best_effort(f"detaching {neuron_id}", axon._stop_hooks, leave)

    def axon(self, neuron_id: str) -> Axon | None:
        """An attached Axon, or None."""
        return self._hosting.axon(neuron_id)

    attach_engram = delegate("_memory", Memory.attach_engram)
    detach_engram = delegate("_memory", Memory.detach_engram)

    # -- sending

    emit = delegate("_link", Link.emit)
    publish = delegate("_link", Link.publish)
    subscribe = delegate("_link", Link.subscribe)
    ensure_subscribed = delegate("_link", Link.ensure_subscribed)
    dispatch_task = delegate("_dispatcher", Dispatcher.dispatch_task)
    dispatch = delegate("_dispatcher", Dispatcher.dispatch)
    dispatch_and_wait = delegate("_dispatcher", Dispatcher.dispatch_and_wait)
    dispatch_and_subscribe = delegate("_dispatcher", Dispatcher.dispatch_and_subscribe)
    run_with_retry = delegate("_dispatcher", Dispatcher.run_with_retry)
    observe_pathway = delegate("_pathways", PathwayTable.observe_pathway)
    dispatch_offer = delegate("_auctioneer", Auctioneer.dispatch_offer)
    bid = delegate("_bidder", Bidder.bid)
    emit_stop = delegate("_stopper", Stopper.emit_stop)
    stop_trace = delegate("_stopper", Stopper.stop_trace)
    await_decision = delegate("_replies", Replies.await_decision)
    answer_clarification = delegate("_replies", Replies.answer_clarification)
    grant_permission = delegate("_replies", Replies.grant_permission)
    deny_permission = delegate("_replies", Replies.deny_permission)
    respond_to_clarification = delegate("_replies", Replies.respond_to_clarification)
    respond_to_permission = delegate("_replies", Replies.respond_to_permission)
    respond_to_escalation = delegate("_replies", Replies.respond_to_escalation)
    recall = delegate("_memory", Memory.recall)
    imprint = delegate("_memory", Memory.imprint)
    find_neurons = delegate("_mirror", Mirror.find_neurons)
    registry_snapshot = delegate("_mirror", Mirror.registry_snapshot)
    discover = delegate("_liveness", Liveness.discover)
    respond_to_discover = delegate("_liveness", Liveness.respond_to_discover)
    emit_final = delegate("_emitters", Emitters.emit_final)
    emit_error = delegate("_emitters", Emitters.emit_error)
    emit_plan = delegate("_emitters", Emitters.emit_plan)
    emit_thought_delta = delegate("_emitters", Emitters.emit_thought_delta)
    emit_tool_call = delegate("_emitters", Emitters.emit_tool_call)
    emit_tool_result = delegate("_emitters", Emitters.emit_tool_result)
    emit_memory_append = delegate("_emitters", Emitters.emit_memory_append)
    emit_critique = delegate("_emitters", Emitters.emit_critique)
    emit_escalation = delegate("_emitters", Emitters.emit_escalation)
    emit_consensus = delegate("_emitters", Emitters.emit_consensus)
    emit_context_sync = delegate("_emitters", Emitters.emit_context_sync)
    emit_audit = delegate("_emitters", Emitters.emit_audit)

    # -- timers and listeners

    def _bids_by_default(self) -> bool:
        return bool(self._auto_bid) and not self._handlers.wants(_T.TASK_OFFER)

    def _handler_added(self, signal_type: SignalType) -> None:
        if self._running:
            self._work.spawn(self._hearing.subscribe(), f"subscribing to {signal_type}")

    def _start_timers(self) -> None:
        loop = asyncio.get_running_loop()
        if self._heartbeat_s > 0:
            self._timers.append(loop.create_task(self._keep_beating(), name="heartbeat"))
        if self._store is not None:
            self._timers.append(loop.create_task(self._keep_sweeping(), name="stale sweep"))

    async def _stop_timers(self) -> None:
        timers, self._timers = self._timers, []
        mine = asyncio.current_task()
        for timer in timers:
            timer.cancel()
        await asyncio.gather(*(timer for timer in timers if timer is not mine), return_exceptions=True)

    async def _keep_beating(self) -> None:
        while True:
            await self._clock.sleep(self._heartbeat_s)
            if self._hosting.serving or self.engrams:
                await best_effort("heartbeat", partial(self._liveness.beat, reregister=self._reregister))

    async def _keep_sweeping(self) -> None:
        every_s = self._stale_after_s / 3 if self._stale_after_s > 0 else FORGETTING_EVERY_S
        while True:
            await self._clock.sleep(every_s)
            await best_effort("stale sweep", partial(self._mirror.sweep, self._stale_after_s))

    def _on_state(self, state: SynapseState) -> None:
        """The bus came back: whoever watches there has forgotten us, and we may have missed somebody."""
        self._link.note_state(state)
        if state == "connected" and self._running:
            # What changed meanwhile could not be subscribed to.
            again = [
                self._hearing.subscribe,
                self._liveness.announce_all,
                *([] if self._store is None else [self._liveness.discover]),
            ]
            self._work.spawn(best_effort("announcing again", *again), "announcing again")


Cortex = Dendrite
"""The name of an orchestrating Dendrite in early releases."""
