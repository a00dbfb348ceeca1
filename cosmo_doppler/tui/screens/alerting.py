"""What an alert does."""

from __future__ import annotations

import asyncio
import shlex
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from functools import partial

from cosmo_doppler.errors import ExportError
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.tui import words
from cosmo_doppler.tui.alerts import Alerts, Ring
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.look import look_of
from cosmo_doppler.tui.screens.deck import Deck

COMMAND_S = 10.0
"""How long the command of an alert may take, seconds; then it is ended."""


class AlertActions(Deck):
    """Ring the bell, say so, mark the signal, run the command that was given."""

    _alerts: Alerts | None = None

    def watch_alerts(self) -> None:
        """Look at what came, and do what the alerts want done; other rules in the settings begin afresh."""
        rules = look_of(self.app).alerts
        if self._alerts is None or self._alerts.rules != rules:
            with self.session.lock:
                self._alerts = Alerts(self.session, rules)
        if not rules:
            return
        with self.session.lock:
            rings = self._alerts.turn()
            told = [
                (ring, self.session.store.header(ring.seq), self.session.store.frame(ring.seq))
                for ring in rings
            ]
        for ring, header, frame in told:
            self._ring(ring, f"{header.type} {header.who}  {describe(header)}", frame)

    def _ring(self, ring: Ring, signal: str, frame: bytes) -> None:
        text, deeds = ring.rule.wanted.text, ring.rule.deeds
        if "bell" in deeds:
            self.app.bell()
        if "mark" in deeds:
            self._mark(ring.seq, f"alert: {text}")
        if "notify" in deeds:
            more = f"  and {words.count(ring.times - 1)} more" if ring.times > 1 else ""
            self.app.notify(f"{text}: {signal}{more}", title="Alert", markup=False)
        if "exec" in deeds:
            command = look_of(self.app).alert_command
            if command:
                begin(self, partial(self._run, command, frame))
            else:
                self.say(f"Alert {text}: exec runs only what --alert-exec names on the command line")

    def _mark(self, seq: int, note: str) -> None:
        try:
            with self.session.lock:
                if seq not in self.session.marks:
                    self.session.marks.put(seq, note)
        except ExportError as error:
            self.say(str(error))

    async def _run(self, command: str, frame: bytes) -> None:
        """Run the command with the signal on its standard input; what it prints goes nowhere."""
        try:
            process = await asyncio.create_subprocess_exec(
                *shlex.split(command), stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
            )
        except (OSError, ValueError) as error:
            self.say(f"--alert-exec {command}: {error}")
            return
        try:
            async with asyncio.timeout(COMMAND_S):
                await process.communicate(frame + b"\n")
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            self.say(f"--alert-exec {command}: took longer than {COMMAND_S:.0f} s and was ended")
        else:
            if process.returncode:
                self.say(f"--alert-exec {command}: ended with {process.returncode}")
