"""What the screen says of what can be done: help, palette, forms, buses that are away; and how one leaves."""

from __future__ import annotations

from typing import Any

import pytest

from cosmo_bus.client import BusClient
from cosmo_bus.testing import running_bus
from cosmo_doppler.session import Session
from cosmo_doppler.session.live import open_live
from cosmo_doppler.tui.actions import ACTIONS
from cosmo_doppler.tui.modals import flows
from cosmo_doppler.tui.palette import ObservatoryCommands
from cosmo_doppler.tui.placard import Said
from tests.doppler.tui.market import TRACES
from tests.doppler.tui.showing import Shown


@pytest.mark.parametrize("key", ["O", "S", "A"])
async def test_a_recording_says_why_nothing_can_be_sent(
    market_session: Session, shown: Shown, key: str
) -> None:
    async with shown(market_session) as screen:
        await screen.press(key)
        assert market_session.read_only_reason in screen.lines[-1]


async def test_help_lists_every_key(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(160, 90)) as screen:
        await screen.press("question_mark")
        assert "In traces" in screen.text
        for entry in ACTIONS:
            assert entry.help in screen.text, entry.name
        await screen.press("escape")
        assert "Go deeper" not in screen.text


async def test_the_palette_finds_commands_and_traces(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("ctrl+p", *"figures")
        await screen.app.workers.wait_for_complete()
        await screen.press("down", "enter")
        await screen.app.workers.wait_for_complete()
        await screen.settle()
        assert screen.scene.trace_id == TRACES[0]


async def test_the_palette_says_what_cannot_be_done_now(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        palette = ObservatoryCommands(screen.app.observatory)
        told = [str(hit.display) async for hit in palette.discover()]
        record = next(text for text in told if "Record what a bus says" in text)
        assert record.endswith("not now: this is a recording already")
        offer = next(text for text in told if "Offer a task to whoever bids" in text)
        assert f"not now: {market_session.read_only_reason[:20]}" in offer
        assert "not now" not in next(text for text in told if "Show traces" in text)
        hits = sorted([hit async for hit in palette.search("record")], key=lambda hit: -hit.score)
        assert "not now" not in str(hits[0].match_display)


async def test_the_palette_has_what_no_key_has(market_session: Session, shown: Shown) -> None:
    async def choose(text: str) -> None:
        hits = [hit async for hit in ObservatoryCommands(screen.app.observatory).search(text)]
        max(hits, key=lambda hit: hit.score).command()
        await screen.settle()

    async with shown(market_session, size=(160, 60)) as screen:
        await choose("theme contrast")
        assert screen.app.look.theme == "contrast"
        assert screen.app.theme == "doppler-contrast"
        await choose("hide the pane registry")
        assert "registry" not in screen.stage.shown
        await choose("show the pane registry")
        assert "registry" in screen.stage.shown
        await choose("open a recording ...")
        assert screen.app.observatory.prompt.asking
        assert ":open" in "".join(screen.lines).replace(" ", "")
        await screen.press("escape")
        await choose("how doppler itself")
        assert "signals" in screen.lines[-1]
        assert "memory" in screen.lines[-1]


async def test_q_and_ctrl_q_leave(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(80, 24)) as screen:
        await screen.press("enter", "enter", "q")
        assert screen.app.is_running
        assert screen.stage.alone is None
        await screen.pilot.press("q")
        assert screen.app._exit


async def test_an_unreachable_bus_says_how_to_start_one(silent_session: Session, shown: Shown) -> None:
    silent_session.report("unreachable", detail="nothing listens there", attempt=3, retry_in_s=60)
    async with shown(silent_session) as screen:
        for said in (
            "UNREACHABLE",
            "cosmo://127.0.0.1:7070",
            "nothing listens there",
            "cosmo synapse start memory -n dev",
            "attempt 3, trying again in",
        ):
            assert said in screen.text


async def test_a_bus_that_does_not_let_us_in_is_not_one_to_start(
    silent_session: Session, shown: Shown
) -> None:
    silent_session.report("unreachable", detail="it asks for a token", attempt=1, retry_in_s=60)
    async with shown(silent_session) as screen:
        assert "Not connected to cosmo://127.0.0.1:7070" in screen.text
        assert "it asks for a token" in screen.text
        assert "synapse start" not in screen.text


async def test_a_silent_bus_says_what_would_be_here(silent_session: Session, shown: Shown) -> None:
    async with shown(silent_session) as screen:
        assert "nothing has been said yet" in screen.text
        assert "LIVE" in screen.lines[0]
        silent_session.ingest(
            "cosmonapse.dev.TASK",
            b'{"v":"1","id":"evt_A","trace_id":"trc_B","type":"TASK","payload":{"input":{"text":"hello"}},"ts":"2026-01-01T00:00:00Z"}',
        )
        await screen.settle()
        assert "nothing has been said yet" not in screen.text
        assert "hello" in screen.text


async def test_that_we_asked_who_is_there_is_no_word_of_anybody(
    silent_session: Session, shown: Shown
) -> None:
    silent_session.ingest(
        "cosmonapse.dev.DISCOVER",
        b'{"v":"1","id":"evt_A","trace_id":"trc_B","type":"DISCOVER","payload":{},"ts":"2026-01-01T00:00:00Z"}',
    )
    async with shown(silent_session) as screen:
        assert "though whoever is there was asked to (DISCOVER)" in screen.text
        screen.app.observatory.elsewhere = [Said("quiet", 0), Said("prod", 7), Said("[/nope]", 571)]
        await screen.settle()
        assert "This bus has heard of [/nope] (571 signals), prod (7 signals)" in screen.text
        assert ":attach cosmo://127.0.0.1:7070 [/nope] watches it" in screen.text


async def test_a_silent_bus_is_asked_where_something_is_said(shown: Shown) -> None:
    async with running_bus() as bus:
        client = BusClient(bus.url)
        await client.connect()
        bus.announce("prod", lambda: None)
        client.publish("cosmonapse.prod.TASK", b"{}")
        await client.flush()
        session = open_live(bus.url, "dev")
        async with shown(session) as screen:
            deck = screen.app.observatory
            await deck._ask_elsewhere(bus.url)
            assert deck.elsewhere == [Said("prod", 1)]
        await client.close()


async def test_acting_opens_the_form_of_the_selected_thing(
    silent_session: Session, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Any, ...]] = []

    async def form(*given: Any, **_: Any) -> None:
        opened.append(given[2:])

    for name in ("compose_offer", "confirm_stop", "answer_request"):
        monkeypatch.setattr(flows, name, form)
    async with shown(silent_session) as screen:
        await screen.press("O")
        await screen.press("S")
        assert opened == [()]
        assert "Select the trace" in screen.text
        silent_session.ingest(
            "cosmonapse.dev.TASK",
            b'{"v":"1","id":"evt_A","trace_id":"trc_B","type":"TASK","payload":{"input":{"text":"hello"}},"ts":"2026-01-01T00:00:00Z"}',
        )
        await screen.settle()
        await screen.press("S", "A")
        assert opened == [(), ("trc_B",), (None,)]


async def test_offering_again_says_what_is_missing(
    silent_session: Session, market_session: Session, shown: Shown
) -> None:
    async with shown(silent_session) as screen:
        await screen.press("R")
        assert "Select an auction first" in screen.text
    async with shown(market_session, view="auctions") as screen:
        await screen.press("R")
        assert "this is a recording" in screen.text


async def test_ctrl_q_quits_above_every_other_screen(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("question_mark")
        await screen.pilot.press("ctrl+q")
        assert screen.app._exit


async def test_ctrl_c_ends_it_like_any_other_command(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.pilot.press("ctrl+c")
        assert screen.app._exit
