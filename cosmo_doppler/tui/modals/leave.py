"""The forms that ask before a person leaves with work in hand, or with signals held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from textual.app import ComposeResult

from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import prose
from cosmo_doppler.tui.words import many


def in_hand(sessions: Iterable[Session]) -> int:
    """How much work waits for the person on these buses."""
    return sum(len(session.person.open) for session in sessions if session.person is not None)


def held_here(sessions: Iterable[Session]) -> int:
    """How many signals breaks hold on these buses."""
    found = 0
    for session in sessions:
        with session.lock:
            found += len(session.stepper.book.meant) if session.stepper is not None else 0
    return found


class LeaveForm(Form[Literal[True]]):
    """Say yes to returning what waits.

    Args:
        count: how much that is.
        held: signals that breaks hold as well.
    """

    cancel_label: ClassVar[str] = "Stay"
    send_label: ClassVar[str] = "Return it and leave"
    ready: ClassVar[str] = "ctrl+s returns it and leaves, esc stays"

    def __init__(self, count: int, held: int = 0, heading: str = "Leave with work in hand") -> None:
        super().__init__(heading)
        self._count = count
        self._held = held

    def compose_body(self) -> ComposeResult:
        """What is left behind."""
        if self._count:
            waits = "waits" if self._count == 1 else "wait"
            yield prose(f"{many(self._count, 'piece')} of work {waits} for you.", classes="close")
            yield prose("Whoever asked gets an ERROR and may give it to another.", classes="quiet close")
        if self._held:
            yield prose(f"{many(self._held, 'signal')} held by your breaks.", classes="close")
            yield prose("Leaving lets everything go on as it is, in order.", classes="hint")

    def draft(self) -> Literal[True]:
        """Yes."""
        return True


class LetGoForm(LeaveForm):
    """Say yes to letting go what is held.

    Args:
        held: signals that breaks hold.
    """

    send_label: ClassVar[str] = "Let go and leave"
    ready: ClassVar[str] = "ctrl+s lets everything go and leaves, esc stays"

    def __init__(self, held: int) -> None:
        super().__init__(0, held, "Leave with signals held")


def leave_form(sessions: Sequence[Session]) -> LeaveForm | None:
    """What to ask before these buses are left; None when nothing of them is in hand."""
    count, held = in_hand(sessions), held_here(sessions)
    if not count and not held:
        return None
    return LeaveForm(count, held) if count else LetGoForm(held)
