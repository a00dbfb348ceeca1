"""The playhead, moved by keys."""

from __future__ import annotations

from textual import on

from cosmo_doppler.errors import DopplerError, SettingError
from cosmo_doppler.query import QueryError, compile_filter
from cosmo_doppler.tui import jumps, words
from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.widgets.prompt import Prompt

GO_TO = "go to "
"""What the line asks for when a place is wanted."""


OWN_SPEED = "live runs at its own speed; space pauses it"
"""Why nothing changes its speed."""


class TimeActions(Deck):
    """Pause, step, faster, back to live."""

    def action_pause(self) -> None:
        """Pause and go on."""
        with self.session.lock:
            self.session.timeline.toggle()
        self._shift()

    def action_step(self, count: int) -> None:
        """One signal forward or back: the playhead; while live runs, the cursor along its trace."""
        with self.session.lock:
            timeline = self.session.timeline
            live = self.session.kind != "replay" and timeline.following
            beside = jumps.neighbour(self.scene, count) if live else None
            if not live:
                timeline.step(count)
        if not live:
            self._shift()
        elif beside is None:
            self.say(f"No {'later' if count > 0 else 'earlier'} signal in this trace")
        else:
            view = self.stage.view if "pathway" in self.stage.shown else "traces"
            self.stage.go(view, "pathway", beside.seq)

    def action_slower(self) -> None:
        """Replay slower."""
        self._change_speed(-1)

    def action_faster(self) -> None:
        """Replay faster."""
        self._change_speed(1)

    def _change_speed(self, step: int) -> None:
        with self.session.lock:
            timeline = self.session.timeline
            live = self.session.kind != "replay" and timeline.following
            if not live:
                (timeline.faster if step > 0 else timeline.slower)()
            waits, speed = timeline.paused, words.speed(timeline.speed)
        if live:
            self.say(OWN_SPEED.capitalize())
            return
        self._shift()
        if waits:
            # Only what plays shows its speed.
            self.say(f"Goes on at {speed}")

    def play_at(self, speed: float) -> None:
        """Play at a speed.

        Raises:
            SettingError: what runs live runs at its own.
        """
        with self.session.lock:
            timeline = self.session.timeline
            if self.session.kind != "replay" and timeline.following:
                raise SettingError(OWN_SPEED)
            timeline.speed = speed
            waits = timeline.paused
        self._shift()
        self.say(f"{'Goes on' if waits else 'Plays'} at {words.speed(speed)}")

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

    def action_seek(self) -> None:
        """Ask where to stand."""
        self.prompt.ask(GO_TO, hint="00:01:12, 40%, #18231, next type:ERROR, last who:kettle")

    @on(Prompt.Written)
    def _place_written(self, message: Prompt.Written) -> None:
        """Go there; a place that cannot be meant stays to be put right."""
        if message.sign != GO_TO:
            return
        message.stop()
        try:
            if message.text.strip():
                with self.session.lock:
                    self.session.timeline.seek_text(self.plain_place(message.text))
        except DopplerError as error:
            self.prompt.refuse(str(error))
            return
        self.prompt.close()
        self._shift()

    def plain_place(self, text: str) -> str:
        """A place as the timeline reads it, which knows no saved filters.

        Raises:
            SettingError: the expression after `next` or `last` cannot be meant.
        """
        word, _, expression = text.strip().partition(" ")
        if word not in ("next", "last") or "$" not in expression:
            return text
        try:
            return f"{word} {compile_filter(expression, self.scene.named()).written}"
        except QueryError as error:
            raise SettingError(str(error)) from None

    def action_cut_pauses(self) -> None:
        """Play silences in full, or no more than the beginning of each."""
        with self.session.lock:
            timeline = self.session.timeline
            timeline.cut_pauses = not timeline.cut_pauses
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
