"""Two traces side by side on the screen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.screens.comparing import CompareScreen
from tests.doppler.tui.showing import Shown


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


def offer(number: int) -> str:
    return f"evt_{f'OFFER{number}':0>26}"


async def two_rounds(screen: Any) -> None:
    """Compare the first auction with the second."""
    screen.stage.go("auctions", "auctions", offer(1))
    await screen.press("D")
    screen.stage.go("auctions", "auctions", offer(2))
    await screen.press("D")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_two_auctions_are_compared(
    market_session: Session, shown: Shown, size: tuple[int, int]
) -> None:
    async with shown(market_session, view="auctions", size=size) as screen:
        await two_rounds(screen)
        assert "Compare  00OFFER1" in screen.text
        assert "different needs" in screen.text
        assert "bob → nobody" in screen.text
        assert re.findall(r"left +(ada|bob)", screen.text) == ["ada", "bob"]
        await screen.press("escape")
        assert "Compare" not in screen.text


async def test_a_round_held_again_tells_who_came_left_moved_and_won(
    recorded: Any, shown: Shown, signal_frame: Any
) -> None:
    frames = []
    for number, prices in (
        (1, {"ada": 3.0, "bob": 2.0, "cy": 1.5}),
        (2, {"ada": 1.0, "bob": 2.0, "dee": 4.0}),
    ):
        trace, id = f"T{number}", f"OFFER{number}"
        asked = {"input": {"text": "add"}, "capabilities": ["sum"], "deadline_ms": 5000}
        frames.append(signal_frame("TASK_OFFER", id, trace, payload=asked))
        frames += [
            signal_frame("BID", f"{who}{number}", trace, parent=id, who=who, payload={"cost": cost})
            for who, cost in prices.items()
        ]
        won = min(prices, key=lambda who: prices[who])
        frames.append(signal_frame("TASK_AWARDED", f"WON{number}", trace, parent=f"{won}{number}", who=won))
    session = recorded([(1_790_000_000.0 + 0.1 * place, frame) for place, frame in enumerate(frames)])
    async with shown(session, view="auctions", size=(120, 30)) as screen:
        await two_rounds(screen)
        assert "cy → ada" in screen.text
        for row in (r"moved +ada +second", r"same +bob", r"came +dee", r"left +cy +first"):
            assert re.search(row, screen.text), row
        assert "3.00 → 1.00" in screen.text
        await screen.press("enter")
        assert screen.scene.observed(screen.scene.seq).header.id == f"evt_{'ada2':0>26}"


async def test_an_auction_and_a_trace_are_never_mixed(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="auctions") as screen:
        screen.stage.go("auctions", "auctions", offer(1))
        await screen.press("D")
        assert "Auction 00OFFER1 is the first" in screen.lines[-1]
        screen.stage.go("traces", "traces", f"trc_{'TWO':0>26}")
        await screen.press("D")
        assert "Trace 00000TWO is the first" in screen.lines[-1]
        assert not isinstance(screen.app.screen, CompareScreen)
