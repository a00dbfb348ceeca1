"""Lines of a recording that are no signals: named on stderr, so that nobody takes a part for the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cosmo_doppler.cli.output import say

if TYPE_CHECKING:
    from cosmo_doppler.session import Session
    from cosmo_doppler.session.status import Skipped

SHOWN = 5
"""Lines that are named; more are counted."""


def say_skipped(session: Session) -> None:
    """Say which lines of the recordings behind a session were passed over, and where reading failed; else nothing."""
    from cosmo_doppler.tui.safe import safe

    status = session.status()
    say_lines(status.first_skipped, status.skipped)
    if status.detail:
        say(safe(status.detail))


def say_lines(first: Sequence[Skipped], count: int) -> None:
    """Say which lines were passed over: file, number and reason of the first ones, and how many more there are."""
    from cosmo_doppler.tui.safe import safe
    from cosmo_doppler.tui.words import many

    for path, number, reason in first[:SHOWN]:
        say(f"{safe(str(path))}:{number}: skipped: {safe(reason)}")
    if count > SHOWN:
        say(f"{many(count - SHOWN, 'more line')} skipped; all others were read")
