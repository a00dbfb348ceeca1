"""A person's hands on the gates of a bus: breaks, and what becomes of the signals they hold.

Everything runs on the loop that watches the bus, over a connection of its own. Its gates belong to that connection: if
Doppler leaves, dies or loses the bus, the bus lets everything go by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, suppress
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from cosmo_bus.client import BusClient
from cosmo_bus.errors import BusError, GateError
from cosmo_bus.gate import GateEvent
from cosmo_bus.gate_client import GateClient, HeldFrame
from cosmo_doppler.errors import SteppingError
from cosmo_doppler.query import FrameRow, Known, QueryError, compile_filter
from cosmo_doppler.stepping.book import MAX_HOLD_S, Break, Held, HeldBook
from cosmo_doppler.stepping.scope import scope_of

logger = logging.getLogger(__name__)

R = TypeVar("R")

EDIT_HOLD_S = 600.0
"""How long the bus holds a signal of a gate where somebody edits one, seconds."""

MOST_HELD = 1_000
"""Signals one break may hold; one more, and it lets everything go."""

MOST_PASSED = 2_000
"""Signals one break may hold in vain within `_STRETCH_S`; one more, and it lets everything go."""

_STRETCH_S = 1.0
_DECIDED = 4_096
"""Signals of which it is remembered that somebody decided, so that a second break does not hold them again."""

_ANSWER_S = 5.0
"""How long the bus may take to answer, seconds."""


class Stepper:
    """Sets breaks on one namespace and decides about what they hold.

    Args:
        url: of a bus that has gates.
        namespace: what to hold signals of.
        lock: guards `book`; the session's own.
        wall: epoch seconds.
        known: what expressions may ask besides the signal itself.
        redact: takes out of a frame what nobody is shown.
    """

    def __init__(
        self,
        url: str,
        namespace: str,
        *,
        lock: AbstractContextManager[None],
        wall: Callable[[], float],
        known: Callable[[], Known],
        redact: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self.book = HeldBook()
        self._url = url
        self._namespace = namespace
        self._lock = lock
        self._wall = wall
        self._known = known
        self._redact = redact
        self._loop = asyncio.get_running_loop()
        self.token = uuid4().hex[:4]
        """Tells the gates of this Doppler from those of another."""
        self._numbers = 0
        self._client: BusClient | None = None
        self._gates: GateClient | None = None
        self._opening = asyncio.Lock()
        self._clearing: set[str] = set()
        """Gates that open because somebody wants them to."""
        self._decided: OrderedDict[str, None] = OrderedDict()
        self._passing: asyncio.Task[None] | None = None
        self._again = asyncio.Event()
        self._vain: dict[int, tuple[float, int]] = {}
        """Since when, and how many signals a break has held in vain."""
        self._errands: set[asyncio.Task[Any]] = set()

    async def ask(self, call: Coroutine[Any, Any, R]) -> R:
        """Run one of the methods below from another thread's loop.

        Raises:
            SteppingError: it cannot be done, or the session has ended.
        """
        if self._loop.is_closed():
            call.close()
            raise SteppingError("the session has ended; everything it held went on")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop))

    # -- breaks

    async def set_break(self, text: str, *, max_hold_s: float = MAX_HOLD_S) -> Break:
        """Hold what an expression means from now on.

        Raises:
            SteppingError: the expression cannot be meant, or the bus refuses.
        """
        try:
            wanted = compile_filter(text)
        except QueryError as error:
            raise SteppingError(str(error)) from None
        with self._lock:
            self._numbers += 1
            added = Break(
                self._numbers, self.token, wanted, scope_of(wanted.node, self._namespace), max_hold_s
            )
            self.book.breaks[added.number] = added
        try:
            await self.switch_on(added.number)
        except SteppingError:
            with self._lock:
                del self.book.breaks[added.number]
            raise
        return added

    async def switch_on(self, number: int) -> None:
        """Put up the gate of a break."""
        by = self._break(number)
        gates = await self._reach()
        await self._asked(
            gates.set(by.gate_id, subject=by.scope.subject, where=by.scope.where, max_hold_s=by.max_hold_s)
        )
        with self._lock:
            by.on, by.ended = True, ""
            self.book.revision += 1

    async def switch_off(self, number: int) -> None:
        """Take the gate of a break away; what it held goes on."""
        by = self._break(number)
        if by.on:
            await self._clear(by)
        with self._lock:
            by.ended = ""

    async def remove(self, number: int) -> None:
        """Forget a break; what it held goes on."""
        await self.switch_off(number)
        with self._lock:
            self.book.breaks.pop(number, None)
            self.book.revision += 1

    async def release_all(self) -> int:
        """Let everything go and take all breaks away, whatever the bus says; return how many signals were held."""
        with self._lock:
            held = len(self.book.meant)
            standing = [by for by in self.book.breaks.values() if by.on]
        for by in standing:
            try:
                await self._clear(by)
            except SteppingError:
                # Without the connection there is no gate.
                await self._hang_up("")
                break
        with self._lock:
            self.book.breaks.clear()
            self.book.revision += 1
        return held

    async def close(self) -> None:
        """Leave: everything goes on."""
        with suppress(SteppingError):
            await self.release_all()
        await self._hang_up("")
        for task in list(self._errands):
            task.cancel()
        if self._passing is not None:
            self._passing.cancel()

    # -- decisions

    async def release(self, hold_id: str) -> None:
        """Let one signal go."""
        await self._decide(hold_id, None)

    async def step(self) -> str:
        """Let the signal go that was held first; return its hold id.

        Raises:
            SteppingError: nothing is held.
        """
        with self._lock:
            first = next(iter(self.book.meant), None)
        if first is None:
            raise SteppingError("nothing is held")
        await self.release(first.hold_id)
        return first.hold_id

    async def send(self, hold_id: str, frame: bytes) -> None:
        """Let an edited signal go in the place of the held one."""
        await self._decide(hold_id, frame)

    async def drop(self, hold_id: str) -> None:
        """Let one signal go nowhere."""
        held = self._held(hold_id)
        gates = await self._reach()
        await self._asked(gates.drop(held.hold_id))
        self._gone(hold_id)

    async def delay(self, hold_id: str, seconds: float) -> None:
        """Let one signal go by itself after a while; what is before it then still goes first."""
        held = self._held(hold_id)
        with self._lock:
            held.due = self._wall() + seconds
            self.book.revision += 1
        # The bus knows nothing of delays: to it this is a hold and a release.
        self._tell_of(held, "delayed", delay_ms=round(seconds * 1000))
        self._loop.call_later(seconds, self._due, hold_id)

    async def lend(self, hold_id: str) -> None:
        """Somebody edits a signal: its gate holds longer."""
        held = self._held(hold_id)
        by = held.by
        held.edited = True
        if by.lent_s == 0 and by.max_hold_s < EDIT_HOLD_S:
            gates = await self._reach()
            await self._hold_for(gates, by, EDIT_HOLD_S)
            with self._lock:
                by.lent_s = EDIT_HOLD_S - by.max_hold_s
                self.book.revision += 1

    async def hand_back(self, hold_id: str) -> None:
        """Nobody edits a signal any more; when nothing is held at its gate the bus gets its old patience back."""
        with self._lock:
            held = self.book.get(hold_id)
            if held is not None:
                held.edited = False
        await self._take_back_patience()

    # -- inside

    def _break(self, number: int) -> Break:
        by = self.book.breaks.get(number)
        if by is None:
            raise SteppingError("that break is gone")
        return by

    def _held(self, hold_id: str) -> Held:
        with self._lock:
            held = self.book.get(hold_id)
        if held is None:
            raise SteppingError("that signal is held no more; its gate let it go")
        return held

    async def _decide(self, hold_id: str, frame: bytes | None) -> None:
        held = self._held(hold_id)
        with self._lock:
            first = self.book.first(held)
        if first is not held:
            raise SteppingError(
                f"a {first.header.type or 'signal'} of the same trace is held before it; decide about that one first"
            )
        gates = await self._reach()
        # A second break must not ask about it again.
        self._remember(held.header.id)
        await self._asked(gates.release(hold_id, frame))
        self._gone(hold_id)

    def _remember(self, signal_id: str) -> None:
        if signal_id:
            self._decided[signal_id] = None
            while len(self._decided) > _DECIDED:
                self._decided.popitem(last=False)

    def _gone(self, hold_id: str) -> None:
        with self._lock:
            self.book.let_out(hold_id)
        self._again.set()

    async def _asked(self, question: Coroutine[Any, Any, R]) -> R:
        try:
            return await question
        except (BusError, OSError) as error:
            raise SteppingError(str(error)) from None

    async def _reach(self) -> GateClient:
        """The gates of the bus, over a connection that exists only once somebody has set a break."""
        async with self._opening:
            if self._gates is not None:
                return self._gates
            client = BusClient(self._url, answer_s=_ANSWER_S, name="doppler, stepping")
            await self._asked(client.connect())
            client.on_state(self._turned)
            gates = GateClient(client)
            gates.on_held(self._take_in)
            gates.on_gone(self._opened)
            try:
                await self._asked(client.subscribe(f"_gate.{self._namespace}", self._told))
            except SteppingError:
                await client.close()
                raise
            self._client, self._gates = client, gates
            if self._passing is None:
                self._passing = asyncio.create_task(self._let_pass())
            return gates

    async def _hang_up(self, words: str) -> None:
        client, self._client, self._gates = self._client, None, None
        if client is not None:
            await client.close()
        self._all_gone(words)

    def _turned(self, state: str) -> None:
        if state == "reconnecting":
            # The bus let everything go with the connection. Breaks come back when the person wants them to.
            self._errand(self._hang_up("the bus went away, and everything held went on"))

    def _all_gone(self, words: str) -> None:
        with self._lock:
            went = [by for by in self.book.breaks.values() if by.on]
            for by in went:
                self.book.opened(by.gate_id, words)
            if words and went:
                self.book.say(f"Breaks are off: {words}")

    def _take_in(self, frame: HeldFrame) -> None:
        """A gate of ours holds a frame."""
        with self._lock:
            by = next((each for each in self.book.breaks.values() if each.gate_id == frame.gate_id), None)
            if by is None:
                return
            held = Held(
                frame.hold_id, by, frame.subject, frame.frame, self._wall(), self._redact(frame.frame)
            )
            if held.header.id not in self._decided:
                row = FrameRow(held.since, held.subject, held.frame, known=self._known())
                held.meant = by.filter.matches(row)
            self.book.take_in(held)
            crowded = by.holding > MOST_HELD
        if crowded:
            self._give_up(by, f"let everything go: it held {MOST_HELD:,} signals")
        self._again.set()

    def _told(self, subject: str, frame: bytes) -> None:
        """The bus says what became of a hold, also when somebody else decided."""
        try:
            event = msgspec.json.decode(frame, type=GateEvent)
        except msgspec.DecodeError:
            logger.warning("a gate event of the bus cannot be read")
            return
        if event.event in ("released", "edited", "dropped"):
            self._gone(event.hold)

    def _tell_of(self, held: Held, event: str, **more: Any) -> None:
        """Say beside what the bus tells of a hold what a person wants with it, for recordings and other observers."""
        if self._client is None:
            return
        told = {"gate": held.by.gate_id, "event": event, "hold": held.hold_id, "signal_id": held.header.id}
        told |= {"type": held.header.type, "trace_id": held.header.trace_id, **more}
        with suppress(BusError):
            self._client.publish(f"_gate.{self._namespace}", msgspec.json.encode(told))

    def _opened(self, gate_id: str, reason: str) -> None:
        wanted = gate_id in self._clearing
        self._clearing.discard(gate_id)
        words = "" if wanted else f"opened by itself: {reason}"
        with self._lock:
            by = next((each for each in self.book.breaks.values() if each.gate_id == gate_id), None)
            if by is None:
                return
            self.book.opened(gate_id, words)
            if words:
                self.book.say(f"Break {by.text} {words}; what it held went on")
        self._again.set()

    async def _clear(self, by: Break) -> None:
        """Open one gate because somebody wants it."""
        self._clearing.add(by.gate_id)
        gates = await self._reach()
        try:
            await self._asked(gates.clear(by.gate_id))
        finally:
            self._clearing.discard(by.gate_id)
        with self._lock:
            self.book.opened(by.gate_id, "")
        self._again.set()

    def _give_up(self, by: Break, words: str) -> None:
        """A break costs more than it may."""
        with self._lock:
            if not by.on:
                return
            by.on = False
            self.book.say(f"Break {by.text} {words}")

        async def end() -> None:
            with suppress(SteppingError):
                await self._clear(by)
            with self._lock:
                by.ended = words
                self.book.revision += 1

        self._errand(end())

    async def _let_pass(self) -> None:
        """Let go what nobody wants to hold, in order, as soon as it may."""
        while True:
            await self._again.wait()
            self._again.clear()
            with self._lock:
                ready = self.book.may_go(self._wall())
                idle = not len(self.book)
            for held in ready:
                self._count(held)
                try:
                    gates = await self._reach()
                    await gates.release(held.hold_id)
                except GateError:
                    logger.debug("hold %s went another way", held.hold_id)
                except (BusError, OSError, SteppingError) as error:
                    logger.info("the bus let it go with the connection: %s", error)
                self._gone(held.hold_id)
            if idle:
                await self._take_back_patience()

    def _due(self, hold_id: str) -> None:
        with self._lock:
            self.book.nudge(hold_id)
        self._again.set()

    def _count(self, held: Held) -> None:
        if held.meant:
            return
        by = held.by
        by.passed += 1
        now = self._loop.time()
        since, passed = self._vain.get(by.number, (now, 0))
        since, passed = (now, 1) if now - since > _STRETCH_S else (since, passed + 1)
        self._vain[by.number] = since, passed
        if passed > MOST_PASSED:
            self._give_up(
                by,
                f"let everything go: the bus held {MOST_PASSED:,} signals a second for it in vain;"
                " name a type, who or a whole trace as well",
            )

    async def _hold_for(self, gates: GateClient, by: Break, seconds: float) -> None:
        await self._asked(
            gates.set(by.gate_id, subject=by.scope.subject, where=by.scope.where, max_hold_s=seconds)
        )

    async def _take_back_patience(self) -> None:
        with self._lock:
            lent = [
                by
                for by in self.book.breaks.values()
                if by.lent_s and by.on and not any(held.by is by for held in self.book)
            ]
        for by in lent:
            by.lent_s = 0.0
            with suppress(SteppingError):
                await self._hold_for(await self._reach(), by, by.max_hold_s)

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
