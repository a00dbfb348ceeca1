"""Finding out who is there: by the registry where there is one, else by asking the bus (PROTOCOL 6.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from cosmo_sdk.clock import Clock, within
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._reading import listed_capabilities, role_of
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import NoSuchNeuron
from cosmo_sdk.ids import Ids
from cosmo_sdk.registry.base import RegistryStore
from cosmo_sdk.signal_types import SignalType

ANSWERS_S = 0.5
"""How long the answers to a DISCOVER are waited for before a TASK is given back, seconds."""


class _Sought(NamedTuple):
    """Somebody who is looked for, by name or by capabilities."""

    neuron: str | None
    capabilities: frozenset[str]
    found: asyncio.Future[str]

    def fits(self, neuron_id: str, capabilities: Sequence[str]) -> bool:
        if self.neuron is not None:
            return neuron_id == self.neuron
        return self.capabilities <= set(capabilities)


class Finder:
    """Looks for Neurons.

    Args:
        link: asks.
        store: asked before the bus, where there is one.
        here: who among the Axons here has this name, or else these capabilities.
        clock: measures how long answers are waited for.
        ids: names the questions.
    """

    def __init__(
        self,
        link: Link,
        store: RegistryStore | None,
        here: Callable[[str | None, Sequence[str]], str | None],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._link = link
        self._store = store
        self._here = here
        self._clock = clock
        self._ids = ids
        self._sought: list[_Sought] = []

    def note(self, register: Signal) -> None:
        """A REGISTER arrived."""
        who = register.neuron
        if who is None or not self._sought or role_of(register) != "neuron":
            return
        capabilities = listed_capabilities(register)
        for sought in self._sought:
            if sought.fits(who, capabilities) and not sought.found.done():
                sought.found.set_result(who)

    async def find(self, neuron: str | None, capabilities: Sequence[str], within_s: float) -> str | None:
        """A Neuron with this name, or else one that has all these capabilities; None when nobody says so in time."""
        known = self._here(neuron, capabilities) or await self._registered(neuron, capabilities)
        if known is not None:
            return known
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        sought = _Sought(neuron, frozenset(capabilities), found)
        self._sought.append(sought)
        try:
            await self._link.ensure_subscribed(SignalType.REGISTER)
            await self._link.publish(self._question(neuron, capabilities))
            with suppress(TimeoutError):
                return await within(self._clock, found, within_s)
            return None
        finally:
            self._sought.remove(sought)

    async def require(self, neuron: str | None, capabilities: Sequence[str], within_s: float) -> None:
        """Make sure that there is somebody for a TASK.

        Raises:
            NoSuchNeuron: nobody is registered, and nobody answered in time.
        """
        if await self.find(neuron, capabilities, within_s) is None:
            raise NoSuchNeuron(neuron, list(capabilities), within_s)

    async def _registered(self, neuron: str | None, capabilities: Sequence[str]) -> str | None:
        if self._store is None:
            return None
        if neuron is not None:
            record = await self._store.get(neuron)
            return neuron if record is not None and record.live and record.role == "neuron" else None
        for record in await self._store.list(capability=next(iter(capabilities), None)):
            if record.role == "neuron" and set(capabilities) <= set(record.capabilities):
                return record.neuron_id
        return None

    def _question(self, neuron: str | None, capabilities: Sequence[str]) -> Signal:
        return Signal(
            id=self._ids.event(),
            trace_id=self._ids.trace(),
            type=SignalType.DISCOVER,
            ts=self._clock.now(),
            payload={"capabilities": list(capabilities)} if neuron is None else {"neuron": neuron},
        )


class Handover:
    """Passes on capability-routed TASKs that the queue group gave to this host, of all its members, in vain.

    The members of a group have the same capabilities all together, but a TASK needs one Axon that has what it asks for
    alone. The host that gets such a TASK and has no such Axon is the only one of its group that knows of it.

    Args:
        link: sends.
        finder: looks for somebody who can do it.
        work: holds on to what is under way.
        dendrite_id: who answers when there is nobody.
        clock: dates that answer.
        ids: names it.
    """

    def __init__(
        self, link: Link, finder: Finder, work: Work, dendrite_id: Callable[[], str], clock: Clock, ids: Ids
    ) -> None:
        self._link = link
        self._finder = finder
        self._work = work
        self._dendrite_id = dendrite_id
        self._clock = clock
        self._ids = ids

    def take(self, task: Signal, wanted: list[str]) -> None:
        """Address a TASK to somebody who can do it; when there is nobody, answer it with ERROR NO_SUCH_NEURON."""
        self._work.spawn(self._pass_on(task, wanted), "passing a TASK on")

    async def _pass_on(self, task: Signal, wanted: list[str]) -> None:
        able = await self._finder.find(None, wanted, ANSWERS_S)
        if able is not None:
            # The same event: whoever got it through another group does it once, and replies hang where they should.
            await self._link.publish(
                Signal(
                    id=task.id,
                    trace_id=task.trace_id,
                    parent_id=task.parent_id,
                    type=SignalType.TASK,
                    directed=Directed(id=able),
                    ts=task.ts,
                    payload=task.payload,
                    meta={**task.meta, "cosmo.passed_on_by": self._dendrite_id()},
                )
            )
            return
        message = f"no Neuron has all of {', '.join(wanted)}"
        await self._link.publish(
            Signal(
                id=self._ids.event(),
                trace_id=task.trace_id,
                parent_id=task.id,
                type=SignalType.ERROR,
                directed=Directed(id=self._dendrite_id()),
                ts=self._clock.now(),
                payload={"code": NoSuchNeuron.code, "message": message, "recoverable": True},
            )
        )
