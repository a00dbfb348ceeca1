"""Two traces side by side on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.screens.comparing import CompareScreen

Shown = Callable[..., Any]


async def take_two(screen: Any) -> None:
    """Compare trace ONE with trace TWO."""
    screen.stage.go("traces", "traces", f"trc_{'ONE':0>26}")
    await screen.press("D")
    screen.stage.go("traces", "traces", f"trc_{'TWO':0>26}")
    await screen.press("D")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_two_traces_are_compared(market_session: Session, shown: Shown, size: tuple[int, int]) -> None:
    async with shown(market_session, size=size) as screen:
        await take_two(screen)
        assert isinstance(screen.app.screen, CompareScreen)
        assert "Compare  00000ONE" in screen.text
        assert "-  TASK_OFFER" in screen.text
        assert "+  TASK" in screen.text
        assert "duration" in screen.text
        await screen.press("escape")
        assert "Compare" not in screen.text


async def test_enter_goes_to_the_signal(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await take_two(screen)
        await screen.press("j", "j", "enter")
        assert screen.stage.view == "traces"
        assert screen.scene.seq is not None
        assert screen.scene.trace_id in {f"trc_{'ONE':0>26}", f"trc_{'TWO':0>26}"}


async def test_the_same_trace_twice_lets_it_go(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, select="ONE") as screen:
        await screen.press("D")
        assert "is the first; D on another one compares" in screen.lines[-1]
        await screen.press("D")
        assert "Nothing is taken" in screen.lines[-1]
