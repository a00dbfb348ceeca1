"""A person as a participant: bids in auctions, and answers the work it won or was given.

A Dendrite of its own stands for the person while they take part, so that a producer of any release awards to them as to
any other worker, and everybody sees that they are there (PROTOCOL 6.5, 6.12).
"""

from __future__ import annotations

import asyncio
import getpass
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from cosmo_doppler.by_hand import ControlError, MarkedSynapse, in_words
from cosmo_doppler.model.requests import PERSON
from cosmo_sdk.ambient import current_task
from cosmo_sdk.axon import Axon
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import NeuronError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Synapse

HEARTBEAT_S = 5.0
"""Seconds between heartbeats, each with a REGISTER: whoever joins later learns that this neuron is a person."""

GAVE_UP = "PERSON_GAVE_UP"
LEFT = "PERSON_LEFT"
"""Codes of the ERRORs with which a person returns work: for this one, and for all of it on leaving. Recoverable."""

MOST_BIDS = 1024
"""Own bids remembered, to tell what was promised for an award."""


class OpenWork(msgspec.Struct, frozen=True, kw_only=True):
    """Work that waits for the person."""

    id: str
    """Of the TASK_AWARDED or TASK that brought it."""
    trace_id: str
    input: Any
    """What is asked; from the bus, not yet safe for a terminal."""
    since: float
    """When it came, `time.monotonic()` seconds."""
    finalize: bool
    """Whether a FINAL follows the output, because whoever asked wants one."""
    won: Signal | None
    """The own bid that won it; None for a TASK that named the person."""

    @property
    def eta_ms(self) -> int | None:
        """The time promised for it, milliseconds; None when nothing was promised."""
        return self.won.payload.get("eta_ms") if self.won is not None else None


class _Word(msgspec.Struct, frozen=True):
    """What the person says about work."""

    kind: Literal["output", "note", "error"]
    value: Any
    code: str = ""


def usual_name() -> str:
    """The neuron id a person gets who does not choose one: `person:<user>`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""  # an account without a name, as in some containers
    return f"{PERSON}:{re.sub(r'[^A-Za-z0-9_.-]+', '-', user) or 'somebody'}"


class Person:
    """A person on one namespace. Absent until `join`, or the first bid.

    Runs on the loop of its synapse, which it neither connects nor closes. Methods raise ControlError when they could
    not do what was asked. What it knows may be read from any thread.
    """

    def __init__(self, synapse: Synapse, namespace: str) -> None:
        self._synapse = _Announcing(synapse)
        self._namespace = namespace
        self._dendrite: Dendrite | None = None
        self._bids: dict[str, Signal] = {}
        self._words: dict[str, asyncio.Queue[_Word]] = {}
        self._changing = asyncio.Lock()
        self.neuron_id = ""
        """The name on the bus; empty while absent."""
        self.open: dict[str, OpenWork] = {}
        """Work not answered yet, by the id of what brought it, oldest first."""

    @property
    def present(self) -> bool:
        """Whether the person takes part."""
        return self._dendrite is not None

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the person says to be able to do."""
        return self._synapse.capabilities

    async def join(self, neuron_id: str, capabilities: Sequence[str]) -> None:
        """Take part under a name; when present already, only the capabilities change."""
        async with self._changing:
            self._synapse.capabilities = tuple(dict.fromkeys(capabilities))
            with in_words("You could not join the bus"):
                if self._dendrite is None:
                    await self._appear(neuron_id)
                else:
                    await self._dendrite.respond_to_discover(Signal(type=SignalType.DISCOVER))

    async def _appear(self, neuron_id: str) -> None:
        dendrite = Dendrite(
            synapse=self._synapse,
            namespace=self._namespace,
            dendrite_id=neuron_id.replace(":", "-"),
            role="worker",
            heartbeat_s=HEARTBEAT_S,
            auto_bid=False,
        )
        dendrite.attach_axon(_PersonAxon(neuron_id, self._work, self._taken, self._done))
        await dendrite.start()
        self._dendrite, self.neuron_id = dendrite, neuron_id

    async def leave(self) -> None:
        """Return all open work with a recoverable ERROR and leave the bus. Nothing when absent."""
        async with self._changing:
            dendrite, self._dendrite = self._dendrite, None
            if dendrite is None:
                return
            for words in self._words.values():
                words.put_nowait(_Word("error", "the person left before answering", LEFT))
            # Whoever stops a Dendrite lets work that ends now still be answered.
            await dendrite.stop("the person left")
            self.neuron_id, self._synapse.capabilities = "", ()

    async def bid(
        self,
        offer: Signal,
        *,
        neuron_id: str,
        capabilities: Sequence[str],
        cost: float,
        eta_ms: int | None = None,
        confidence: float | None = None,
    ) -> Signal:
        """Bid in an auction, joining first where needed. Returns the BID.

        Args:
            offer: the TASK_OFFER.
            neuron_id: the name to take part under; one who is present keeps theirs.
            capabilities: what the person says to be able to do; joins what was said before.
            cost: price, in US dollars by convention.
            eta_ms: promised time to an answer, milliseconds.
            confidence: 0 to 1.
        """
        wanted = dict.fromkeys((*self.capabilities, *capabilities))
        told = self.present and set(wanted) == set(self.capabilities)
        if not self.present:
            await self.join(neuron_id, list(wanted))
        dendrite = self._require()
        with in_words("The bid was not sent"):
            sent = await dendrite.bid(
                offer, neuron=self.neuron_id, cost=cost, eta_ms=eta_ms, confidence=confidence
            )
        self._bids[sent.id] = sent
        if len(self._bids) > MOST_BIDS:
            del self._bids[next(iter(self._bids))]
        if not told:
            # Only now: windows are short, and who is awarded need not have announced what it bid on.
            await self.join(self.neuron_id, list(wanted))
        return sent

    async def answer(self, work_id: str, output: Any) -> None:
        """Answer work with an output, any JSON; FINAL follows where whoever asked wants one."""
        self._say(work_id, _Word("output", output))

    async def give_up(self, work_id: str, why: str) -> None:
        """Return work with a recoverable ERROR."""
        self._say(work_id, _Word("error", why or "the person gave the work back", GAVE_UP))

    async def note(self, work_id: str, text: str) -> None:
        """Say something about work while at it, as a THOUGHT_DELTA."""
        self._say(work_id, _Word("note", text))

    def _say(self, work_id: str, word: _Word) -> None:
        words = self._words.get(work_id)
        if words is None:
            raise ControlError("This work does not wait for you any more; nothing was sent.")
        words.put_nowait(word)
        if word.kind != "note":
            # Answered once: what is said after it has nobody to hear it.
            del self._words[work_id]

    def _require(self) -> Dendrite:
        if self._dendrite is None:
            raise ControlError("You have left the bus; nothing was sent.")
        return self._dendrite

    # -- called by the Axon

    def _taken(self, task: Signal) -> None:
        self._words[task.id] = asyncio.Queue()
        self.open[task.id] = OpenWork(
            id=task.id,
            trace_id=task.trace_id,
            input=task.payload.get("input"),
            since=time.monotonic(),
            finalize=task.payload.get("finalize") is True,
            won=self._bids.get(task.parent_id or ""),
        )

    def _done(self, task: Signal) -> None:
        self._words.pop(task.id, None)
        self.open.pop(task.id, None)

    async def _work(
        self, input: Any, context: list[Any], *, emit_thought_delta: Callable[[str], Awaitable[None]]
    ) -> Any:
        """The Neuron: wait for what the person says."""
        task = current_task()
        assert task is not None, "an Axon runs its function on behalf of a TASK"
        words = self._words[task[1]]
        while True:
            word = await words.get()
            if word.kind == "note":
                await emit_thought_delta(word.value)
            elif word.kind == "error":
                raise NeuronError(word.value, code=word.code, recoverable=True)
            else:
                return word.value


class _Announcing(MarkedSynapse):
    """Adds the person's capabilities to its REGISTER signals.

    Its Axon has none. Whoever can summarise for once must not share the TASKs for all who can: the bus would hand a
    program's work to a person in turn, without anybody having asked them.
    """

    def __init__(self, inner: Synapse) -> None:
        super().__init__(inner)
        self.capabilities: tuple[str, ...] = ()

    async def publish(self, subject: str, signal: Signal) -> None:
        """Publish, with the capabilities where they belong."""
        if signal.type is SignalType.REGISTER and signal.directed is not None:
            able = list(self.capabilities)
            directed: Directed = replace(signal.directed, capabilities=able)
            signal = replace(signal, directed=directed, payload={**signal.payload, "capabilities": able})
        await super().publish(subject, signal)


class _PersonAxon(Axon):
    """Tells which work it begins and ends, however that ends."""

    def __init__(
        self,
        neuron_id: str,
        work: Callable[..., Awaitable[Any]],
        taken: Callable[[Signal], None],
        done: Callable[[Signal], None],
    ) -> None:
        super().__init__(neuron_id=neuron_id, neuron_fn=work, neuron_kind=PERSON)
        self._taken = taken
        self._done = done

    async def handle_task(self, task: Signal) -> Signal:
        """Run it, known as open until it is answered, stopped or withdrawn."""
        self._taken(task)
        try:
            return await super().handle_task(task)
        finally:
            self._done(task)
