"""What crossed a bus, to be asked about afterwards, or waited for by whoever reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from cosmo_sdk.envelope import Signal
from cosmo_sdk.payloads import check_payload
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.testing.pattern import Pattern, Which
from cosmo_sdk.testing.tree import LINES, draw

KEPT = 100_000
"""Signals a transcript keeps; later ones are only counted."""


class Transcript:
    """The Signals that crossed, in order. Asking changes nothing."""

    def __init__(self) -> None:
        self._signals: list[Signal] = []
        self.forgotten = 0
        """Signals that came after the transcript was full."""
        self.unreadable = 0
        """Frames that were no valid Signal."""

    def __len__(self) -> int:
        return len(self._signals)

    def __iter__(self) -> Iterator[Signal]:
        return iter(list(self._signals))

    def __getitem__(self, index: int) -> Signal:
        return self._signals[index]

    def note(self, signal: Signal) -> None:
        """Add one. The caller hands it over: nobody may change it any more."""
        if len(self._signals) < KEPT:
            self._signals.append(signal)
        else:
            self.forgotten += 1

    def signals(
        self,
        *types: SignalType,
        **which: Unpack[Which],
    ) -> list[Signal]:
        """The Signals meant, in order; see `Which` for the arguments."""
        pattern = Pattern(types, **which)
        return [signal for signal in self._signals if pattern.matches(signal)]

    def one(
        self,
        *types: SignalType,
        **which: Unpack[Which],
    ) -> Signal:
        """The only Signal meant; see `Which` for the arguments.

        Raises:
            AssertionError: there is none, or more than one; it shows everything that crossed.
        """
        pattern = Pattern(types, **which)
        found = [signal for signal in self._signals if pattern.matches(signal)]
        if len(found) != 1:
            raise AssertionError(self.explain(f"expected one {pattern}, there are {len(found)}"))
        return found[0]

    def types(self, trace: str | Signal | None = None) -> list[str]:
        """The types in order, of one trace or of all: `["TASK", "AGENT_OUTPUT", "FINAL"]`."""
        return [str(signal.type) for signal in self.signals(trace=trace)]

    def traces(self) -> list[str]:
        """The trace ids, in order of their first Signal."""
        return list(dict.fromkeys(signal.trace_id for signal in self._signals))

    def tree(self, trace: str | Signal | None = None, *, limit: int = LINES) -> str:
        """One trace or all of them as a text to print, see `cosmo_sdk.testing.tree`."""
        return draw(self.signals(trace=trace), limit=limit)

    def faults(self) -> list[str]:
        """What the payload table (PROTOCOL 2.2) finds wrong with the Signals, one sentence each."""
        return [
            f"{signal.type} {signal.id}: {fault}"
            for signal in self._signals
            for fault in check_payload(signal.type, signal.payload)
        ]

    def assert_valid(self) -> None:
        """Fail unless every payload is what the protocol says.

        Raises:
            AssertionError: one is not; it names each fault.
        """
        if found := self.faults():
            raise AssertionError(self.explain("\n".join(["payloads against the protocol:", *found])))

    def explain(self, failure: str) -> str:
        """A failure, followed by everything that crossed."""
        gone = f", {self.forgotten:,} more not kept" if self.forgotten else ""
        bad = f", {self.unreadable:,} unreadable frames" if self.unreadable else ""
        return f"{failure}\nWhat crossed the bus ({len(self):,} signals{gone}{bad}):\n{draw(self._signals)}"
