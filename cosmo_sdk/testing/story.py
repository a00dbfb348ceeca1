"""A whole trace in a few words: each Signal caused by the one before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self

from msgspec.structs import replace

from cosmo_sdk.envelope import Signal
from cosmo_sdk.ids import ULIDS, Ids
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Synapse
from cosmo_sdk.testing.builders import (
    a_bid,
    a_decline,
    a_final,
    a_task,
    an_award,
    an_error,
    an_offer,
    an_output,
)
from cosmo_sdk.testing.building import INPUT, OUTPUT, subject_of
from cosmo_sdk.testing.clock import START
from cosmo_sdk.testing.transcript import Transcript


class Story:
    """Builds the Signals of one trace, parents and times in order.

        story = Story().offer(capabilities=["summarize"]).bids(ann=0.002, bob=0.005).award("ann").output().final()
        await story.play(synapse)

    Args:
        trace_id: the trace; a new one when left out.
        ids: where ids come from; `FixedIds()` makes them predictable.
        start: when the first Signal is sent.
        step_s: seconds from each to the next.
    """

    def __init__(
        self, trace_id: str | None = None, *, ids: Ids = ULIDS, start: datetime = START, step_s: float = 0.1
    ) -> None:
        self.trace_id = ids.trace() if trace_id is None else trace_id
        """The trace of every Signal."""
        self.transcript = Transcript()
        """The Signals so far, and questions about them."""
        self._ids = ids
        self._last: Signal | None = None
        self._at = start
        self._step = timedelta(seconds=step_s)

    def __str__(self) -> str:
        return self.transcript.tree()

    @property
    def signals(self) -> list[Signal]:
        """The Signals so far, in order."""
        return list(self.transcript)

    @property
    def last(self) -> Signal:
        """What the next Signal follows from, unless it is told otherwise.

        Raises:
            LookupError: nothing has been told yet.
        """
        if self._last is None:
            raise LookupError("the story is empty: begin with task() or offer()")
        return self._last

    def then(self, builder: Callable[..., Signal], *, cause: Signal | None = None, **fields: Any) -> Self:
        """Go on with what a builder makes, e.g. `then(a_plan, steps=["think"])`.

        Args:
            builder: one of the builders of `cosmo_sdk.testing`.
            cause: what it follows from; the last Signal when left out.
            fields: arguments for the builder.
        """
        signal = builder(self._last if cause is None else cause, trace_id=self.trace_id, **fields)
        self._last = replace(signal, id=self._ids.event(), ts=self._at)
        self.transcript.note(self._last)
        self._at += self._step
        return self

    def pause(self, seconds: float) -> Self:
        """Let time pass before the next Signal."""
        self._at += timedelta(seconds=seconds)
        return self

    def task(self, *, neuron: str | None = "worker", input: dict[str, Any] = INPUT, **fields: Any) -> Self:
        """Somebody asks for work."""
        return self.then(a_task, neuron=neuron, input=input, **fields)

    def output(self, output: Any = OUTPUT, **fields: Any) -> Self:
        """The work is done: by whoever the task or award before went to."""
        return self.then(an_output, output=output, **fields)

    def final(self, result: Any = None, **fields: Any) -> Self:
        """The workflow ends, with the last output when nothing else is given."""
        if result is None:
            result = self.last.payload.get("output", OUTPUT)
        return self.then(a_final, result=result, neuron=self.last.neuron, **fields)

    def error(self, code: str = "AGENT_ERROR", message: str = "it broke", **fields: Any) -> Self:
        """The work fails."""
        return self.then(an_error, code=code, message=message, **fields)

    def offer(self, *, input: dict[str, Any] = INPUT, deadline_ms: int = 250, **fields: Any) -> Self:
        """Somebody puts work up for auction."""
        return self.then(an_offer, input=input, deadline_ms=deadline_ms, **fields)

    def bid(self, neuron: str, cost: float = 0.01, **fields: Any) -> Self:
        """Somebody bids on the latest offer."""
        return self.then(a_bid, cause=self._latest(SignalType.TASK_OFFER), neuron=neuron, cost=cost, **fields)

    def bids(self, **costs: float) -> Self:
        """Several bid on the latest offer: `bids(ann=0.002, bob=0.005)`."""
        for neuron, cost in costs.items():
            self.bid(neuron, cost)
        return self

    def award(self, winner: str | None = None, **fields: Any) -> Self:
        """The latest offer goes to the cheapest bidder, or to the one named; the others are declined after it.

        Raises:
            LookupError: there is no offer, or nobody (of that name) bid on it.
        """
        offer = self._latest(SignalType.TASK_OFFER)
        bids = self.transcript.signals(SignalType.BID, parent=offer)
        eligible = [bid for bid in bids if winner in (None, bid.neuron)]
        if not eligible:
            raise LookupError(f"no bid{'' if winner is None else f' of {winner!r}'} to award:\n{self}")
        won = min(eligible, key=lambda bid: bid.payload["cost"])
        self.then(an_award, cause=won, **{"input": offer.payload["input"], **fields})
        award = self.last
        for bid in bids:
            if bid is not won:
                self.then(a_decline, cause=bid, reason="not selected")
        # The winner works on; a decline leads to nothing.
        self._last = award
        return self

    async def play(self, synapse: Synapse, *, namespace: str = "default") -> None:
        """Publish every Signal, in order, each on the subject of its type.

        Raises:
            SynapseError: the synapse is not connected.
        """
        for signal in self.signals:
            await synapse.publish(subject_of(signal, namespace), signal)

    def _latest(self, type: SignalType) -> Signal:
        found = self.transcript.signals(type)
        if not found:
            raise LookupError(f"the story has no {type} yet:\n{self}")
        return found[-1]
