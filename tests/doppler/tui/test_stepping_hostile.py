"""Whatever a held signal or a gate says, nothing of it reaches the terminal as more than text."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cosmo_doppler.query import compile_filter
from cosmo_doppler.session import Session
from cosmo_doppler.stepping.book import Break, Held, HeldBook
from cosmo_doppler.stepping.scope import scope_of
from cosmo_doppler.tui.held_line import held_line
from cosmo_doppler.tui.panes.breaks import BreakRows
from cosmo_doppler.tui.panes.hands import HandRows
from cosmo_doppler.tui.panes.held import HeldRows
from cosmo_doppler.tui.panes.hold import HoldLines
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import DARK, Ink
from tests.doppler.tui.hostile import ALLOWED, HOSTILE

INK = Ink(DARK)


def lines(source: Any, width: int) -> list[str]:
    drawn = source.head(width, INK)
    count = source.count()
    cells = [source.title(INK), source.note(INK), *([source.empty(INK)[0]] if not count else [])]
    rows = [*drawn, *source.head(width, INK), *(source.row(index, width, INK) for index in range(count))]
    return ["".join(text for text, _ in cell) for cell in cells] + [
        "".join(segment.text for segment in row) for row in rows
    ]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [24, 80, 200])
def test_hostile_text_is_only_text(silent_session: Session, text: str, width: int) -> None:
    session = silent_session
    signal = {"type": text, "id": text, "trace_id": text, "directed": {"id": text}, "payload": {text: text}}
    frame = json.dumps(signal).encode()
    wanted = compile_filter('"x"')
    by = Break(1, "ab12", wanted, scope_of(wanted.node, "dev"), 30.0)
    by.text, by.on, by.ended = text, True, text
    book = HeldBook()
    book.breaks[1] = by
    for number in range(2):
        held = Held(f"h{number}", by, text, frame, session.wall())
        held.meant = True
        book.take_in(held)
    session.stepper = SimpleNamespace(book=book, token="ab12")  # type: ignore[assignment]
    told = {"gate": text, "hold": text, "signal_id": text, "type": text, "trace_id": text, "reason": text}
    for event in ("set", "held", "edited", "gone", "dropped"):
        session.ingest("_gate.dev", json.dumps({**told, "event": event, "frame": frame.decode()}).encode())
    session.pump()
    scene = Scene(session)
    shown = [
        line for rows in (HeldRows, HoldLines, BreakRows, HandRows) for line in lines(rows(scene), width)
    ]
    countdown = book.countdown()
    assert countdown is not None
    strip = held_line(countdown, session.wall(), "X", "v", width, INK, text)
    shown.append("".join(segment.text for segment in strip))
    assert all(ALLOWED.fullmatch(line) for line in shown)
    assert len(shown) > 12
