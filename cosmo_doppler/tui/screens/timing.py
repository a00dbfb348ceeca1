"""The playhead, moved by keys."""

from __future__ import annotations

from cosmo_doppler.tui import jumps
from cosmo_doppler.tui.screens.deck import Deck


class TimeActions(Deck):
    """Pause, step, faster, back to live."""

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
