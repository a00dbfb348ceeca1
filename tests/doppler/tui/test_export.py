"""Writing a part of what is seen."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import pytest

from cosmo_bus.recording import read_recording
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.export import ExportForm, unused
from tests.doppler.tui.showing import Shown, write


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "taken.md").write_text("mine")


async def open_form(screen: Any, *, line: str = "") -> ExportForm:
    if line:
        await write(screen, line)
        await screen.press("enter")
    else:
        await screen.press("x")
    async with asyncio.timeout(60):
        while not isinstance(screen.app.screen, ExportForm) or screen.app.screen.focused is None:
            await screen.pilot.pause(0.01)
    form: ExportForm = screen.app.screen
    return form


async def finished(screen: Any) -> None:
    async with asyncio.timeout(60):
        await screen.app.workers.wait_for_complete()
    await screen.settle()


def written(name: str) -> str:
    return Path(name).read_text()


async def test_the_selected_trace_is_proposed_and_written(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, select="ONE") as screen:
        await open_form(screen)
        assert "● this trace" in screen.text
        await screen.press("ctrl+s")
        await finished(screen)
        assert "Wrote trace-00000ONE.ndjson" in screen.text
        assert len(list(read_recording(Path("trace-00000ONE.ndjson")))) == 6


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("export", "trace-00000ONE.ndjson"),
        ("export otlp", "trace-00000ONE.json"),
        ("export md", "trace-00000ONE.md"),
        ("export csv", "session.csv"),
        ("export svg", "doppler.svg"),
    ],
)
async def test_a_command_begins_with_what_can_be_written_so(
    market_session: Session, shown: Shown, line: str, name: str
) -> None:
    async with shown(market_session, select="ONE") as screen:
        await open_form(screen, line=line)
        assert name in screen.text
        await screen.press("ctrl+s")
        await finished(screen)
        assert f"Wrote {name}" in screen.text


async def test_bids_of_everything(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="auctions") as screen:
        form = await open_form(screen)
        form.query_one("#thing").choose("everything")  # type: ignore[attr-defined]
        form.query_one("#kind").choose("md")  # type: ignore[attr-defined]
        await screen.settle()
        assert "A page is about one trace or one auction" in screen.text
        form.query_one("#kind").choose("csv")  # type: ignore[attr-defined]
        await screen.settle()
        await screen.press("ctrl+s")
        await finished(screen)
        rows = list(csv.DictReader(io.StringIO(written("session.csv"))))
        assert [row["bidder"] for row in rows] == ["ada", "bob", ""]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_auction_becomes_a_test_that_passes(
    market_session: Session, shown: Shown, size: tuple[int, int]
) -> None:
    async with shown(market_session, view="auctions", select="OFFER1", size=size) as screen:
        form = await open_form(screen)
        assert "● this auction" in screen.text
        form.query_one("#thing").choose("trace")  # type: ignore[attr-defined]
        form.query_one("#kind").choose("py")  # type: ignore[attr-defined]
        await screen.settle()
        assert "A pytest file is about one auction" in screen.text
        form.query_one("#thing").choose("auction")  # type: ignore[attr-defined]
        await screen.settle()
        assert "● a pytest file" in screen.text
        await screen.press("ctrl+s")
        await finished(screen)
    text = written("test_auction_00offer1.py")
    assert "bob" in text
    scope: dict[str, Any] = {}
    exec(compile(text, "test_auction_00offer1.py", "exec"), scope)
    tests = [each for name, each in scope.items() if name.startswith("test_")]
    assert len(tests) == 1
    await asyncio.to_thread(tests[0])


async def test_without_an_auction_no_test_is_offered(recorded: Any, shown: Shown, signal_frame: Any) -> None:
    session = recorded([(1_790_000_000.0, signal_frame("TASK", "T", "ONE", payload={"input": {}}))])
    async with shown(session, select="ONE") as screen:
        await open_form(screen)
        assert "a pytest file" not in screen.text


async def test_the_screen_is_a_picture_without_the_form(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        form = await open_form(screen)
        form.query_one("#thing").choose("screen")  # type: ignore[attr-defined]
        await screen.settle()
        await screen.press("ctrl+s")
        await finished(screen)
        picture = written("doppler.svg")
        assert picture.startswith("<svg")
        assert "Pathway" in picture
        assert "ctrl+s" not in picture


async def test_what_exists_is_not_replaced(market_session: Session, shown: Shown) -> None:
    assert unused(Path("taken.md")) == Path("taken-2.md")
    async with shown(market_session, select="ONE") as screen:
        form = await open_form(screen)
        form.query_one("#path").value = "taken.md"  # type: ignore[attr-defined]
        await screen.settle()
        assert "taken.md exists" in screen.text
        await screen.press("ctrl+s")
        assert screen.app.screen is form
    assert written("taken.md") == "mine"
