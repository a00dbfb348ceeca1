"""Breaks, and what becomes of the signals they hold."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from cosmo_doppler.errors import OutsideError, SteppingError
from cosmo_doppler.query import QueryError
from cosmo_doppler.tui.breaking import BreakKind, suggestions
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.holding import is_elsewhere, selected, why_not
from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.watched import Watched
from cosmo_doppler.tui.words import many

if TYPE_CHECKING:
    from cosmo_doppler.stepping.book import Held
    from cosmo_doppler.stepping.stepper import Stepper


class StepActions(Deck):
    """Break, let go, change, drop, delay, and let everything go."""

    watched: Watched

    # Breaks

    def action_break_on(self) -> None:
        """Ask what to break on."""
        begin(self, self._break, exclusive=True)

    async def _break(self) -> None:
        from cosmo_doppler.tui.modals.breaking import BreakForm

        session = self.session
        with session.lock:
            found = suggestions(self.scene)
            unable = why_not(self.scene) or session.read_only_reason
        draft = await self.app.push_screen_wait(BreakForm(session, found, unable))
        if draft is None:
            return
        if draft.holds:
            self._do(lambda stepper: stepper.set_break(draft.text, max_hold_s=draft.max_hold_s))
            return
        try:
            with session.lock:
                session.timeline.breaks.add(draft.text)
        except QueryError as error:
            self.say(str(error))
        else:
            self.say(f"Pauses when a signal matches {draft.text}")

    def action_switch_break(self) -> None:
        """The selected break on or off."""
        chosen = self._break_shown()
        if chosen is None:
            self.say("Select a break first; v shows them")
            return
        kind, number = chosen
        if kind == "pause":
            with self.session.lock:
                self.session.timeline.breaks.switch(number)
            return
        self._do(lambda stepper: _switched(stepper, number))

    def _break_shown(self) -> tuple[BreakKind, int] | None:
        """The break under the cursor of its list; the only one there is from elsewhere."""
        lines = self.stage.panes["breaks"]
        with self.session.lock:
            keys = [lines.source.key(place) for place in range(lines.source.count())]
        cursor = lines.cursor
        if cursor in keys:
            return cursor  # type: ignore[return-value]
        return keys[0] if len(keys) == 1 else None  # type: ignore[return-value]

    # One signal

    def action_let_go(self) -> None:
        """The selected one goes."""
        held = self._selected()
        if held is not None:
            self._do(lambda stepper: stepper.release(held.hold_id))

    def action_step_held(self) -> None:
        """The oldest one goes."""
        if self._able():
            self._do(lambda stepper: stepper.step())

    def action_drop_held(self) -> None:
        """The selected one goes nowhere; in the list of breaks the break does."""
        if self.stage.focused == "breaks":
            self._remove_break()
            return
        held = self._selected()
        if held is not None:
            begin(self, partial(self._drop, held), exclusive=True)

    def _remove_break(self) -> None:
        chosen = self._break_shown()
        if chosen is None:
            self.say("Select a break first")
        elif chosen[0] == "pause":
            with self.session.lock:
                self.session.timeline.breaks.remove(chosen[1])
        else:
            number = chosen[1]
            self._do(lambda stepper: stepper.remove(number))

    async def _drop(self, held: Held) -> None:
        from cosmo_doppler.tui.modals.held import DropForm

        if await self.app.push_screen_wait(DropForm(held, self._still(held))):
            self._do(lambda stepper: stepper.drop(held.hold_id))

    def action_delay_held(self) -> None:
        """The selected one goes after a while."""
        held = self._selected()
        if held is not None:
            begin(self, partial(self._delay, held), exclusive=True)

    async def _delay(self, held: Held) -> None:
        from cosmo_doppler.tui.modals.held import DelayForm

        milliseconds = await self.app.push_screen_wait(DelayForm(held, self._still(held)))
        if milliseconds is not None:
            self._do(lambda stepper: stepper.delay(held.hold_id, milliseconds / 1000))

    # Changing one

    def action_change_held(self) -> None:
        """The fields of the selected one."""
        self._change_selected(whole=False)

    def action_change_whole(self) -> None:
        """All of the selected one, in an editor."""
        self._change_selected(whole=True)

    def _change_selected(self, *, whole: bool) -> None:
        held = self._selected()
        if held is None:
            return
        if held.shown != held.frame:
            self.say("Parts of it are redacted here, so it cannot be changed here; let it go or drop it")
            return
        begin(self, partial(self._change, held, whole), exclusive=True)

    async def _change(self, held: Held, whole: bool) -> None:
        """Until it was sent or left held. Whoever edits is given more time by the bus."""
        await self._try(lambda stepper: stepper.lend(held.hold_id))
        frame: bytes | None = None
        try:
            frame = await self._changed(held, whole)
        finally:
            if frame is None:
                await self._try(lambda stepper: stepper.hand_back(held.hold_id))
        if frame is not None:
            changed = frame
            self._do(lambda stepper: _sent(stepper, held.hold_id, changed))

    async def _changed(self, held: Held, whole: bool) -> bytes | None:
        """What a person made of it; None leaves it held."""
        from cosmo_doppler.stepping.editing import laid_out
        from cosmo_doppler.tui.modals.held import ChangeForm, WholeForm
        from cosmo_doppler.tui.outside import edit_outside

        still, text = self._still(held), laid_out(held.frame)
        if not whole:
            draft = await self.app.push_screen_wait(ChangeForm(held, still))
            if draft is None or not draft.whole:
                return None if draft is None else draft.frame
            text = laid_out(draft.frame)
        while True:
            try:
                text = edit_outside(self.app, text, name="signal.json")
            except OutsideError as error:
                self.say(str(error))
            draft = await self.app.push_screen_wait(WholeForm(held, still, text))
            if draft is None or not draft.whole:
                return None if draft is None else draft.frame
            text = draft.frame.decode("utf-8", "replace")

    # Everything

    def action_release_all(self) -> None:
        """Let everything go and take every break away, also while acting is off."""
        for session in self.watched.sessions:
            with session.lock:
                session.timeline.breaks.clear()
        begin(self, self._release_all, group="letting go")

    async def _release_all(self) -> None:
        """On every bus that is watched."""
        went, failed = 0, ""
        for stepper in [session.stepper for session in self.watched.sessions if session.stepper is not None]:
            try:
                went += await stepper.ask(stepper.release_all())
            except SteppingError as error:
                failed = str(error)
        self.say(failed or f"{many(went, 'held signal')} let go; no break is left")

    # Between the screen and the bus

    def tell_of_breaks(self) -> None:
        """Say what breaks did by themselves, and go where one paused. The session's lock is held."""
        stepper = self.session.stepper
        for sentence in stepper.book.take_sayings() if stepper is not None else ():
            self.say(sentence)
        caught = self.session.timeline.breaks.take_caught()
        if caught is None:
            return
        self.say(f"Paused: {caught.text} matches; space goes on")
        seen = self.scene.observed(caught.seq)
        trace_id = seen.header.trace_id if seen is not None else ""
        if self.stage.view != "signals" and trace_id in self.scene.board.traces:
            self.stage.go("traces", "traces", trace_id)
            self.stage.go("traces", "pathway", caught.seq)
        else:
            self.stage.go("signals", "signals", caught.seq)

    def _able(self) -> bool:
        """Whether anything can be decided here; says why not."""
        with self.session.lock:
            reason = why_not(self.scene) or self.session.read_only_reason
        if reason:
            self.say(reason)
        return not reason

    def _selected(self) -> Held | None:
        if not self._able():
            return None
        with self.session.lock:
            held = selected(self.scene)
        if held is None and is_elsewhere(self.scene.hold_id):
            self.say("Another gate holds it; cosmo gate list, release and drop reach it")
        elif held is None:
            self.say("Nothing is held; B sets a break")
        return held

    def _still(self, held: Held) -> Callable[[], bool]:
        def still() -> bool:
            stepper = self.session.stepper
            return stepper is not None and stepper.book.get(held.hold_id) is held

        return still

    def _do(self, call: Callable[[Stepper], Coroutine[Any, Any, Any]]) -> None:
        """Do it apart from the form that asked: the next form ends the worker of the one before."""
        begin(self, partial(self._try, call), group="stepping")

    async def _try(self, call: Callable[[Stepper], Coroutine[Any, Any, Any]]) -> None:
        """Do it on the bus; what cannot be done is said."""
        stepper = self.session.stepper
        if stepper is None:
            self.say("not connected to a bus")
            return
        try:
            await stepper.ask(call(stepper))
        except SteppingError as error:
            self.say(str(error))


async def _sent(stepper: Stepper, hold_id: str, frame: bytes) -> None:
    try:
        await stepper.send(hold_id, frame)
    finally:
        await stepper.hand_back(hold_id)


async def _switched(stepper: Stepper, number: int) -> None:
    by = stepper.book.breaks.get(number)
    if by is not None and by.on:
        await stepper.switch_off(number)
    else:
        await stepper.switch_on(number)
