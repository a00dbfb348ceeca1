"""What everything is held against: a trace or an auction under the cursor, or a recording."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from cosmo_doppler.model.baseline import Baseline
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.tui.layout import Pane
from cosmo_doppler.tui.safe import short_id
from cosmo_doppler.tui.screens.deck import Deck

OFF = "off"
"""What is written for no baseline."""

THIS = "this"
"""What is written for the recording on the screen."""

_OF_ALL: frozenset[Pane] = frozenset({"metrics", "topology"})
"""Panes that are about no single trace."""


@runtime_checkable
class OfFiles(Protocol):
    """A source that reads recordings."""

    @property
    def paths(self) -> Sequence[Path]:
        """The files."""
        ...


class BaselineActions(Deck):
    """Set the baseline, and take it away."""

    def action_baseline(self) -> None:
        """Hold others against what the cursor is on, or against all of a recording where figures are shown.

        Where there is a baseline already, take it away.
        """
        against = self.scene.against
        focused = self.stage.focused
        if against.reference.name:
            self.use_baseline(OFF)
        elif focused in _OF_ALL:
            self._use_this()
        else:
            self._use_cursor(focused)

    def _use_cursor(self, focused: Pane) -> None:
        with self.session.lock:
            board, baseline = self.scene.board, None
            # The cursor counts: what is selected follows it a moment later.
            cursor = self.stage.panes[focused].cursor
            auction = board.auctions.get(str(cursor)) or self.scene.auction
            trace = self._trace_under(focused, cursor)
            if focused in ("auctions", "bids") and auction is not None:
                noun, baseline = "auction", Baseline.of_auction(auction, board)
            elif trace is not None:
                noun, baseline = "trace", Baseline.of_trace(trace, board)
        if baseline is None:
            self.say(
                "This belongs to no trace; select one, or an auction, to hold others against; "
                ":baseline takes a recording"
            )
            return
        self.scene.against.reference.take(baseline)
        self.turn()
        self.say(f"Others of its kind are held against {noun} {short_id(baseline.name)}")

    def _trace_under(self, focused: Pane, cursor: Hashable | None) -> Trace | None:
        """The trace the cursor of a pane is on, or in."""
        traces = self.scene.board.traces
        if focused in ("traces", "registry") or cursor is None:
            return traces.get(str(cursor)) or self.scene.trace
        seen = self.scene.observed(self.stage.panes[focused].source.sequence(cursor))
        return self.scene.trace if seen is None else traces.get(seen.header.trace_id)

    def _use_this(self) -> None:
        """Hold everything against all of the recording on the screen, or the one that is being made."""
        session = self.session
        if isinstance(session.source, OfFiles):
            paths = list(session.source.paths)
        else:
            paths = [] if session.recorder is None else [session.recorder.path]
        if not paths:
            self.say("Only a recording can be a baseline; ctrl+r begins one")
            return
        self.scene.against.reference.read(paths, session.store.redaction)
        self.turn()
        self.say(f"From now on all is held against {session.title}, also what is opened next")

    def use_baseline(self, text: str) -> None:
        """Hold everything against a recording, by its path, against the present one, or against nothing.

        Raises:
            RecordingError: it cannot be read, or holds no signal.
        """
        reference = self.scene.against.reference
        if text == THIS:
            self._use_this()
            return
        if text == OFF:
            self.say(
                "Nothing is held against a baseline any more" if reference.name else "There is no baseline"
            )
            reference.take(None)
        else:
            reference.read(Path(text).expanduser(), self.session.store.redaction)
        self.turn()
