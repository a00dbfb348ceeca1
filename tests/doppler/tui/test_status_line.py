"""The status line says when what is shown is not yet all that has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.cells import cell_len

from cosmo_doppler.session import Session
from cosmo_doppler.tui.chrome import MOST_KEYS, REPLAY_HINTS, keys_line, replay_hints, status_line
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.panes.sifted import SiftedAuctions
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


def footer(offered: Sequence[str], width: int) -> list[str]:
    line, _ = keys_line(offered, width, Ink(DARK), Keymap())
    return "".join(segment.text for segment in line)[1:].split("  ")


def test_the_footer_of_a_recording_offers_time_and_what_the_pane_is_good_for_and_nothing_that_sends() -> None:
    offered = replay_hints(("answer", "open", "pause", "jump_trace", "copy", "help"))
    assert offered == ("open", *REPLAY_HINTS, "jump_trace", "copy", "help")
    time = ["space pause", "[ ] step", "{ } round", "< > speed", "ctrl+g go to"]
    assert footer(offered, 200) == ["enter open", *time, "t trace", "? help"]
    assert footer(offered, 80) == ["enter open", *time, "? help"]
    assert footer(offered, 60) == ["enter open", *time[:3], "? help"]


def test_the_footer_shows_at_most_eight_keys_however_wide_it_is() -> None:
    assert len(footer(SiftedAuctions.hints, 300)) == MOST_KEYS
    assert footer(SiftedAuctions.hints, 300)[-1] == "? help"


def test_each_key_of_the_footer_knows_where_it_stands() -> None:
    line, places = keys_line(replay_hints(("open", "help")), 120, Ink(DARK), Keymap())
    text = "".join(segment.text for segment in line)
    shown = {place.action: text[place.start : place.end] for place in places}
    assert shown["open"] == "enter open"
    assert (shown["step(-1)"], shown["step(1)"]) == ("[ ", "] step")
    assert shown["help"] == "? help"
