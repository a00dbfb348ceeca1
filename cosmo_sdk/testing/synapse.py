"""A synapse for tests: it remembers what was published, and answers by script in place of everybody who is not there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Unpack

from msgspec.structs import replace

from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.envelope import Signal
from cosmo_sdk.ids import ULIDS, Ids
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import (
    REPLY_TO,
    FrameHandler,
    SignalHandler,
    Subscription,
    Synapse,
    SynapseState,
)
from cosmo_sdk.synapse.memory import MemorySynapse
from cosmo_sdk.testing.building import subject_of
from cosmo_sdk.testing.clock import ManualClock
from cosmo_sdk.testing.expecting import Expectations
from cosmo_sdk.testing.pattern import Pattern, Which
from cosmo_sdk.testing.script import Rule
from cosmo_sdk.testing.transcript import Transcript

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""How long `expect` waits when nobody says, in real seconds."""

GRACE_S = 1.0
"""What `expect` leaves to threads once a manual clock has run out, in real seconds."""


class ScriptedSynapse(Synapse):
    """A MemorySynapse that takes notes and plays the other participants.

        synapse = ScriptedSynapse(clock=ManualClock())
        synapse.when(SignalType.TASK_OFFER, capability="summarize").bids("ann", cost=0.002, after_s=0.05)
        synapse.when(SignalType.TASK_AWARDED, neuron="ann").outputs({"summary": "short"})

    What is published is encoded and decoded as on a real bus. The script answers what the tested code publishes and
    what `inject` brings, never its own answers.

    Args:
        clock: measures the delays of the script and `within_s`, and dates the answers.
        ids: of the answers.
        on_frame: called with every frame that crosses, subject and JSON.
    """

    def __init__(
        self, *, clock: Clock = SYSTEM_CLOCK, ids: Ids = ULIDS, on_frame: FrameHandler | None = None
    ) -> None:
        self.transcript = Transcript()
        """Everything that crossed, the script's answers and what was injected included."""
        self.published = Transcript()
        """What the tested code published."""
        self.failures: list[Exception] = []
        """What the script itself raised; it is logged, too."""
        self._bus = MemorySynapse()
        self.clock = clock
        """Measures delays and expectations; for the Dendrites on this synapse, too."""
        self._ids = ids
        self._on_frame = on_frame
        self._rules: list[Rule] = []
        self._playing: set[asyncio.Task[None]] = set()
        self._expectations = Expectations(self.published)

    # -- the script

    def when(
        self,
        *types: SignalType,
        times: int | None = None,
        **which: Unpack[Which],
    ) -> Rule:
        """Say what happens when such a Signal is published. Of several rules that fit, the first one answers.

        Args:
            types: any of these types; all types when none is given.
            which: see `Which`.
            times: how many Signals it answers before the next rule gets its turn.
        """
        pattern = Pattern(types, **which)
        rule = Rule(pattern, times, self._stamp)
        self._rules.append(rule)
        return rule

    async def inject(
        self, signal: Signal, *, namespace: str = "default", subject: str | None = None
    ) -> Signal:
        """Have a stranger publish a Signal, and return it.

        Args:
            signal: what the stranger says, e.g. `a_task(neuron="ann")`.
            namespace: where, on the subject of its type.
            subject: instead, this very subject.

        Raises:
            SynapseError: closed.
            EnvelopeError: the Signal cannot be written as JSON.
        """
        where = subject_of(signal, namespace) if subject is None else subject
        mine = await self._carry(where, signal)
        self._consult(where, mine)
        return signal

    def assert_script_used(self) -> None:
        """Fail when a rule was never needed: the code did not do what the test thought it would.

        Raises:
            AssertionError: it names the rules, and shows what crossed.
        """
        if unused := [str(rule) for rule in self._rules if not rule.used]:
            raise AssertionError(self.explain("\n".join(["rules that were never needed:", *unused])))

    # -- expectations

    async def expect(
        self,
        *types: SignalType,
        within_s: float | None = None,
        **which: Unpack[Which],
    ) -> Signal:
        """The next such Signal that the tested code publishes, or has published; each is returned once.

        Args:
            types: any of these types; all types when none is given.
            within_s: seconds of the synapse's clock to wait. A manual clock is moved, from alarm to alarm, until
                the Signal comes. When left out, time stands still and it may take 5 real seconds.
            which: see `Which`.

        Raises:
            AssertionError: it did not come; everything that crossed is shown as a tree.
        """
        pattern = Pattern(types, **which)
        signal = await self._next(pattern, within_s)
        if signal is None:
            waited = f"within {PATIENCE_S if within_s is None else within_s:g} s"
            raise AssertionError(self.explain(f"expected {pattern} {waited}, and it never came"))
        return signal

    async def expect_none(
        self,
        *types: SignalType,
        within_s: float,
        **which: Unpack[Which],
    ) -> None:
        """Watch for `within_s` seconds of the synapse's clock, and fail if such a Signal comes or is there already.

        Raises:
            AssertionError: it came; everything that crossed is shown as a tree.
        """
        pattern = Pattern(types, **which)
        signal = await self._next(pattern, within_s, grace_s=0.0)
        if signal is not None:
            raise AssertionError(self.explain(f"expected no {pattern}, and {signal.type} {signal.id} came"))

    def explain(self, failure: str) -> str:
        """A failure, with everything that crossed and how far the script came."""
        lines = [self.transcript.explain(failure)]
        lines += [f"script: {rule}: {rule.used} times" for rule in self._rules]
        lines += [f"the script itself failed: {error!r}" for error in self.failures]
        return "\n".join(lines)

    # -- a synapse like any other

    @property
    def state(self) -> SynapseState:
        """`connected` from the beginning, `closed` after `close()`."""
        return self._bus.state

    @property
    def dropped(self) -> int:
        """Signals dropped because a subscription's queue was full."""
        return self._bus.dropped

    async def connect(self) -> None:
        """Open again after `close()`; else nothing."""
        await self._bus.connect()

    async def close(self) -> None:
        """Cancel running handlers and answers under way, and drop every subscription. The transcripts stay."""
        playing, self._playing = self._playing, set()
        for task in playing:
            task.cancel()
        await self._bus.close()
        if playing:
            await asyncio.wait(playing)

    async def publish(self, subject: str, signal: Signal) -> None:
        """Send `signal` to everyone subscribed, take note of it, and let the script answer.

        Raises:
            SynapseError: closed.
            EnvelopeError: the Signal cannot be written as JSON.
        """
        mine = await self._carry(subject, signal, expected=True)
        self._consult(subject, mine)

    async def subscribe(
        self, subject: str, handler: SignalHandler, *, queue_group: str | None = None
    ) -> Subscription:
        """Call `handler` for every Signal on a matching subject.

        Raises:
            SynapseError: closed, or the pattern is malformed.
        """
        return await self._bus.subscribe(subject, handler, queue_group=queue_group)

    async def tap(self, pattern: str, handler: FrameHandler) -> Subscription:
        """Call `handler(subject, frame)` for every frame on a matching subject."""
        return await self._bus.tap(pattern, handler)

    def on_state(self, listener: Callable[[SynapseState], None]) -> None:
        """Call `listener(state)` whenever `state` changes."""
        self._bus.on_state(listener)

    # -- inside

    async def _carry(self, subject: str, signal: Signal, *, expected: bool = False) -> Signal:
        if self.connected:
            frame = signal.encode()
            signal = Signal.decode(frame)
            # Noted first: plain handlers run inside publish, and their answers come after what they answer.
            self.transcript.note(signal)
            if self._on_frame is not None:
                self._on_frame(subject, frame)
            if expected:
                self._expectations.note(signal)
        await self._bus.publish(subject, signal)
        return signal

    async def _next(
        self, pattern: Pattern, within_s: float | None, grace_s: float = GRACE_S
    ) -> Signal | None:
        arrival = self._expectations.arrival(pattern)
        patience_s = PATIENCE_S if within_s is None else within_s
        try:
            if within_s is not None and isinstance(self.clock, ManualClock):
                await self.clock.advance(within_s, until=arrival.done)
                patience_s = grace_s
            if arrival.done():
                return arrival.result()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    return await asyncio.wrap_future(arrival)
            return None
        finally:
            self._expectations.forget(arrival)

    def _consult(self, subject: str, signal: Signal) -> None:
        for rule in self._rules:
            if rule.takes(signal):
                rule.used += 1
                playing = asyncio.get_running_loop().create_task(
                    self._play(rule, subject, signal, self.clock.monotonic())
                )
                self._playing.add(playing)
                playing.add_done_callback(self._playing.discard)
                return

    async def _play(self, rule: Rule, subject: str, cause: Signal, begun: float) -> None:
        try:
            for due_s, answer in rule.due(cause):
                await self.clock.sleep(due_s - (self.clock.monotonic() - begun))
                for reply in answer.make(cause):
                    for _ in range(answer.copies):
                        await self._carry(_answered_on(subject, cause, reply), reply)
        except Exception as error:
            self.failures.append(error)
            logger.exception("the script failed: %s, on %s %s", rule, cause.type, cause.id)

    def _stamp(self, signal: Signal) -> Signal:
        return replace(signal, id=self._ids.event(), ts=self.clock.now())


def _answered_on(subject: str, cause: Signal, reply: Signal) -> str:
    """Where an answer goes: to whoever asked through `request`, else to the namespace where the question stood."""
    inbox = cause.meta.get(REPLY_TO)
    if isinstance(inbox, str):
        return inbox
    tokens = subject.split(".")
    return subject_of(reply, tokens[1] if tokens[0] == "cosmonapse" and len(tokens) > 2 else "default")
