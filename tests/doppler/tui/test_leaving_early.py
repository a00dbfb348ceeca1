"""A screen is put together in many steps, and may be left between any two of them."""

from __future__ import annotations

import asyncio

import pytest
from textual.command import CommandPalette

from cosmo_doppler.session import Session
from tests.doppler.tui.showing import Shown


async def steps(number: int) -> None:
    """Let everybody on the loop go on so many times."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_the_palette_may_be_left_before_it_stands(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        for number in range(40):
            screen.app.action_command_palette()
            await steps(number)
            palette = screen.app.screen
            assert isinstance(palette, CommandPalette)
            palette._gather_commands("trace")
            palette.dismiss()
            await screen.settle()
            assert screen.app.screen is screen.app.observatory
        assert screen.app.return_code is None


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 6, 8, 12, 20])
async def test_doppler_may_be_left_before_the_palette_stands(
    market_session: Session, shown: Shown, number: int
) -> None:
    async with shown(market_session, size=(80, 24)) as screen:
        screen.app.action_command_palette()
        await steps(number)
        screen.app.exit()
    assert screen.app.return_code == 0
