from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.tui.pictures import measured

CELL = 12.2


@pytest.mark.parametrize(
    ("text", "cells"),
    [("abc", 3), ("&amp;&#160;x", 3), ("한국", 4), ("éva", 3), ("e\u0301va", 3), ("ｗ&lt;", 3), ("שלום", 4)],
)
def test_a_text_is_as_long_as_its_cells(text: str, cells: int) -> None:
    letters = len(re.sub("&[^;]*;", "x", text))
    drawn = f'<text class="r" x="1" textLength="{CELL * letters:g}" clip-path="url(#a)">{text}</text>'
    found = re.search(r'textLength="([0-9.]+)"', measured(drawn))
    assert found is not None
    assert float(found[1]) == pytest.approx(CELL * cells, abs=0.01)


async def test_wide_letters_are_not_squeezed_in_a_picture(
    recorded: Callable[..., Any], shown: Callable[..., Any], signal_frame: Callable[..., dict[str, Any]]
) -> None:
    session = recorded(
        [(1_790_000_000.0, signal_frame("TASK", "T", "ONE", who="寿司屋", payload={"input": 1}))]
    )
    async with shown(session, view="signals") as screen:
        picture = screen.app.export_screenshot()
    lengths = re.findall(r'textLength="([0-9.]+)"[^>]*>寿司屋<', picture)
    assert lengths
    assert {round(float(length) / CELL) for length in lengths} == {6}
