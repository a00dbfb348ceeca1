"""What a person may do to a bus: offer, task, stop, answer, decide, discover.

Everything an `Operator` sends carries `meta["cosmo.source"] = "doppler"`, so that agents and recordings can tell a
person's hand from the workflow's own. Nothing here touches a screen: effects are seen when the signals come round.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Self

import msgspec

from cosmo_doppler.by_hand import SOURCE as SOURCE
from cosmo_doppler.by_hand import SOURCE_KEY as SOURCE_KEY
from cosmo_doppler.by_hand import ControlError as ControlError
from cosmo_doppler.by_hand import MarkedSynapse, in_words
from cosmo_doppler.person import Person
from cosmo_sdk.bidding import Select
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.dendrite._asked import EARLIER, ORIGINAL_INPUT, Asked, read_asked
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import NoBids, PathwayClosedError
from cosmo_sdk.ids import new_trace_id
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Synapse

ACK_TIMEOUT_S = 1.0
"""How long `Operator.stop` waits for participants to say STOPPED, seconds."""

AWARD_TIMEOUT_S = 2.0
"""How long our own award may take to come round the bus before the offer counts as failed, seconds."""


class OfferOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a round of bidding ended."""

    state: Literal["awarded", "nobody bid", "failed"]
    trace_id: str
    """The trace the offer opened."""
    winner: str = ""
    """Who got the work; empty unless awarded. From the bus, not yet safe for a terminal."""
    words: str
    """The outcome in one sentence; not yet safe for a terminal."""


class Operator:
    """A person's hands on one namespace of a bus.

    A Dendrite that hosts nothing, bids for nothing and never announces itself. Runs on the loop of its synapse,
    which it neither connects twice nor closes.

    Every method raises ControlError when it could not do what was asked.
    """

    def __init__(self, synapse: Synapse, namespace: str) -> None:
        self._dendrite = Dendrite(
            synapse=MarkedSynapse(synapse),
            namespace=namespace,
            dendrite_id=SOURCE,
            role="orchestrator",
            heartbeat_s=0,
            auto_bid=False,
        )
        self.person = Person(synapse, namespace)
        """The person as somebody who bids and works; absent until it joins."""
        self._answered: set[str] = set()
        """Ids of the requests answered from here, or being answered."""

    async def start(self) -> None:
        """Subscribe to what the controls need. Calling it again does nothing."""
        with in_words("Doppler could not join the bus"):
            await self._dendrite.start()

    async def close(self) -> None:
        """Leave the bus. The synapse stays open."""
        with in_words("Doppler could not leave the bus in order"):
            await self.person.leave()
            await self._dendrite.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def offer(
        self,
        *,
        input: dict[str, Any],
        capabilities: list[str],
        deadline_ms: int,
        select: Select,
        trace_id: str | None = None,
        parent_id: str | None = None,
    ) -> OfferOutcome:
        """Put a task up for bids and return once the round is decided; the work itself is not waited for.

        Args:
            input: what is asked.
            capabilities: what a bidder must be able to do; empty for anybody.
            deadline_ms: how long bids are taken, milliseconds.
            select: how the winner is chosen.
            trace_id: the trace to open, or to go on in; a fresh one when left out.
            parent_id: the signal it is caused by, on that trace.
        """
        trace_id = trace_id or new_trace_id()
        with in_words("The offer was not sent"):
            try:
                # The worker concludes the trace, so that nobody has to guess whether more will come.
                pathway = await self._dendrite.dispatch_offer(
                    input=input,
                    capabilities=capabilities or None,
                    deadline_ms=deadline_ms,
                    select=select,
                    trace_id=trace_id,
                    parent_id=parent_id,
                    finalize=True,
                )
                try:
                    award = await pathway.wait_for(SignalType.TASK_AWARDED, timeout_s=AWARD_TIMEOUT_S)
                finally:
                    await pathway.close()
            except NoBids as error:
                unfit = f"; {error.invalid} could not win" if error.invalid else ""
                words = f"Nobody bid within {deadline_ms} ms{unfit}."
                return OfferOutcome(state="nobody bid", trace_id=trace_id, words=words)
            except (TimeoutError, PathwayClosedError) as error:
                reason = str(error) or "it did not come round the bus"
                words = f"The round ended without an award: {reason}."
                return OfferOutcome(state="failed", trace_id=trace_id, words=words)
        winner = award.neuron or ""
        return OfferOutcome(
            state="awarded", trace_id=trace_id, winner=winner, words=f"{winner} won and is at work."
        )

    async def task(
        self,
        *,
        input: dict[str, Any],
        neuron: str | None,
        capabilities: list[str],
        trace_id: str | None = None,
        parent_id: str | None = None,
    ) -> str:
        """Give a task to one neuron, or to one that has the capabilities. Returns the trace id.

        Args:
            input: what is asked.
            neuron: who gets it; None for whoever is able.
            capabilities: what it takes.
            trace_id: the trace to go on in; a fresh one when left out.
            parent_id: the signal it is caused by, on that trace.

        Raises:
            ControlError: nobody is named nor described, or it could not be sent.
        """
        if not neuron and not capabilities:
            raise ControlError("The task was not sent: name a neuron, or the capabilities it needs.")
        with in_words("The task was not sent"):
            sent = await self._dendrite.dispatch_task(
                neuron=neuron or None,
                input=input,
                capabilities=capabilities or None,
                trace_id=trace_id,
                parent_id=parent_id,
                finalize=True,
            )
        return sent.trace_id

    async def stop(self, trace_id: str, *, rollback: bool, reason: str) -> list[Signal]:
        """Stop a trace. Returns the STOPPED of everyone who had a stake in it and said so in time.

        Args:
            trace_id: what to stop.
            rollback: whether Engrams undo what they wrote for the trace; nothing else can be undone.
            reason: why, for the record; may be empty.
        """
        with in_words("STOP was not sent"):
            return await self._dendrite.stop_trace(
                trace_id,
                rollback=rollback,
                reason=reason or None,
                collect_acks=True,
                timeout_s=ACK_TIMEOUT_S,
            )

    async def answer(
        self,
        request: Signal,
        *,
        answer: str,
        redispatch: bool,
        original: Signal | None = None,
        override: bool = False,
    ) -> None:
        """Answer a CLARIFICATION.

        Args:
            request: the CLARIFICATION.
            answer: what to say.
            redispatch: send the asker a new TASK that holds question and answer, the form that makes a stock
                worker go on; otherwise a CLARIFICATION_ANSWER, which only an awaiting agent notices.
            original: the TASK or TASK_AWARDED that led to the question, when known: its input and its
                `finalize` are carried on.
            override: answer although it was answered from here before.
        """
        _expect(request, SignalType.CLARIFICATION)
        with self._once(request, override), in_words("The answer was not sent"):
            if redispatch:
                reply = {"question": request.payload.get("question", ""), "answer": answer}
                await self._ask_again(request, "clarification", reply, original)
            else:
                await self._dendrite.answer_clarification(request, answer=answer)

    async def decide(
        self,
        request: Signal,
        *,
        granted: bool,
        reason: str,
        redispatch: bool,
        original: Signal | None = None,
        override: bool = False,
    ) -> None:
        """Grant or deny a PERMISSION. Arguments as for `answer`; `reason` may be empty."""
        _expect(request, SignalType.PERMISSION)
        with self._once(request, override), in_words("The decision was not sent"):
            if redispatch:
                reply: dict[str, Any] = {"action": request.payload.get("action", ""), "granted": granted}
                if reason:
                    reply["reason"] = reason
                await self._ask_again(request, "permission", reply, original)
            elif granted:
                await self._dendrite.grant_permission(request, reason=reason or None)
            else:
                await self._dendrite.deny_permission(request, reason=reason or None)

    async def discover(self) -> None:
        """Ask everybody to announce themselves again."""
        with in_words("DISCOVER was not sent"):
            await self._dendrite.publish(Signal(type=SignalType.DISCOVER))

    async def _ask_again(
        self, request: Signal, kind: str, reply: dict[str, Any], original: Signal | None
    ) -> None:
        """Send the asker the TASK that answers it: same trace, the request as parent (PROTOCOL 6.14)."""
        if not request.neuron:
            raise ControlError(
                "The request does not say who asks, so nobody can be tasked again; reply in the discrete form."
            )
        asked = Asked() if original is None else read_asked(original)
        if original is not None:
            reply[ORIGINAL_INPUT] = {} if asked.input is None else asked.input
        if asked.earlier:
            reply[EARLIER] = list(asked.earlier)
        await self._dendrite.dispatch_task(
            neuron=request.neuron,
            input={kind: reply},
            trace_id=request.trace_id,
            parent_id=request.id,
            context_ref=asked.context_ref,
            finalize=asked.finalize,
        )

    @contextmanager
    def _once(self, request: Signal, override: bool) -> Iterator[None]:
        """Let one reply to a request through; one that fails may be tried again."""
        if request.id in self._answered and not override:
            raise ControlError("This request was answered from here already; nothing was sent.")
        self._answered.add(request.id)
        try:
            yield
        except BaseException:
            self._answered.discard(request.id)
            raise


def _expect(request: Signal, expected: SignalType) -> None:
    if request.type is not expected:
        raise ControlError(f"This is a {request.type}, not a {expected}; nothing was sent.")
