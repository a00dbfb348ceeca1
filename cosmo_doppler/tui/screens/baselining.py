"""What everything is held against: a trace or an auction under the cursor, or a recording."""

from __future__ import annotations

from pathlib import Path

from cosmo_doppler.model.baseline import Baseline
from cosmo_doppler.tui.safe import short_id
from cosmo_doppler.tui.screens.deck import Deck

OFF = "off"
"""What is written for no baseline."""


class BaselineActions(Deck):
    """Set the baseline, and take it away."""

    def action_baseline(self) -> None:
        """Hold everything of its kind against what the cursor is on; where there is a baseline already, take it away."""
        against = self.scene.against
        if against.reference.name:
            self.use_baseline(OFF)
            return
        with self.session.lock:
            board, baseline = self.scene.board, None
            focused = self.stage.focused
            # Where a list has the focus its cursor counts: what is selected follows it a moment later.
            cursor = self.stage.panes[focused].cursor if focused in ("traces", "auctions") else None
            chosen = cursor if isinstance(cursor, str) else ""
            auction = board.auctions.get(chosen) or self.scene.auction
            trace = board.traces.get(chosen) or self.scene.trace
            if focused in ("auctions", "bids") and auction is not None:
                noun, baseline = "auction", Baseline.of_auction(auction, board)
            elif trace is not None:
                noun, baseline = "trace", Baseline.of_trace(trace, board)
        if baseline is None:
            self.say("Select a trace or an auction to hold others against; :baseline FILE takes a recording")
            return
        against.reference.take(baseline)
        self.turn()
        self.say(f"Others of its kind are held against {noun} {short_id(baseline.name)}")

    def use_baseline(self, text: str) -> None:
        """Hold everything against a recording, by its path, or against nothing.

        Raises:
            RecordingError: it cannot be read, or holds no signal.
        """
        reference = self.scene.against.reference
        if text == OFF:
            self.say(
                "Nothing is held against a baseline any more" if reference.name else "There is no baseline"
            )
            reference.take(None)
        else:
            reference.read(Path(text).expanduser(), self.session.store.redaction)
        self.turn()
