"""The status line says when what is shown is not yet all that has come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rich.cells import cell_len

from cosmo_doppler.session import Session
from cosmo_doppler.tui.chrome import REPLAY_HINTS, keys_line, replay_hints, status_line
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.theme import DARK, Ink
from tests.doppler.model.folding import frame


def told(session: Session, rate: float = 0.0, width: int = 120, **facts: Any) -> str:
    status = session.status()
    line = status_line(session, replace(status, rate=rate, **facts), width, Ink(DARK))
    text = "".join(segment.text for segment in line)
    assert cell_len(text) <= width
    return text


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


def test_where_there_is_little_room_it_says_in_a_word_what_is_allowed_and_kept(
    silent_session: Session,
) -> None:
    facts = {"state": "live", "malformed": 3, "recording": "a.ndjson", "recorded_bytes": 97_000}
    wide, narrow = (told(silent_session, 1.9, width, **facts) for width in (120, 64))
    assert "read and write" in wide
    assert "REC 97 kB" in wide
    assert narrow.split()[-2:] == ["REC", "rw"]
    assert "3 malformed" in narrow


def test_a_narrow_line_says_at_least_when_a_lost_bus_is_tried_again(silent_session: Session) -> None:
    silent_session.ingest("cosmonapse.dev.AUDIT", frame("AUDIT", "1", who="a"))
    silent_session.pump()
    facts = {"state": "reconnecting", "detail": "the bus at cosmo://x went away", "retry_in_s": 2.5}
    assert "the bus at cosmo://x went away, again in 3 s" in told(silent_session, 0.0, 120, **facts)
    narrow = told(silent_session, 0.0, 60, **facts)
    assert "again in 3 s" in narrow
    assert "RECONNECTING" in narrow


def test_one_signal_is_one_signal(silent_session: Session) -> None:
    silent_session.ingest("cosmonapse.dev.AUDIT", frame("AUDIT", "1", who="a"))
    assert "1 signal " in told(silent_session)


def test_a_wide_footer_of_a_recording_offers_what_the_pane_is_good_for_and_nothing_that_sends() -> None:
    offered = replay_hints(("answer", "open", "pause", "jump_trace", "copy", "help"))
    assert offered == ("open", *REPLAY_HINTS, "jump_trace", "copy", "help")
    ink, keymap = Ink(DARK), Keymap()
    wide = "".join(segment.text for segment in keys_line(offered, 200, ink, keymap))
    assert wide.split("  ")[-3:] == ["t trace", "y copy", "? help"]
    narrow = "".join(segment.text for segment in keys_line(offered, 60, ink, keymap))
    assert narrow.split("  ") == [" enter open", "space pause", "[ step back", "] step", "? help"]
