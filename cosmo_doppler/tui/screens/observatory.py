"""The one screen: a stage of panes over a session, the lines around them, and the pump that keeps both current."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from cosmo_doppler.errors import DopplerError
from cosmo_doppler.export import Selection
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.session import Session, SessionStatus, open_live, open_replay
from cosmo_doppler.tui import chrome, jumps, modals, words
from cosmo_doppler.tui.actions import Action, bindings_of
from cosmo_doppler.tui.commands import completions, run_command
from cosmo_doppler.tui.fault_list import FaultList
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look, LookedApp, look_of
from cosmo_doppler.tui.panes.registry import heard_of
from cosmo_doppler.tui.placard import placard
from cosmo_doppler.tui.safe import hidden_characters, safe
from cosmo_doppler.tui.scene import TIMES, Scene
from cosmo_doppler.tui.screens.help import HelpScreen
from cosmo_doppler.tui.screens.stage import Stage
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.oneline import Centred, OneLine
from cosmo_doppler.tui.widgets.prompt import Prompt
from cosmo_doppler.tui.widgets.source import Glance

PLACARD_HINTS = ("connect", "offer", "command_palette", "help", "leave")
"""Actions the footer offers while there is nothing to look at."""

REPLAY_HINTS = ("pause", "step(-1)", "step(1)", "round(1)", "slower", "faster", "help")
"""Actions the footer offers on a recording, after the first one of the focused pane."""

NOTICE_S = 6.0
"""How long a sentence stands in the keys line."""


class Observatory(Screen[None]):
    """A session on the screen."""

    # The stage gives the focus, to the pane of the view.
    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS = bindings_of("screen")
    DEFAULT_CSS = """
    Observatory { layout: vertical; background: $background; }
    Observatory #tabs { margin-bottom: 1; }
    Observatory #placard { width: 100%; height: 100%; }
    """

    class Chosen(Message):
        """A person wants to see another session."""

        def __init__(self, session: Session) -> None:
            super().__init__()
            self.session = session

    def __init__(self, session: Session, view: View, frame_rate: float, select: str | None = None) -> None:
        super().__init__()
        self.session = session
        self.scene = Scene(session)
        self.cover = Centred(self._placard, id="placard")
        self.stage = Stage(self.scene, view, self.cover)
        self._replay = OneLine(self._replay_line, id="replay")
        self._keys = OneLine(self._keys_line, id="keys", raised=True)
        self.prompt = Prompt(id="prompt")
        self._lines = (
            OneLine(self._status_line, id="status", raised=True),
            OneLine(self._tabs_line, id="tabs"),
            self._replay,
            self._keys,
        )
        self._frame_rate = frame_rate
        self._select = select
        self._status: SessionStatus = session.status()
        self._board = session.timeline.board
        self._tabs: list[chrome.Tab] = []
        self._track = chrome.Track(0, 1)
        self._faults = FaultList(self.scene)
        self._fault: object = None
        """The fault one went to last."""
        self._notice = ""
        self._notice_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Status, tabs, panes, replay position, keys."""
        status, tabs, replay, keys = self._lines
        yield from (status, tabs, self.stage, replay, self.prompt, keys)

    def on_mount(self) -> None:
        """Start looking."""
        self.turn()
        if self._frame_rate > 0:
            self.set_interval(1 / self._frame_rate, self.turn)

    # The pump

    def turn(self) -> None:
        """One look at the session: repaint what changed, and nothing else."""
        session = self.session
        if self._frame_rate <= 0:
            session.pump()
        with session.lock:
            self._status = session.status()
            board = session.timeline.board
            changes: Changes = board.take_changes()
            if board is not self._board:
                self._board, changes.reset = board, True
            self._find_selected()
            self.stage.take(changes)
            self._renew_lines()

    def _find_selected(self) -> None:
        """Go to what was asked for at the start, once it is known."""
        if self._select is None:
            return
        board = self.scene.board
        trace_id = next((key for key in reversed(board.trace_order) if key.endswith(self._select)), None)
        offer_id = next((key for key in reversed(board.auction_order) if key.endswith(self._select)), None)
        if self.stage.view == "auctions" and offer_id is not None:
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
        self.cover.display = self.cover.renew()
        self._keys.display = not self.prompt.asking
        for line in self._lines:
            line.renew()

    # Lines

    def _status_line(self, width: int, ink: Ink) -> chrome.Line:
        with self.session.lock:
            return chrome.status_line(self.session, self._status, width, ink)

    def _tabs_line(self, width: int, ink: Ink) -> chrome.Line:
        with self.session.lock:
            board = self.scene.board
            waiting = sum(request.state == "open" for request in board.requests.values())
            heard, known = heard_of(self.scene)
            wrong = board.faults.counts
            notes: dict[View, tuple[str, Style]] = {
                "traces": (_some(len(board.trace_order)), ink.dim),
                "auctions": (_some(len(board.auction_order)), ink.dim),
                "registry": (f"{heard}/{known}" if known else "", ink.dim),
                "inbox": (_some(waiting), ink.people),
                "signals": (_some(self.session.timeline.position), ink.dim),
                "faults": (
                    _some(wrong["error"] + wrong["warning"]),
                    ink.failure if wrong["error"] else ink.plain,
                ),
                "metrics": ("", ink.dim),
                "topology": ("", ink.dim),
            }
        line, self._tabs = chrome.tabs_line(self.stage.view, notes, width, ink)
        return line

    def _replay_line(self, width: int, ink: Ink) -> chrome.Line:
        with self.session.lock:
            line, self._track = chrome.replay_line(self.session, self._status, width, ink)
        return line

    def _keys_line(self, width: int, ink: Ink) -> chrome.Line:
        if self._notice:
            return chrome.notice_line(self._notice, ink)
        hints = self.stage.panes[self.stage.focused].source.hints
        if self.cover.display:
            hints = PLACARD_HINTS
        elif self.session.kind == "replay":
            hints = (hints[0], *REPLAY_HINTS)
        return chrome.keys_line(hints, width, ink, look_of(self.app).keymap)

    def _placard(self, ink: Ink) -> list[Cell]:
        with self.session.lock:
            return placard(self.session, self._status, ink)

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

    @on(OneLine.Pressed, "#tabs")
    def _tab_pressed(self, message: OneLine.Pressed) -> None:
        for tab in self._tabs:
            if tab.start <= message.cell < tab.end:
                self.stage.show(tab.view)

    @on(OneLine.Pressed, "#replay")
    def _track_pressed(self, message: OneLine.Pressed) -> None:
        place = (message.cell - self._track.start) / max(1, self._track.width - 1)
        if 0 <= place <= 1:
            with self.session.lock:
                timeline = self.session.timeline
                timeline.seek_time(timeline.start_at + place * (timeline.end_at - timeline.start_at))

    def on_resize(self, event: events.Resize) -> None:
        """Small terminals lose the empty lines first."""
        _, tabs, replay, _ = self._lines
        tabs.styles.margin = (0, 0, int(event.size.height >= 20), 0)
        replay.styles.margin = (int(event.size.height >= 30), 0, 0, 0)

    # Look and move

    def action_view(self, view: View) -> None:
        """Show a view."""
        self.stage.show(view)

    def action_command(self) -> None:
        """A line of words instead of keys."""
        self.prompt.ask(":", hint="trace, seek, open, bus ... tab completes", completer=self._completions)

    def _completions(self, line: str) -> list[str]:
        with self.session.lock:
            return completions(self.scene, line)

    @on(Prompt.Written)
    def _written(self, message: Prompt.Written) -> None:
        """Carry out what was written; what cannot be meant stays to be put right."""
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
            self.say("Nothing on this screen has a time axis" if how != "next" else "There is one view of this")

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
        """One step back."""
        self.stage.back()

    def action_next_pane(self) -> None:
        """Next pane."""
        self.stage.next_pane(1)

    def action_previous_pane(self) -> None:
        """Previous pane."""
        self.stage.next_pane(-1)

    def action_help(self) -> None:
        """Every key."""
        self.app.push_screen(HelpScreen(look_of(self.app).keymap))

    def action_leave(self) -> None:
        """Back, and out when there is no back."""
        if self.stage.alone is None or not self.stage.back():
            self.app.exit()

    # From a signal

    def action_jump_trace(self) -> None:
        """To its trace."""
        with self.session.lock:
            trace_id = jumps.trace_of(self.scene)
            node = jumps.node_shown(self.scene)
        if trace_id is None:
            self.say("This signal belongs to no trace: it announces or discovers somebody")
            return
        self.stage.go("traces", "traces", trace_id)
        if node is not None:
            self.stage.go("traces", "pathway", node.seq)

    def action_jump_auction(self) -> None:
        """To its auction."""
        with self.session.lock:
            offer_id = jumps.auction_of(self.scene)
        if offer_id is None:
            self.say("No auction in this trace")
            return
        self.stage.go("auctions", "auctions", offer_id)

    def action_jump_parent(self) -> None:
        """To what caused it."""
        with self.session.lock:
            parent = jumps.parent_of(self.scene)
        if parent is None:
            self.say("Nothing seen here caused this signal")
            return
        self.stage.go("traces", "traces", parent.trace_id)
        self.stage.go("traces", "pathway", parent.seq)

    def action_fault(self, step: int) -> None:
        """To the next fault, or the one before."""
        with self.session.lock:
            if self.stage.view == "faults":
                self._fault = self.stage.panes["faults"].cursor
            found = self._faults.after(self._fault, step)
        if found is None:
            self.say(f"No {'later' if step > 0 else 'earlier'} fault")
        elif self.stage.view == "faults":
            self.stage.go("faults", "faults", found)
        else:
            self._go_to_fault(found)

    @on(Stage.Sought)
    def _sought(self, message: Stage.Sought) -> None:
        self._go_to_fault(message.fault)

    def _go_to_fault(self, id: object) -> None:
        with self.session.lock:
            fault = self._faults.get(id)
            place = self._faults.place(fault) if fault is not None else None
            trace_id = fault.trace_id if fault is not None else ""
        self._fault = id
        if fault is None or place is None:
            self.say("Nothing of that fault is left to look at")
            return
        view, pane, key = place
        if view == "traces":
            self.stage.go("traces", "traces", trace_id)
        self.stage.go(view, pane, key)
        self.say(f"{fault.kind}: {fault.sentence}")

    def action_copy(self) -> None:
        """The whole signal as it arrived."""
        with self.session.lock:
            seen = self.scene.observed(self.scene.seq)
            frame = self.session.store.frame(seen.seq) if seen is not None else b""
        if not frame:
            self.say("Select a signal first; y copies it")
            return
        text = frame.decode("utf-8", "replace")
        self.app.copy_to_clipboard(text)
        hidden = hidden_characters(text)
        warning = f", {words.many(hidden, 'hidden character')} in it" if hidden else ""
        self.say(f"Copied {words.size(len(frame))} of JSON{warning}")

    def action_export(self) -> None:
        """A part of what is seen, into a file."""
        scene = self.scene
        with self.session.lock:
            known = Selection(
                scene.trace_id if scene.trace is not None else None,
                scene.offer_id if scene.auction is not None else None,
            )
        self.run_worker(modals.export_selection(self.app, self.session, known), exclusive=True)

    # Time

    def action_pause(self) -> None:
        """Pause and go on."""
        with self.session.lock:
            self.session.timeline.toggle()
        self._shift()

    def action_step(self, count: int) -> None:
        """One signal forward or back."""
        with self.session.lock:
            self.session.timeline.step(count)
        self._shift()

    def action_slower(self) -> None:
        """Replay slower."""
        with self.session.lock:
            self.session.timeline.slower()
        self._shift()

    def action_faster(self) -> None:
        """Replay faster."""
        with self.session.lock:
            self.session.timeline.faster()
        self._shift()

    def action_to_start(self) -> None:
        """Before the first signal."""
        with self.session.lock:
            self.session.timeline.to_start()
        self._shift()

    def action_to_end(self) -> None:
        """Everything there is; live stays there."""
        with self.session.lock:
            self.session.timeline.to_end()
        self._shift()

    def action_round(self, step: int) -> None:
        """Move the playhead to where the next or the previous auction or trace opens."""
        kind: jumps.RoundKind = "auctions" if self.stage.view == "auctions" else "traces"
        find = jumps.next_round if step > 0 else jumps.previous_round
        with self.session.lock:
            found = find(self.session, kind)
            if found is not None:
                self.session.timeline.seek(found[0] + 1)
        if found is None:
            self.say(f"No {'later' if step > 0 else 'earlier'} {kind[:-1]} here")
            return
        self.stage.go(kind, kind, found[1])
        self._shift()

    def _shift(self) -> None:
        """What the timeline was told shows at once."""
        self.turn()

    # Act

    def _may_act(self) -> bool:
        """Whether signals may be sent; says why not."""
        if self.session.read_only_reason:
            self.say(self.session.read_only_reason)
            return False
        return True

    def action_offer(self) -> None:
        """Compose an offer."""
        if self._may_act():
            self.run_worker(modals.compose_offer(self.app, self.session, on_sent=self._watch), exclusive=True)

    def action_stop_trace(self) -> None:
        """Confirm a STOP."""
        if not self._may_act():
            return
        if self.scene.trace_id is None:
            self.say("Select the trace to stop first")
            return
        self.run_worker(modals.confirm_stop(self.app, self.session, self.scene.trace_id), exclusive=True)

    def action_answer(self) -> None:
        """Answer the selected or the oldest open question."""
        if not self._may_act():
            return
        with self.session.lock:
            request_id = jumps.request_of(self.scene)
        self.run_worker(modals.answer_request(self.app, self.session, request_id), exclusive=True)

    def action_connect(self) -> None:
        """Somewhere else."""
        self.run_worker(self._connect(), exclusive=True)

    async def _connect(self) -> None:
        choice = await modals.connect(self.app)
        if choice is None:
            return
        try:
            session = session_for(choice)
        except DopplerError as error:
            self.say(str(error))
            return
        self.post_message(self.Chosen(session))

    def _watch(self, trace_id: str) -> None:
        """Go to a trace a person started, as soon as it is seen."""
        self.stage.go("traces", "traces", trace_id)


def session_for(choice: modals.ConnectChoice) -> Session:
    """The session a person chose, not started yet.

    Raises:
        DopplerError: a namespace or a recording that cannot be meant.
    """
    if choice.place == "demo":
        from cosmo_doppler.demo import open_demo

        return open_demo()
    if choice.place == "recording" and choice.path is not None:
        return open_replay(choice.path)
    return open_live(choice.url, choice.namespace)


def _some(number: int) -> str:
    return words.count(number) if number else ""
