"""The status line says when what is shown is not yet all that has come."""

from __future__ import annotations

from dataclasses import replace

from cosmo_doppler.session import Session
from cosmo_doppler.tui.chrome import status_line
from cosmo_doppler.tui.theme import DARK, Ink
from tests.doppler.model.folding import frame


def told(session: Session, rate: float = 0.0) -> str:
    status = session.status()
    line = status_line(session, replace(status, rate=rate), 120, Ink(DARK))
    return "".join(segment.text for segment in line)


def test_it_says_how_many_signals_the_view_is_behind(silent_session: Session) -> None:
    for number in range(2_000):
        silent_session.ingest("cosmonapse.dev.AUDIT", frame("AUDIT", str(number), who="a"))
    assert "2,000 signals behind" in told(silent_session)
    # Less than a second's worth is on its way, and nothing to worry about.
    assert "behind" not in told(silent_session, rate=50_000.0)
    while not silent_session.timeline.at_end:
        silent_session.pump()
    assert "behind" not in told(silent_session)
    assert "2,000 signals" in told(silent_session)
