"""From a signal to what belongs to it, or out of Doppler."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on

from cosmo_doppler.errors import DopplerError, ExportError
from cosmo_doppler.tui import jumps, words
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.fault_list import FaultList
from cosmo_doppler.tui.safe import hidden_characters
from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.screens.stage import Stage
from cosmo_doppler.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from cosmo_doppler.tui.modals.export import Kind

SURELY_COPIED = 700_000
"""Bytes that terminals put into the clipboard: tmux throws away what is longer than 1 MiB when encoded."""

MOST_COPIED = 8_000_000
"""Bytes beyond which a terminal would only be kept busy."""


class JumpActions(Deck):
    """Jump, copy, export."""

    _faults: FaultList
    _fault: object
    """Id of the fault one last went to."""

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

    def action_jump_participant(self) -> None:
        """To who it names."""
        with self.session.lock:
            seen = self.scene.observed(self.scene.seq)
            who = seen.header.who if seen is not None else ""
            known = who in self.scene.board.roster
        if not who:
            self.say("This signal names nobody" if seen is not None else "Select a signal first")
        elif not known:
            self.say(f"{who} has not announced itself here")
        else:
            self.stage.go("registry", "registry", who)

    def action_copy(self) -> None:
        """The value under the cursor; where there is none, the whole signal."""
        pane = self.stage.panes[self.stage.focused]
        with self.session.lock:
            text = pane.source.copied(pane.cursor)
        if text:
            self._copy(text, "")
        else:
            self.action_copy_signal()

    def action_copy_signal(self) -> None:
        """The whole signal as it arrived."""
        frame = self._frame()
        if not frame:
            self.say("Select a signal first; Y copies it")
            return
        self._copy(frame.decode("utf-8", "replace"), " of JSON")

    def _frame(self) -> bytes:
        with self.session.lock:
            seen = self.scene.observed(self.scene.seq)
            return self.session.store.frame(seen.seq) if seen is not None else b""

    def _copy(self, text: str, kind: str) -> None:
        length = len(text.encode("utf-8", "replace"))
        if length > MOST_COPIED:
            self.say(
                f"{words.size(length)} is more than any clipboard takes; o opens it, x writes it to a file"
            )
            return
        self.app.copy_to_clipboard(text)
        hidden = hidden_characters(text)
        warning = f", {words.many(hidden, 'hidden character')} in it" if hidden else ""
        doubt = "; many terminals take less, o opens it" if length > SURELY_COPIED else ""
        self.say(f"Copied {words.size(length)}{kind}{warning}{doubt}")

    def action_page(self) -> None:
        """The whole payload, escaped, in another program."""
        frame = self._frame()
        if not frame:
            self.say("Select a signal first; o opens its payload")
            return
        from cosmo_doppler.tui.outside import show_outside

        try:
            show_outside(self.app, frame)
        except DopplerError as error:
            self.say(str(error))

    def action_mark(self) -> None:
        """Ask for a note; a signal that is marked already shows it, and an empty one takes the mark away."""
        seq = self.scene.seq
        with self.session.lock:
            seen = self.scene.observed(seq)
            mark = self.session.marks.get(seq) if seq is not None else None
        if seen is None or seq is None:
            self.say("Select a signal first; m marks it")
            return
        if mark is None:
            self._put_mark(seq, "")
        hint = "a note, or nothing; - takes the mark away"
        self.prompt.ask("note ", hint=hint, value=mark.note if mark is not None else "")

    @on(Prompt.Written)
    def _noted(self, message: Prompt.Written) -> None:
        seq = self.scene.seq
        if message.sign != "note " or seq is None:
            return
        message.stop()
        self.prompt.close()
        if message.text == "-":
            with self.session.lock:
                self.session.marks.remove(seq)
            self._redraw_marks()
            self.say("The mark is gone")
        else:
            self._put_mark(seq, message.text)

    def _put_mark(self, seq: int, note: str) -> None:
        marks = self.session.marks
        told = f"Marked: {note}" if note else "Marked; u and U go from mark to mark"
        try:
            with self.session.lock:
                marks.put(seq, note)
        except ExportError as error:
            told = str(error)
        self._redraw_marks()
        self.say(marks.problem or told)

    def _redraw_marks(self) -> None:
        self.stage.panes["signals"].forget()

    def action_marked(self, step: int) -> None:
        """To the next mark, or the one before; a replay goes to its time."""
        timeline = self.session.timeline
        with self.session.lock:
            here = self.scene.seq if self.scene.seq is not None else (-1 if step > 0 else timeline.position)
            mark = self.session.marks.after(here, step)
            if mark is not None and mark.seq >= timeline.position:
                timeline.seek(mark.seq + 1)
        if mark is None:
            self.say(f"No {'later' if step > 0 else 'earlier'} mark; m marks a signal")
            return
        self.turn()
        self.stage.go("signals", "signals", mark.seq)
        with self.session.lock:
            same = self.session.marks.is_of(mark)
        doubt = "" if same else "another signal was marked here: "
        self.say(f"{doubt}{mark.note or 'marked, without a note'}")

    def action_export(self) -> None:
        """A part of what is seen, into a file."""
        self.export_as(None)

    def export_as(self, kind: Kind | None) -> None:
        """A part of what is seen, into a file of that kind to begin with."""
        from cosmo_doppler.export import Selection
        from cosmo_doppler.tui.modals.exporting import export_selection

        scene = self.scene
        with self.session.lock:
            known = Selection(
                scene.trace_id if scene.trace is not None else None,
                scene.offer_id if scene.auction is not None else None,
            )
        form = partial(
            export_selection,
            self.app,
            self.session,
            known,
            auctions_first=self.stage.view == "auctions",
            kind=kind,
        )
        begin(self, form, exclusive=True)
