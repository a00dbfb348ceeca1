"""The one screen: a stage of panes over a session, the lines around them, and the pump that keeps both current."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.timer import Timer

from cosmo_doppler.errors import DopplerError
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.session import Session, SessionStatus
from cosmo_doppler.tui import chrome, words
from cosmo_doppler.tui.actions import Action, action, bindings_of
from cosmo_doppler.tui.commands import completions, run_command
from cosmo_doppler.tui.fault_list import FaultList
from cosmo_doppler.tui.held_line import held_line
from cosmo_doppler.tui.holding import HOLD_KEYS, why_not
from cosmo_doppler.tui.jumps import object_of
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look, LookedApp, look_of
from cosmo_doppler.tui.panes.registry import heard_of
from cosmo_doppler.tui.placard import placard
from cosmo_doppler.tui.pulse import Pulse, Share
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import TIMES, Scene
from cosmo_doppler.tui.screens.acting import ActActions
from cosmo_doppler.tui.screens.alerting import AlertActions
from cosmo_doppler.tui.screens.arranging import ArrangeActions
from cosmo_doppler.tui.screens.canvas import Canvas
from cosmo_doppler.tui.screens.comparing import CompareActions
from cosmo_doppler.tui.screens.ending import EndActions
from cosmo_doppler.tui.screens.jumping import JumpActions
from cosmo_doppler.tui.screens.listing import ListActions
from cosmo_doppler.tui.screens.narrowing import FilterActions
from cosmo_doppler.tui.screens.pressing import PressActions
from cosmo_doppler.tui.screens.recording import RecordActions
from cosmo_doppler.tui.screens.stage import Stage
from cosmo_doppler.tui.screens.stepping import StepActions
from cosmo_doppler.tui.screens.supposing import WhatIfActions
from cosmo_doppler.tui.screens.timing import TimeActions
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.watched import Watched, watched_line
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.filter_bar import FilterBar
from cosmo_doppler.tui.widgets.oneline import Centred, OneLine
from cosmo_doppler.tui.widgets.prompt import Prompt
from cosmo_doppler.tui.widgets.source import Glance

if TYPE_CHECKING:
    from cosmo_doppler.stepping.book import Countdown

PLACARD_HINTS = ("connect", "offer", "command_palette", "help", "leave")
"""Actions the footer offers while there is nothing to look at."""

FILTER_S = 0.006
"""How long each turn looks for what the filter means: what is left of a frame belongs to painting and ingest."""

CALM_S = 0.2
"""How often everything is looked at while nothing happens, seconds: ages and countdowns go on."""

NOTICE_S = 6.0
"""How long a sentence stands in the keys line."""


class Observatory(
    JumpActions,
    CompareActions,
    FilterActions,
    TimeActions,
    WhatIfActions,
    StepActions,
    ArrangeActions,
    RecordActions,
    AlertActions,
    ListActions,
    EndActions,
    PressActions,
    ActActions,
    Canvas,
):
    """A session on the screen."""

    # The stage gives the focus, to the pane of the view.
    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS = bindings_of("screen")
    DEFAULT_CSS = """
    Observatory { layout: vertical; background: $background; }
    Observatory #tabs { margin-bottom: 1; }
    Observatory #placard { width: 100%; height: 100%; }
    """

    def __init__(
        self,
        session: Session,
        view: View,
        frame_rate: float,
        select: str | None = None,
        wanted: str = "",
        watched: Watched | None = None,
    ) -> None:
        super().__init__()
        self.watched = watched or Watched(session)
        self._buses = OneLine(self._buses_line, id="watched", raised=True)
        self._strip = OneLine(self._held_line, id="strip", raised=True)
        self.session = session
        self.scene = Scene(session, self.watched.reference)
        self.cover = Centred(self._placard, id="placard")
        self.stage = Stage(self.scene, view, self.cover)
        self._replay = OneLine(self._replay_line, id="replay")
        self._keys = OneLine(self._keys_line, id="keys", raised=True)
        self.prompt = Prompt(id="prompt", over=self._keys)
        self.filter_bar = FilterBar(self.completions_of_filter, id="filter")
        self._lines = (
            OneLine(self._status_line, id="status", raised=True),
            OneLine(self._tabs_line, id="tabs"),
            self._replay,
            self._keys,
        )
        self._frame_rate = frame_rate
        self._select = select
        self._first_filter = wanted
        self._status: SessionStatus = session.status()
        self._board = session.timeline.board
        self._faults = FaultList(self.scene)
        self._fault: object = None
        """The fault one went to last."""
        self._notice = ""
        self._notice_timer: Timer | None = None
        self._seen: object = None
        """What there was to see at the last turn."""
        self._turned_at = 0.0
        """When that was, on `time.perf_counter()`."""
        self._touched = False
        """Whether a person did something since."""
        self._share = Share()

    def compose(self) -> ComposeResult:
        """Status, tabs, panes, replay position, keys."""
        status, tabs, replay, keys = self._lines
        yield from (
            status,
            self._strip,
            self._buses,
            tabs,
            self.filter_bar,
            self.stage,
            replay,
            self.prompt,
            keys,
        )

    def on_mount(self) -> None:
        """Start looking."""
        self.narrow(self._first_filter)
        if self._frame_rate > 0:
            self.scene.pulse = Pulse()
            self.set_interval(1 / self._frame_rate, self.glance)

    def touch(self) -> None:
        """A person did something: look again soon."""
        self._touched = True

    def _forward_event(self, event: events.Event) -> None:
        self.touch()
        super()._forward_event(event)

    # The pump

    def glance(self) -> None:
        """A turn, if something may have happened; else only now and then, so that a quiet screen costs little."""
        session = self.session
        timeline = session.timeline
        seen = (session, timeline.board, timeline.position, len(session.store))
        busy = timeline.seeking is not None or self.scene.filtering.busy or self.scene.against.busy
        if (
            seen == self._seen
            and not (self._touched or busy)
            and time.perf_counter() < self._turned_at + CALM_S
        ):
            return
        if self.app._batch_count or not (self._touched or self._share.allows(session.lags)):
            return
        self._share.looked()
        self._seen, self._touched = seen, False
        self.turn()

    def turn(self) -> None:
        """One look at the session: repaint what changed, and nothing else."""
        self._turned_at = time.perf_counter()
        self.watch_alerts()
        if self.watched.present is not self.session:
            return
        session, began = self.session, time.perf_counter()
        if self._frame_rate <= 0:
            session.pump()
        with session.lock:
            self._status = session.status()
            board = session.timeline.board
            changes: Changes = board.take_changes()
            if board is not self._board:
                self._board, changes.reset = board, True
            self._find_selected()
            self.find_started()
            self.tell_of_breaks()
            self.hear()
            self.scene.against.turn(board, hurry=self._frame_rate > 0)
            self.scene.filtering.turn(FILTER_S if self._frame_rate > 0 else float("inf"))
            self.stage.take(changes)
            self._renew_lines()
        if self.scene.pulse is not None and changes:
            self.call_after_refresh(self.scene.pulse.painted, began)

    def _find_selected(self) -> None:
        """Go to what was asked for at the start, once it is known."""
        if self._select is None:
            return
        board = self.scene.board
        trace_id = next((key for key in reversed(board.trace_order) if key.endswith(self._select)), None)
        offer_id = next((key for key in reversed(board.auction_order) if key.endswith(self._select)), None)
        if self.stage.view == "coordination" and (key := board.coordination.named(self._select)) is not None:
            self.stage.go("coordination", "coordination", key)
        elif self.stage.view == "auctions" and offer_id is not None:
            self.stage.go("auctions", "auctions", offer_id)
        elif trace_id is not None:
            self.stage.go("traces", "traces", trace_id)
        else:
            return
        self._select = None

    def repaint(self) -> None:
        """The theme changed: draw everything again."""
        for pane in self.stage.panes.values():
            pane.forget()
        for line in self._lines:
            line.refresh()
        self.cover.refresh()

    def _renew_lines(self) -> None:
        self._replay.display = self.session.kind == "replay" or not self.session.timeline.following
        self.cover.display = self.cover.look_again()
        if self.cover.display and self._status.state == "live":
            self.ask_elsewhere()
        self._buses.display = len(self.watched.sessions) > 1
        self._buses.renew()
        self._strip.display = self._held() is not None
        self._strip.renew()
        self.filter_bar.renew(self.filter_state())
        self._space()
        for line in self._lines:
            line.renew()

    # Lines

    def _status_line(self, width: int, ink: Ink) -> chrome.Line:
        with self.session.lock:
            return chrome.status_line(self.session, self._status, width, ink)

    def _tabs_line(self, width: int, ink: Ink) -> chrome.Line:
        with self.session.lock:
            board = self.scene.board
            heard, known = heard_of(self.scene)
            wrong = self._faults.counts()
            notes: dict[View, tuple[str, Style]] = {
                "traces": (_some(len(board.trace_order)), ink.dim),
                "auctions": (_some(len(board.auction_order)), ink.dim),
                "registry": (f"{heard}/{known}" if known else "", ink.dim),
                "inbox": (_some(len(board.waiting)), ink.people),
                "signals": (_some(self.session.timeline.position), ink.dim),
                "faults": (
                    _some(wrong.get("error", 0) + wrong.get("warning", 0)),
                    ink.failure if wrong.get("error") else ink.plain,
                ),
                "metrics": ("", ink.dim),
                "topology": ("", ink.dim),
            }
            if len(board.coordination) or self.stage.view == "coordination":
                notes["coordination"] = (_some(len(board.coordination)), ink.dim)
        line, self._tabs = chrome.tabs_line(self.stage.view, notes, width, ink)
        return line

    def _buses_line(self, width: int, ink: Ink) -> chrome.Line:
        line, self._berths = watched_line(self.watched, width, ink)
        return line

    def _held(self) -> tuple[Session, Countdown] | None:
        """What is held on the bus on the screen, or else on another one that is watched."""
        for session in (self.session, *self.watched.sessions):
            with session.lock:
                countdown = session.stepper.book.countdown() if session.stepper is not None else None
            if countdown is not None:
                return session, countdown
        return None

    def _held_line(self, width: int, ink: Ink) -> chrome.Line:
        found = self._held()
        if found is None:
            return []
        session, countdown = found
        where = "" if session is self.session else session.title
        keymap = look_of(self.app).keymap
        keys = [keymap.shown(action(name)) for name in ("release_all", "view('held')")]
        return held_line(countdown, session.wall(), keys[0], keys[1], width, ink, where)

    def _replay_line(self, width: int, ink: Ink) -> chrome.Line:
        with self.session.lock:
            line, self._track = chrome.replay_line(self.session, self._status, width, ink)
        return line

    def _keys_line(self, width: int, ink: Ink) -> chrome.Line:
        if self._notice:
            self._key_places = ()
            return chrome.notice_line(self._notice, ink)
        hints = self._hints
        if self.cover.display:
            hints = PLACARD_HINTS
        elif self.session.kind == "replay":
            hints = chrome.replay_hints([name for name in hints if name not in HOLD_KEYS])
        with self.session.lock:
            off = HOLD_KEYS if why_not(self.scene) else ()
        line, self._key_places = chrome.keys_line(hints, width, ink, look_of(self.app).keymap, off)
        return line

    @property
    def _hints(self) -> Sequence[str]:
        """What the focused pane is good for."""
        return self.stage.panes[self.stage.focused].source.hints

    def _placard(self, ink: Ink) -> list[Cell]:
        with self.session.lock:
            return placard(self.session, self._status, ink, self.elsewhere)

    def say(self, sentence: str) -> None:
        """Tell the person something, where the keys stand, for a few seconds. Bus text in it is made safe here."""
        self._notice = safe(sentence, 400)
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self._notice_timer = self.set_timer(NOTICE_S, self._unsay)
        self._keys.renew()

    def _unsay(self) -> None:
        self._notice = ""
        self._keys.renew()

    @on(Stage.Focused)
    def _refocused(self) -> None:
        for line in self._lines:
            line.renew()

    @on(Stage.Told)
    def _line_told(self, message: Stage.Told) -> None:
        self.say(message.sentence or "Nothing is behind this line")

    def on_screen_resume(self) -> None:
        """Show what came while another session was on the screen."""
        self.turn()

    def on_resize(self, event: events.Resize) -> None:
        """Small terminals lose the empty lines first."""
        _, _, replay, _ = self._lines
        self._space()
        replay.styles.margin = (int(event.size.height >= 30), 0, 0, 0)

    def _space(self) -> None:
        """One empty line between what is above the panes and the panes."""
        _, tabs, _, _ = self._lines
        room = self.size.height >= 20
        tabs.styles.margin = (0, 0, int(room and not self.filter_bar.display), 0)
        self.filter_bar.set_class(room, "roomy")

    # Look and move

    def action_view(self, view: View) -> None:
        """Show a view; coordination at what the selected signal tells of."""
        key = None
        if view == "coordination" and self.stage.view != view:
            with self.session.lock:
                key = object_of(self.scene)
        self.stage.show(view)
        if key is not None:
            self.stage.go("coordination", "coordination", key)

    def action_command(self) -> None:
        """A line of words instead of keys."""
        self.begin_command("")

    def begin_command(self, line: str) -> None:
        """A line of words that begins so."""
        hint = "trace, seek, open, bus ... tab completes"
        self.prompt.ask(":", hint=hint, value=line, completer=self._completions)

    def _completions(self, line: str) -> list[str]:
        with self.session.lock:
            return completions(self.scene, line)

    @on(Prompt.Written)
    def _written(self, message: Prompt.Written) -> None:
        """Carry out what was written; what cannot be meant stays to be put right."""
        if message.sign != ":":
            return
        message.stop()
        if not message.text:
            self.prompt.close()
            return
        try:
            run_command(self, message.text)
        except DopplerError as error:
            self.prompt.refuse(str(error))
        else:
            self.prompt.close()

    def take_look(self, look: Look) -> None:
        """Change theme, signs and keys."""
        if isinstance(self.app, LookedApp):
            self.app.take_look(look)
        self.repaint()

    async def run_listed(self, entry: Action) -> None:
        """Do what an action of the table says, where its key would do it."""
        where = {"pane": self.stage.panes[self.stage.focused], "screen": self, "app": self.app}
        await self.app.run_action(entry.name, where[entry.place])

    def action_zoom(self) -> None:
        """Zoom the focused pane."""
        self.stage.zoom()

    def action_look(self, how: Glance) -> None:
        """Another way to show the same, or another stretch of its time."""
        if not self.stage.look(how):
            self.say(
                "Nothing on this screen has a time axis" if how != "next" else "There is one view of this"
            )

    def action_times(self) -> None:
        """Moments are told in the next way."""
        scene = self.scene
        scene.times = TIMES[(TIMES.index(scene.times) + 1) % len(TIMES)]
        self.stage.repaint()
        self.say(f"Times: {scene.times}{' (UTC)' if scene.times == 'absolute' else ''}")

    def action_describe(self) -> None:
        """The selected signal, whole."""
        self.stage.describe()

    def action_back(self) -> None:
        """One step back; where there is none, clear the filter."""
        if not self.stage.back():
            self.clear_filter()

    def action_next_pane(self) -> None:
        """Next pane."""
        self.stage.next_pane(1)

    def action_previous_pane(self) -> None:
        """Previous pane."""
        self.stage.next_pane(-1)

    def action_help(self) -> None:
        """Every key."""
        from cosmo_doppler.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(look_of(self.app).keymap, self._hints, self.stage.focused))

    def action_leave(self) -> None:
        """Back, and out when there is no back."""
        if self.stage.alone is None or not self.stage.back():
            self.call_later(self.app.action_quit)


def _some(number: int) -> str:
    return words.count(number) if number else ""
