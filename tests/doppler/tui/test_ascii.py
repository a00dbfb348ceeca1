from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from cosmo_doppler.session import Session
from cosmo_doppler.tui.ascii import AsciiFilter, plain_text
from cosmo_doppler.tui.bars import span
from cosmo_doppler.tui.layout import VIEWS, View
from cosmo_doppler.tui.look import Look
from tests.doppler.tui.showing import Shown

BLACK = Color(0, 0, 0)


@given(st.text())
def test_text_becomes_ascii_of_the_same_width(text: str) -> None:
    plain = plain_text(text)
    assert plain.isascii()
    assert cell_len(plain) == sum(cell_len(glyph) for glyph in text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("├╴BID", "|-BID"),
        ("└╴BID", "`-BID"),
        ("╭──╮", "+--+"),
        ("✓ café…", "+ cafe~"),
        ("寿司", "????"),
        ("● live", "* live"),
    ],
)
def test_signs_stay_telling(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_a_bar_that_begins_inside_a_cell_begins_there_still() -> None:
    late, early = span(0.19, 0.9, 10), span(0.11, 0.9, 10)
    drawn = []
    for bar in (late, early):
        segments = [Segment(bar.start, Style(reverse=True)), Segment(bar.body), Segment(bar.end)]
        drawn.append("".join(part.text for part in AsciiFilter().apply(segments, BLACK)))
    assert drawn == ["-=======", "========"]


def test_reverse_is_gone_where_the_glyph_changed() -> None:
    (segment,) = AsciiFilter().apply([Segment("▎", Style(reverse=True, color="red"))], BLACK)
    assert segment.style == Style(color="red", reverse=False)


@pytest.mark.parametrize("view", VIEWS)
async def test_a_whole_screen_is_ascii(market_session: Session, shown: Shown, view: View) -> None:
    async with shown(market_session, view=view, size=(200, 60), look=Look(ascii=True)) as screen:
        for keys in ((), ("question_mark",), ("escape", "ctrl+p"), ("escape", "C")):
            await screen.press(*keys)
            assert screen.text.isascii()
            assert screen.text.strip()
