"""Which collaborator reacts to which types, in the order of PROTOCOL 6.20."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import PATHWAY_TYPES, TERMINAL_TYPES, WAIT_TYPES, SignalType

if TYPE_CHECKING:
    from cosmo_sdk.dendrite._dendrite import Dendrite

_T = SignalType


def wire(dendrite: Dendrite) -> None:
    """Add every reaction, in order."""
    inbound, work = dendrite._inbound, dendrite._work
    hosting, memory, pathways = dendrite._hosting, dendrite._memory, dendrite._pathways
    handlers, liveness, stopper = dendrite._handlers, dendrite._liveness, dendrite._stopper

    def discover(signal: Signal) -> Literal["done"] | None:
        if handlers.wants(_T.DISCOVER):
            # Whoever registers a handler answers in our place.
            handlers.fire(signal)
        else:
            work.spawn(liveness.respond_to_discover(signal), "answering a DISCOVER")
        return "done"

    def stop(signal: Signal) -> None:
        pathways.deliver(signal)
        followed = stopper.latch(signal)
        work.spawn(stopper.obey(signal, followed=followed), "stopping a trace")

    def conclude(signal: Signal) -> None:
        pathways.conclude(signal)
        # Most Dendrites remember nothing and ask nothing: no task for them.
        if memory.engrams or memory.client.waiting:
            work.spawn(memory.conclude(signal), "concluding a trace")

    inbound.react({_T.DISCOVER}, discover)
    inbound.react({_T.RECALL, _T.IMPRINT}, memory.serve)
    # The receipt of the first may have been lost.
    inbound.again[_T.IMPRINT] = memory.serve_again
    inbound.react({_T.STOP}, stop)
    inbound.react({_T.RECALLED, _T.IMPRINTED}, memory.deliver)
    inbound.react({_T.CLARIFICATION_ANSWER, _T.PERMISSION_DECISION}, pathways.answer)
    if dendrite.role == "orchestrator":
        # Only orchestrators dispatch again and stop.
        inbound.react({_T.TASK, _T.TASK_AWARDED}, dendrite._asked.note)
    inbound.react({_T.TASK}, hosting.take_task)
    inbound.react(TERMINAL_TYPES, conclude)
    inbound.react({_T.TASK_AWARDED}, hosting.take_award)
    inbound.react({_T.BID}, dendrite._auctioneer.take_bid)
    inbound.react({_T.STOPPED}, stopper.note_ack)
    inbound.react(PATHWAY_TYPES - {_T.STOP}, pathways.deliver)
    if dendrite.role == "orchestrator":
        # Behind the Pathways: a screen there asks what is still expected.
        inbound.react(WAIT_TYPES - {_T.FINAL}, dendrite._asked.settle)
        inbound.react({_T.DEREGISTER}, dendrite._awards.note_leaving)
        inbound.react({_T.REGISTER}, dendrite._abandoned.note_return)
    inbound.react({_T.TASK_OFFER}, dendrite._bidder.consider)
    inbound.react({_T.REGISTER, _T.DEREGISTER, _T.HEARTBEAT}, dendrite._mirror.hear)
    inbound.react({_T.REGISTER}, dendrite._finder.note)
    inbound.react(set(_T) - {_T.DISCOVER}, handlers.fire)
