"""The application: one observatory on a session, the themes, and the palette."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, get_args

from textual import events, on
from textual.binding import BindingType
from textual.command import CommandPalette, Provider
from textual.message_pump import MessagePump
from textual.notifications import SeverityLevel
from textual.widget import MountError, Widget
from textual.worker import Worker

from cosmo_doppler.session import Session
from cosmo_doppler.session.baseline import Reference
from cosmo_doppler.settings import without_login
from cosmo_doppler.tui.actions import Action, bindings_of
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look, LookedApp
from cosmo_doppler.tui.screens.bussing import bus_of
from cosmo_doppler.tui.screens.observatory import Observatory
from cosmo_doppler.tui.watched import Watched
from cosmo_doppler.tui.widgets.entry import Entry
from cosmo_doppler.tui.widgets.lines import Lines

_OPENING_S = 3.0
"""How long a form may take to open, seconds; until then keys are dropped, as they are just after it has:
nothing typed ahead may decide."""

_IN_TURN_S = 1.0
"""How long one waits for what was written before, seconds."""

_COLLECT_AFTER = 50_000
"""Allocations between two young collections: rarer pauses, each still short."""


def _commands() -> type[Provider]:
    """What the palette offers, imported when it opens."""
    from cosmo_doppler.tui.palette import ObservatoryCommands

    return ObservatoryCommands


class DopplerApp(LookedApp):
    """Doppler on a terminal.

    Args:
        session: what to show. The app starts and stops its engine.
        view: the view to begin with.
        select: a trace id, an offer id or the end of one, to begin with.
        frame_rate: looks at the session per second. 0 leaves time to the caller: the engine is not started and
            each `Observatory.turn()` pumps the session once.
        look: theme, signs and keys.
        wanted: a filter to begin with; empty for none.
        beside: further sessions, watched from the beginning.
        reference: what everything is held against.

    Raises:
        ValueError: there is no such view.
    """

    TITLE: str | None = "Doppler"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands}
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("app")
    DEFAULT_CSS = """
    CommandPalette { background: $background 60%; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette #--container { width: 76; max-width: 100%; }
    CommandPalette OptionList > .option-list--option-highlighted { background: $selection; }
    """

    def __init__(
        self,
        session: Session,
        *,
        view: View = "traces",
        select: str | None = None,
        frame_rate: float = 30,
        look: Look | None = None,
        wanted: str = "",
        beside: Sequence[Session] = (),
        reference: Reference | None = None,
    ) -> None:
        super().__init__(look or Look())
        if view not in get_args(View):
            raise ValueError(f"view={view!r} is not one of {', '.join(get_args(View))}")
        self.watched = Watched(session, reference)
        self._opening: tuple[Worker[Any], float] | None = None
        """What opens a form, and until when keys wait for it, on `time.monotonic()`."""
        self._view: View = view
        self._frame_rate = frame_rate
        self._decks = {session: Observatory(session, view, frame_rate, select, wanted, self.watched)}
        for other in beside:
            self.watched.add(other)
            self._decks[other] = Observatory(other, view, frame_rate, wanted=wanted, watched=self.watched)
        self.watched.at = 0

    @property
    def session(self) -> Session:
        """What is on the screen."""
        return self.watched.present

    @property
    def observatory(self) -> Observatory:
        """The screen it is on."""
        return self._decks[self.watched.present]

    async def on_event(self, event: events.Event) -> None:
        """Carry a key out before the next one is looked at.

        Textual hands a key to the focused widget and runs its binding when it has come back up, by which time the keys
        behind it have been handed to the same widget: `/bid`, pasted or typed on a slow line, would run as four
        commands, and tab would complete what is not written yet. Panes take keys by bindings alone, so theirs run here
        and now, and so do those of the lines one writes in, and those of forms: what is typed after tab is for the next
        field.
        """
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        self._make_way()
        focused = self.focused
        if focused is not None and (self._in_a_form() or isinstance(focused, Entry)):
            self._opening = None
            await self._type(focused, event)
        elif not isinstance(self.focused, Lines):
            self._opening = None
            await super().on_event(event)
        elif not await self._check_bindings(event.key, priority=True) and not self._meant_for_a_form():
            self.observatory.touch()
            before = set(self.workers)
            await self._check_bindings(event.key)
            begun = [worker for worker in self.workers if worker not in before and worker.group == "default"]
            if begun:
                self._opening = begun[-1], time.monotonic() + _OPENING_S

    def _in_a_form(self) -> bool:
        """Whether the screen is one whose fields get what is typed key by key."""
        return getattr(self.screen, "typed_in_turn", False)

    async def _type(self, field: Widget, event: events.Key) -> None:
        """A key for the line one writes in, or for what has the focus in a form."""
        self.observatory.touch()
        if await self._check_bindings(event.key, priority=True):
            return
        await field._on_key(event)
        if event._stop_propagation:
            return
        form, in_a_form = self.screen, self._in_a_form()
        await self._check_bindings(event.key)
        if in_a_form and event.key == "enter" and isinstance(field, Entry):
            # The form hears of it by a message that comes up to it, and goes on to the next field.
            for pump in (*field.ancestors_with_self[: field.ancestors_with_self.index(form)], form):
                await _in_time(pump)
        focused = self.focused
        if in_a_form and focused is not None and focused is not field and self.screen is form:
            # It selects what stands in it, which must not happen to what is typed next.
            await _in_time(focused)

    def _make_way(self) -> None:
        """A person waits for the answer to a key: what the engines do can wait."""
        for session in self.watched.sessions:
            session.pace.make_way()

    def _meant_for_a_form(self) -> bool:
        """Whether a form is about to open, so that what is typed must not be taken for commands."""
        if self._opening is None:
            return False
        worker, until = self._opening
        return not worker.is_finished and time.monotonic() < until

    async def on_mount(self) -> None:
        """Start looking."""
        # Not the default screen: that one cannot be exchanged for the observatory of another session.
        for session, deck in self._decks.items():
            self.install_screen(deck, _name(session))
        await self.push_screen(self.observatory)
        if self._frame_rate > 0:
            for session in self.watched.sessions:
                self._begin(session)
            self.call_after_refresh(_settle)

    def _begin(self, session: Session) -> None:
        """Watch a session, and keep where it is, for the next time one connects."""
        session.start()
        if session.kind == "live" and (url := bus_of(session)):
            self.remembered.keep_bus(without_login(url), session.namespace, session.wall())

    def on_unmount(self) -> None:
        """Close the recordings and the connections."""
        self.watched.reference.stop()
        for session in self.watched.sessions:
            session.stop()

    @on(Observatory.Chosen)
    async def _show_chosen(self, message: Observatory.Chosen) -> None:
        """Show another session beside those that are watched, or instead of one that never said anything."""
        session, before = message.session, self.session
        # What nobody is to see here nobody is to see in what is opened from here.
        session.redact(before.store.redaction)
        self._decks[session] = Observatory(session, self._view, self._frame_rate, watched=self.watched)
        self.install_screen(self._decks[session], _name(session))
        if self._frame_rate > 0:
            self._begin(session)
        if len(before.store) or before.status().state == "live":
            self.watched.add(session)
            await self.switch_screen(self.observatory)
        else:
            self.watched.replace(session)
            await self._leave(before)

    async def _leave(self, session: Session) -> None:
        """Show the present session, and end one that is watched no longer."""
        await self.switch_screen(self.observatory)
        deck = self._decks.pop(session)
        self.uninstall_screen(deck)
        await deck.remove()
        await asyncio.to_thread(session.stop)

    @on(Observatory.Turned)
    async def _turn_to(self, message: Observatory.Turned) -> None:
        """Show another one of those that are watched."""
        if self.watched.turn_to(message.place):
            await self.switch_screen(self.observatory)

    async def action_other(self, step: int) -> None:
        """Show the next one of those that are watched."""
        if len(self.watched.sessions) == 1:
            self.say("Nothing else is watched; C connects to another bus or opens a recording")
        elif self.watched.turn_to(self.watched.at + step):
            await self.switch_screen(self.observatory)

    async def action_detach(self) -> None:
        """Watch the present one no longer."""
        if len(self.watched.sessions) == 1:
            self.say("Nothing else is watched; q quits")
        else:
            self._unless_in_hand([self.session], partial(self.call_later, self._drop_present))

    async def _drop_present(self) -> None:
        dropped = self.watched.drop()
        if dropped is not None:
            await self._leave(dropped)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Notices stand on the keys line: a toast would cover what one reads, and would parse markup."""
        self.say(f"{title}: {message}" if title else message)

    def say(self, sentence: str) -> None:
        """Tell the person something, on the keys line. Bus text in it is made safe."""
        self.observatory.say(sentence)

    def go_to_trace(self, trace_id: str) -> None:
        """Show a trace."""
        self.observatory.stage.go("traces", "traces", trace_id)

    async def run_listed(self, entry: Action) -> None:
        """Do what the palette chose, where its key would do it."""
        await self.observatory.run_listed(entry)

    def action_command_palette(self) -> None:
        """Open the palette, unless it is."""
        if not isinstance(self.screen, CommandPalette):
            from cosmo_doppler.tui.palette import ObservatoryPalette

            self.push_screen(ObservatoryPalette(id="--command-palette"))

    def _handle_exception(self, error: Exception) -> None:
        # Whoever ends Doppler while a screen is put together takes away what it is put on: that is no failure.
        if not (self._exit and isinstance(error, MountError)):
            super()._handle_exception(error)

    def action_help_quit(self) -> None:
        """Ctrl-C ends Doppler, as it ends every other command. With text selected it copies that instead."""
        self.leave()

    async def action_quit(self) -> None:
        """End Doppler, once what was written before has been carried out."""
        for pump in (self.observatory.prompt, self.observatory):
            await _in_time(pump)
        self.leave()

    def leave(self) -> None:
        """End Doppler. With work of others in hand it asks first; asked to while it asks, it ends at once."""
        self._unless_in_hand(self.watched.sessions, self.exit)

    def _unless_in_hand(self, sessions: Sequence[Session], then: Callable[[], object]) -> None:
        """Do something that leaves buses, once it is clear that no work is left behind unawares."""
        if all(session.person is None and session.stepper is None for session in sessions):
            then()
            return
        from cosmo_doppler.tui.modals.leave import LeaveForm, leave_form

        form = leave_form(sessions)
        if form is None:
            then()
            return

        async def ask() -> None:
            if await self.push_screen_wait(form):
                then()

        if isinstance(self.screen, LeaveForm):
            then()
        else:
            begin(self, ask, group="leaving", exclusive=True)

    def action_all_go(self) -> None:
        """Let everything held go, on every bus, whatever is in front of it."""
        self.observatory.action_release_all()

    def action_light(self) -> None:
        """The other theme."""
        self.take_look(replace(self.look, theme="dark" if self.look.theme == "light" else "light"))
        self.observatory.repaint()


async def _in_time(pump: MessagePump) -> None:
    """Wait until everything that was said to a widget so far has been handled, but not for long."""
    handled = asyncio.Event()
    with suppress(TimeoutError):
        async with asyncio.timeout(_IN_TURN_S):
            if pump.call_later(handled.set):
                await handled.wait()


def _settle() -> None:
    """Put what lives long out of the collector's sight: its pauses would be the worst frames."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    gc.enable()


def _name(session: Session) -> str:
    """What Textual knows its screen by."""
    return f"session-{id(session)}"
