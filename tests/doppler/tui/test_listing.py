"""Going to a name, and lists in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.command import CommandPalette

from cosmo_doppler.session import Session
from cosmo_doppler.tui.orders import Orders
from cosmo_doppler.tui.panes import ordered
from cosmo_doppler.tui.places import Places
from tests.doppler.tui.market import START, signal
from tests.doppler.tui.showing import Screen, Shown

Recorded = Callable[..., Session]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "AGAIN_S", 0.0)


def _tasks(number: int, first: int = 0) -> list[tuple[float, dict[str, Any]]]:
    """Traces of which the n-th has n signals, asked in an order unlike that of their names."""
    frames = []
    for trace in range(first, first + number):
        name = f"job {(trace * 7) % 10}"
        frames.append(signal("TASK", f"T{trace}", f"{trace}", payload={"input": {"text": name}}))
        frames += [
            signal("THOUGHT_DELTA", f"D{trace}X{each}", f"{trace}", parent=f"T{trace}", who="ada")
            for each in range(trace)
        ]
    return [(START + 0.1 * at, frame) for at, frame in enumerate(frames)]


async def _choose(screen: Screen, key: str, text: str) -> None:
    """Open what a key opens, and take the likeliest hit: the list of Textual's palette fills when it likes to."""
    await screen.press(key)
    assert isinstance(screen.app.screen, CommandPalette)
    await screen.press("escape")
    provider = {"s": Orders, "apostrophe": Places}[key](screen.app.observatory)
    hits = [hit async for hit in provider.search(text)]
    max(hits, key=lambda hit: hit.score).command()
    await screen.settle()


def _keys(screen: Screen, pane: Any) -> list[Any]:
    source = screen.stage.panes[pane].source
    return [source.key(index) for index in range(source.count())]


async def test_traces_are_sorted_and_the_title_says_how(recorded: Recorded, shown: Shown) -> None:
    async with shown(recorded(_tasks(6))) as screen:
        usual = _keys(screen, "traces")
        await _choose(screen, "s", "most signals")
        board = screen.scene.board
        sizes = [board.traces[key].signals for key in _keys(screen, "traces")]
        assert sizes == sorted(sizes, reverse=True)
        assert "Traces  most signals first" in screen.text
        assert screen.stage.panes["traces"].cursor == _keys(screen, "traces")[0]
        await _choose(screen, "s", "newest")
        assert _keys(screen, "traces") == usual
        assert "most signals first" not in screen.text


async def test_an_order_takes_in_what_arrives(silent_session: Session, shown: Shown) -> None:
    import json

    def say(frames: list[tuple[float, dict[str, Any]]]) -> None:
        for _, frame in frames:
            silent_session.ingest(f"cosmonapse.dev.{frame['type']}", json.dumps(frame).encode())

    say(_tasks(4))
    async with shown(silent_session) as screen:
        await _choose(screen, "s", "by what was asked")
        say(_tasks(4, first=4))
        await screen.settle()
        await screen.settle()
        titles = [screen.scene.board.traces[key].title for key in _keys(screen, "traces")]
        assert titles == sorted(titles)
        assert len(titles) == 8


async def test_auctions_participants_and_faults_have_orders_of_their_own(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        await screen.press("2")
        await _choose(screen, "s", "most bids")
        bids = [len(screen.scene.board.auctions[key].bids) for key in _keys(screen, "auctions")]
        assert bids == sorted(bids, reverse=True)
        await screen.press("3")
        await _choose(screen, "s", "by name")
        assert _keys(screen, "registry") == sorted(screen.scene.board.roster)
        await screen.press("6")
        await _choose(screen, "s", "worst")
        faults = [screen.scene.board.faults.by_id[key].severity for key in _keys(screen, "faults")]
        assert faults == sorted(faults, key=["error", "warning", "note"].index)
        assert "Faults  worst first" in screen.text


async def test_what_has_no_order_says_so(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("s")
        assert "Nothing here can be sorted" in screen.text


async def test_a_filter_and_an_order_go_together(recorded: Recorded, shown: Shown) -> None:
    async with shown(recorded(_tasks(6))) as screen:
        await _choose(screen, "s", "most signals")
        screen.app.observatory.narrow("who:ada")
        await screen.settle()
        await screen.settle()
        sizes = [screen.scene.board.traces[key].signals for key in _keys(screen, "traces")]
        assert sizes == [6, 5, 4, 3, 2]


@pytest.mark.parametrize("step", [1, 5])
async def test_an_order_holds_at_every_point_of_time(recorded: Recorded, shown: Shown, step: int) -> None:
    session = recorded(_tasks(5))
    async with shown(session) as screen:
        await _choose(screen, "s", "most signals")
        for _ in range(step):
            await screen.press("left_square_bracket")
        board = screen.scene.board
        sizes = [board.traces[key].signals for key in _keys(screen, "traces")]
        assert len(sizes) == len(board.trace_order)
        assert sizes == sorted(sizes, reverse=True)


async def test_a_place_is_found_by_some_letters(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await _choose(screen, "apostrophe", "divzero")
        trace = screen.scene.trace
        assert trace is not None
        assert trace.title == "divide by zero"
        await _choose(screen, "apostrophe", "bob")
        assert screen.stage.view == "registry"
        assert screen.stage.panes["registry"].cursor == "bob"
        await _choose(screen, "apostrophe", "song")
        assert screen.stage.view == "auctions"
        assert screen.scene.auction is not None
        assert screen.scene.auction.capabilities == ["song"]


async def test_a_mark_is_a_place(market_session: Session, shown: Shown) -> None:
    with market_session.lock:
        market_session.marks.put(4, "the cheap one")
    async with shown(market_session) as screen:
        await _choose(screen, "apostrophe", "cheap")
        assert screen.stage.view == "signals"
        assert screen.scene.seq == 4


async def test_names_from_the_bus_are_text(recorded: Recorded, shown: Shown) -> None:
    hostile = "[red]x[/red]\x1b[31m\u202e"
    frames = [(START, signal("TASK", "T1", "H1", payload={"input": {"text": hostile}}))]
    frames.append((START, signal("REGISTER", "R1", "H2", who=hostile, payload={"role": "neuron"})))
    async with shown(recorded(frames)) as screen:
        found = [hit async for hit in Places(screen.app.observatory).discover()]
        told = "".join(str(hit.display) for hit in found)
        assert "[red]x[/red]" in told
        assert "\x1b" not in told
        assert "\u202e" not in told
