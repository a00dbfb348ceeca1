"""Work of a lost winner that passed to nobody: its trace is stopped, again for a winner that comes back (PROTOCOL 6.12)."""

from __future__ import annotations

import logging
from collections import OrderedDict

from cosmo_sdk.dendrite._stop import Stopper
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError

logger = logging.getLogger("cosmo_sdk.dendrite")

REMEMBERED = 1024
"""Traces of lost winners that are stopped again when one comes back; the oldest go first."""


class Abandoned:
    """Stops traces that only a lost winner works on, so that it does not work for nobody.

    Args:
        stopper: makes and sends the STOPs.
        work: runs what is sent later.
    """

    def __init__(self, stopper: Stopper, work: Work) -> None:
        self._stopper = stopper
        self._work = work
        self._stops: OrderedDict[str, tuple[str, Signal]] = OrderedDict()
        """By trace: the lost winner and the STOP it may not have heard."""

    async def give_up(self, trace_id: str, neuron: str) -> None:
        """Stop a trace whose last winner is lost. Best effort."""
        stop = self._stopper.stop_signal(trace_id, rollback=False, reason=f"{neuron} won and is lost")
        self._stops[trace_id] = neuron, stop
        if len(self._stops) > REMEMBERED:
            self._stops.popitem(last=False)
        await self._tell(stop)

    def note_return(self, registration: Signal) -> None:
        """A REGISTER: who was lost may have been cut off, and still be at work."""
        lost = [trace for trace, (neuron, _) in self._stops.items() if neuron == registration.neuron]
        for trace_id in lost:
            # The same STOP: to those who heard it then it is a repetition, and does nothing.
            _, stop = self._stops.pop(trace_id)
            self._work.spawn(self._tell(stop), "stopping what was lost")

    async def _tell(self, stop: Signal) -> None:
        try:
            await self._stopper.broadcast(stop)
        except SynapseError as error:
            logger.warning("%s could not be stopped: %s", stop.trace_id, error)
