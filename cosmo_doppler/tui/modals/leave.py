"""The form that asks before a person leaves with work in hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from textual.app import ComposeResult

from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import prose
from cosmo_doppler.tui.words import many


def in_hand(sessions: Iterable[Session]) -> int:
    """How much work waits for the person on these buses."""
    return sum(len(session.person.open) for session in sessions if session.person is not None)


class LeaveForm(Form[Literal[True]]):
    """Say yes to returning what waits.

    Args:
        count: how much that is.
    """

    cancel_label: ClassVar[str] = "Stay"
    send_label: ClassVar[str] = "Return it and leave"
    ready: ClassVar[str] = "ctrl+s returns it and leaves, esc stays"

    def __init__(self, count: int) -> None:
        super().__init__("Leave with work in hand")
        self._count = count

    def compose_body(self) -> ComposeResult:
        """What is left behind."""
        waits = "waits" if self._count == 1 else "wait"
        yield prose(f"{many(self._count, 'piece')} of work {waits} for you.", classes="close")
        yield prose("Whoever asked gets an ERROR and may give it to another.", classes="hint")

    def draft(self) -> Literal[True]:
        """Yes."""
        return True
