"""A recording of what a bus says, begun and ended from the screen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from textual import on

from cosmo_doppler.errors import RecordingError
from cosmo_doppler.tui import words
from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.widgets.prompt import Prompt

SIGN = "record to "
"""What the line says while it asks for a file."""


class RecordActions(Deck):
    """Record, and end that."""

    def action_record(self) -> None:
        """Ask for a file and record what comes from now on; what is being recorded ends."""
        if self.session.kind == "replay":
            self.say("What is shown is a recording already; x writes a part of it to a file")
        elif self.session.recorder is not None:
            self._end()
        else:
            began = datetime.fromtimestamp(self.session.wall(), UTC)
            name = f"doppler-{began:%Y%m%d-%H%M%S}.ndjson"
            self.prompt.ask(SIGN, hint="a new file; .zst compresses it", value=name)

    def _end(self) -> None:
        recorder = self.session.end_recording()
        if recorder is None:
            return
        fault = (
            f"; then: {recorder.fault}, {words.many(recorder.lost, 'signal')} lost" if recorder.fault else ""
        )
        what = f"{words.many(recorder.lines, 'signal')}, {words.size(recorder.bytes_written)}"
        self.say(f"Recorded {what} to {recorder.path}{fault}")

    @on(Prompt.Written)
    def _named(self, message: Prompt.Written) -> None:
        if message.sign != SIGN:
            return
        message.stop()
        if not message.text:
            self.prompt.close()
            return
        try:
            self.session.record_to(Path(message.text).expanduser())
        except RecordingError as error:
            self.prompt.refuse(str(error))
        else:
            self.prompt.close()
            self.say(f"Recording what comes from now on to {message.text}")
