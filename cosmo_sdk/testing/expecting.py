"""Who waits for which Signal: each Signal meets one expectation, whether it came before or comes after."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from cosmo_sdk.envelope import Signal
from cosmo_sdk.testing.pattern import Pattern
from cosmo_sdk.testing.transcript import Transcript


class Expectations:
    """The expectations on one transcript. Safe from any thread.

    Args:
        transcript: what has come; added to through `note` alone.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._met: set[str] = set()
        self._waiting: list[tuple[Pattern, Future[Signal]]] = []
        self._lock = threading.Lock()

    def note(self, signal: Signal) -> None:
        """A Signal came: whoever has waited for it longest gets it."""
        with self._lock:
            self._transcript.note(signal)
            for pattern, arrival in self._waiting:
                if not arrival.done() and pattern.matches(signal) and arrival.set_running_or_notify_cancel():
                    self._met.add(signal.id)
                    arrival.set_result(signal)
                    return

    def arrival(self, pattern: Pattern) -> Future[Signal]:
        """The first such Signal that no expectation has met, now or later. `forget` it in the end."""
        arrival: Future[Signal] = Future()
        with self._lock:
            for signal in self._transcript:
                if signal.id not in self._met and pattern.matches(signal):
                    self._met.add(signal.id)
                    arrival.set_result(signal)
                    return arrival
            self._waiting.append((pattern, arrival))
        return arrival

    def forget(self, arrival: Future[Signal]) -> None:
        """Nobody waits for this any more."""
        with self._lock:
            self._waiting = [each for each in self._waiting if each[1] is not arrival]
