from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.actions import ACTIONS
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.screens.help import Block, help_blocks, in_columns


def test_a_text_that_is_too_long_goes_on_under_its_beginning() -> None:
    block = Block("Act", [("A", "Answer a question or decide a permission")])
    assert list(block.lines(40)) == [
        ("Act", ""),
        ("          A  ", "Answer a question or decide"),
        ("             ", "a permission"),
        ("", ""),
    ]


def test_a_sentence_without_a_key_has_all_the_width() -> None:
    assert list(Block("Mouse", [("", "Click selects.")]).lines(30))[1] == ("", "Click selects.")


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_columns_hold_every_block_once_and_in_order(columns: int) -> None:
    blocks = help_blocks(Keymap(), ["help"], "traces")
    held = in_columns(blocks, columns)
    assert len(held) <= columns
    assert [block for column in held for block in column] == blocks


def test_every_action_is_in_the_help() -> None:
    told = {text for block in help_blocks(Keymap(), [], "") for _, text in block.rows}
    assert {entry.help for entry in ACTIONS} <= told


async def test_a_narrow_screen_shows_whole_words(market_session: Session, shown: Callable[..., Any]) -> None:
    async with shown(market_session, size=(40, 20)) as screen:
        await screen.press("question_mark")
        lines = [line.strip("│ ") for line in screen.lines]
        begun = next(number for number, line in enumerate(lines) if line.endswith("Pause and go on;"))
        assert lines[begun + 1] == "recording never pauses"


async def test_the_help_is_read_with_the_keys_of_lists(
    market_session: Session, shown: Callable[..., Any]
) -> None:
    async with shown(market_session, size=(120, 30)) as screen:
        await screen.press("question_mark")
        top = screen.text
        for key, back in (("j", "k"), ("ctrl+d", "ctrl+u"), ("pagedown", "pageup"), ("G", "g")):
            await screen.press(key)
            assert screen.text != top, key
            await screen.press(back)
            assert screen.text == top, back
        await screen.press("G")
        assert "a drag shows that stretch" in screen.text
        await screen.press("question_mark")
        assert "Keys" not in screen.text
