"""What the form of an offer is made of: its draft, and what completes its fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from textual.suggester import Suggester

from cosmo_doppler.offers import Composed, Kind
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.facts import Neuron, neurons
from cosmo_doppler.tui.safe import safe
from cosmo_sdk.bidding import Select


class Parent(NamedTuple):
    """The signal an offer or a task may be caused by."""

    trace_id: str
    event_id: str


@dataclass(frozen=True)
class OfferDraft:
    """What the form was filled in with."""

    kind: Kind
    capabilities: list[str]
    input: dict[str, Any]
    select: Select
    window_ms: int
    neuron: str
    """For a task: who gets it; empty for whoever has the capabilities."""
    parent: Parent | None = None
    """What it is caused by; None begins a trace of its own."""

    def composed(self) -> Composed:
        """What can be written down and made again: all but the cause.

        Raises:
            ValueError: it cannot, for a reason that is given in one line.
        """
        task = self.kind == "task"
        return Composed(
            kind=self.kind,
            capabilities=tuple(self.capabilities),
            input=self.input,
            select=Composed().select if task else self.select,
            window_ms=None if task else self.window_ms,
            neuron=self.neuron,
        )


def read_capabilities(text: str) -> list[str]:
    """A comma-separated list without blanks, empty places and repetitions."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def needs_line(capabilities: Iterable[str]) -> str:
    """The list that `read_capabilities` reads. Names that a field cannot show as they are come out changed."""
    return ", ".join(safe(name) for name in capabilities)


class CapabilitySuggester(Suggester):
    """Completes the last capability of the list with one that somebody on the bus has."""

    def __init__(self, session: Session) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._session = session

    async def get_suggestion(self, value: str) -> str | None:
        """The whole list with its last part completed; None when nothing fits."""
        begun = value.rpartition(",")[2].lstrip()
        if not begun:
            return None
        for capability in on_offer(neurons(self._session)):
            # Shown inside a field, so a name that `safe` would change is never suggested.
            if capability.startswith(begun) and capability != begun and capability.isprintable():
                return value + capability[len(begun) :]
        return None


def on_offer(here: list[Neuron]) -> list[str]:
    """Every capability somebody has, by name."""
    return sorted({capability for neuron in here for capability in neuron.capabilities})
