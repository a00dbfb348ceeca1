"""Every key, on a replayed market."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui import modals
from cosmo_doppler.tui.actions import ACTIONS
from cosmo_doppler.tui.palette import ObservatoryCommands
from cosmo_doppler.tui.theme import LIGHT_NAME
from tests.doppler.tui.conftest import START

OFFER1 = "evt_" + "OFFER1".rjust(26, "0")
OFFER2 = "evt_" + "OFFER2".rjust(26, "0")
TRACES = ["trc_" + name.rjust(26, "0") for name in ("ONE", "TWO", "THREE")]
Shown = Callable[..., Any]


async def test_numbers_switch_views(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        for key, view in zip("12345", ("traces", "auctions", "registry", "inbox", "signals"), strict=True):
            await screen.press(key)
            assert screen.stage.view == view
            assert screen.stage.focused == view
            assert view.capitalize() in screen.text


async def test_the_newest_trace_is_selected_and_shown_as_a_tree(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        assert screen.scene.trace_id == TRACES[2]
        await screen.press("G")
        assert screen.scene.trace_id == TRACES[0]
        tree = screen.text
        assert "└╴TASK_DECLINED" in tree or "└╴TASK_DECLINED".replace("└╴", "└╴") in tree
        assert "CLARIFICATION" in tree
        assert "which year?" in tree


async def test_motions_move_the_cursor(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        pane = screen.stage.panes["signals"]
        for key, cursor in (
            ("g", 0),
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("G", 12),
            ("home", 0),
            ("end", 12),
        ):
            await screen.press(key)
            assert pane.cursor == cursor, key
        await screen.press("g", "ctrl+d")
        assert pane.cursor == 12
        await screen.press("ctrl+u")
        assert pane.cursor == 0
        await screen.press("pagedown")
        assert pane.cursor == 12
        await screen.press("pageup")
        assert pane.cursor == 0


async def test_enter_goes_deeper_and_escape_back(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(80, 24)) as screen:
        await screen.press("enter")
        assert screen.stage.focused == "pathway"
        await screen.press("enter")
        assert screen.stage.alone == "inspector"
        assert "envelope" in screen.text
        await screen.press("escape")
        assert (screen.stage.alone, screen.stage.focused) == (None, "pathway")
        await screen.press("escape")
        assert screen.stage.focused == "traces"
        await screen.press("escape")
        assert screen.stage.focused == "traces"


async def test_in_a_tiny_terminal_enter_and_escape_walk_single_panes(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, size=(50, 14)) as screen:
        for key, pane in (
            ("enter", "pathway"),
            ("enter", "inspector"),
            ("escape", "pathway"),
            ("escape", "traces"),
        ):
            await screen.press(key)
            assert screen.stage.shown == [pane]
            assert screen.stage.focused == pane


async def test_tab_walks_the_panes_and_back(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        walked = []
        for _ in range(4):
            await screen.press("tab")
            walked.append(screen.stage.focused)
        assert walked == ["pathway", "registry", "inspector", "traces"]
        await screen.press("shift+tab")
        assert screen.stage.focused == "inspector"


async def test_zoom_gives_one_pane_all_the_room_and_takes_it_back(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        await screen.press("tab", "z")
        assert screen.stage.shown == ["pathway"]
        await screen.press("z")
        assert len(screen.stage.shown) == 4
        assert screen.stage.focused == "pathway"


async def test_any_selected_row_is_inspected(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("g")
        assert screen.scene.seq == 0
        assert "Signal  REGISTER" in screen.text
        await screen.press("1", "G", "enter", "j")
        assert "Signal  BID" in screen.text
        await screen.press("2", "G", "enter", "j")
        assert "0.002" in screen.text


async def test_jumps_lead_to_trace_auction_and_parent(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("g", *"jjjjj")
        await screen.press("t")
        assert (screen.stage.view, screen.stage.focused) == ("traces", "pathway")
        assert screen.scene.trace_id == TRACES[0]
        assert screen.scene.seq == 5
        await screen.press("p")
        assert screen.scene.seq == 3
        await screen.press("b")
        assert (screen.stage.view, screen.scene.offer_id) == ("auctions", OFFER1)
        await screen.press("5", "g", "t")
        assert "belongs to no trace" in screen.text
        assert screen.stage.view == "signals"


async def test_the_bid_table_says_who_would_have_won(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="auctions", select="OFFER1", size=(160, 40)) as screen:
        text = screen.text
        assert "awarded to bob" in text
        assert "explained by  lowest_cost or highest_confidence" in text
        row = next(line for line in screen.lines if " ada " in line and "declined" in line)
        assert row.split("declined")[1].split()[:3] == ["1", "2", "2"]


async def test_copy_takes_the_frame_as_it_arrived(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("g", "y")
        assert screen.app.clipboard == market_session.store.frame(0).decode()
        assert "Copied" in screen.text


async def test_steps_move_the_playhead(market_session: Session, shown: Shown) -> None:
    timeline = market_session.timeline
    async with shown(market_session) as screen:
        await screen.press("circumflex_accent")
        assert timeline.position == 0
        assert "No trace yet" in screen.text
        await screen.press("]", "]", "]", "]")
        assert timeline.position == 4
        assert screen.scene.board.trace_order == [TRACES[0]]
        await screen.press("[")
        assert timeline.position == 3
        await screen.press("L")
        assert timeline.position == timeline.length == 13


async def test_rounds_move_the_playhead_from_offer_to_offer(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="auctions") as screen:
        await screen.press("circumflex_accent", "}")
        assert (market_session.timeline.position, screen.scene.offer_id) == (4, OFFER1)
        await screen.press("}")
        assert (market_session.timeline.position, screen.scene.offer_id) == (12, OFFER2)
        await screen.press("}")
        assert "No later auction" in screen.text
        await screen.press("{")
        assert (market_session.timeline.position, screen.scene.offer_id) == (4, OFFER1)


async def test_rounds_move_from_trace_to_trace(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("circumflex_accent")
        for trace in TRACES:
            await screen.press("}")
            assert screen.scene.trace_id == trace
        await screen.press("{")
        assert screen.scene.trace_id == TRACES[1]


async def test_speed_and_pause(market_session: Session, shown: Shown) -> None:
    timeline = market_session.timeline
    async with shown(market_session) as screen:
        await screen.press("circumflex_accent", ">")
        assert timeline.speed == 2
        await screen.press("<", "<")
        assert timeline.speed == 0.5
        await screen.press("space")
        assert timeline.playing
        assert "REPLAY" in screen.lines[0]
        await screen.press("space")
        assert not timeline.playing
        assert "PAUSED" in screen.lines[0]


async def test_follow_is_a_key_and_shown(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        assert "following" in screen.text
        await screen.press("f")
        assert "following" not in screen.text


async def test_the_theme_changes_everywhere(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("ctrl+t")
        assert screen.app.theme == LIGHT_NAME
        assert "#fbfaf7" in screen.app.export_screenshot()
        assert "#11141a" not in screen.app.export_screenshot()


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


async def test_tabs_and_the_track_can_be_clicked(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.pilot.click("#tabs", offset=(screen.lines[1].index("Auctions"), 0))
        await screen.settle()
        assert screen.stage.view == "auctions"
        line = next(line for line in screen.lines if "●─" in line or "━●" in line)
        await screen.pilot.click("#replay", offset=(line.index("━") + 2, 0))
        await screen.settle()
        assert market_session.timeline.position < 3


async def test_selecting_by_the_end_of_an_id(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, select="0ONE") as screen:
        assert screen.scene.trace_id == TRACES[0]


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


async def test_acting_opens_the_form_of_the_selected_thing(
    silent_session: Session, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Any, ...]] = []

    async def form(*given: Any, **_: Any) -> None:
        opened.append(given[2:])

    for name in ("compose_offer", "confirm_stop", "answer_request"):
        monkeypatch.setattr(modals, name, form)
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


async def test_nothing_is_painted_while_nothing_changes(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.settle()
        before = {name: pane.rendered_rows for name, pane in screen.stage.panes.items()}
        for _ in range(20):
            screen.app.observatory.turn()
        await screen.pilot.pause()
        assert {name: pane.rendered_rows for name, pane in screen.stage.panes.items()} == before


async def test_pausing_a_live_session_shows_how_far_behind_it_is(
    silent_session: Session, shown: Shown
) -> None:
    frame = b'{"v":"1","id":"evt_%d","trace_id":"trc_B","type":"TASK","payload":{"input":{}},"ts":"2026-01-01T00:00:00Z"}'
    async with shown(silent_session) as screen:
        silent_session.ingest("cosmonapse.dev.TASK", frame % 1)
        await screen.settle()
        await screen.press("space")
        silent_session.ingest("cosmonapse.dev.TASK", frame % 2)
        await screen.settle()
        assert "PAUSED" in screen.lines[0]
        assert "1 of 2" in screen.text
        await screen.press("L")
        assert "LIVE" in screen.lines[0]
        assert silent_session.timeline.position == 2


async def test_a_selected_row_far_down_is_scrolled_into_view(
    recorded: Callable[..., Session], signal_frame: Callable[..., dict[str, Any]], shown: Shown
) -> None:
    frames = [
        (
            float(n),
            signal_frame("TASK", f"N{n}", f"T{n}", who="ada", payload={"input": {"text": f"task {n}"}}),
        )
        for n in range(60)
    ]
    async with shown(recorded(frames), select="0T7", size=(80, 24)) as screen:
        assert any("task 7" in line and "▎" in line for line in screen.lines)


async def test_ctrl_q_quits_above_every_other_screen(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("question_mark")
        await screen.pilot.press("ctrl+q")
        assert screen.app._exit


async def test_ctrl_c_ends_it_like_any_other_command(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.pilot.press("ctrl+c")
        assert screen.app._exit


async def test_the_footer_of_a_recording_offers_time_and_not_what_needs_a_bus(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        footer = screen.lines[-1]
        assert "space pause" in footer
        assert "] step" in footer
        assert "> faster" in footer
        assert "offer" not in footer


async def test_what_is_cut_off_in_figures_can_be_read_whole(
    recorded: Callable[[Iterable[tuple[float, Any]]], Session],
    signal_frame: Callable[..., dict[str, Any]],
    shown: Shown,
) -> None:
    long = "a-worker-with-a-name-that-no-column-of-figures-has-room-for"
    offer = signal_frame("TASK_OFFER", "O1", "ONE", payload={"capabilities": ["x"], "deadline_ms": 100})
    bid = signal_frame("BID", "B1", "ONE", parent="O1", who=long, payload={"cost": 1})
    award = signal_frame("TASK_AWARDED", "A1", "ONE", parent="B1", who=long)
    session = recorded([(START, offer), (START + 0.01, bid), (START + 0.1, award)])
    async with shown(session, view="metrics", size=(100, 40)) as screen:
        assert long not in screen.text
        pane = screen.stage.panes["metrics"]
        with screen.scene.session.lock:
            lines = [pane.source.copied(key) for key in range(pane.source.count())]
        place = next(number for number, line in enumerate(lines) if long in line)
        await screen.press("g", *("j" for _ in range(place)), "enter")
        assert long in screen.lines[-1]
        assert screen.stage.focused == "metrics"


async def test_a_line_of_the_graph_leads_to_its_latest_signal(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="topology", size=(200, 60)) as screen:
        await screen.press("g", "j")
        pane = screen.stage.panes["topology"]
        with screen.scene.session.lock:
            seq, told = pane.source.sequence(pane.cursor), pane.source.copied(pane.cursor)
        assert seq is not None
        assert "→" in told
        await screen.press("enter")
        assert screen.stage.focused == "inspector"
        assert screen.scene.seq == seq


async def test_a_drag_along_the_time_axis_zooms_it(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(200, 60)) as screen:
        await screen.press("g", "j", "j")
        pathway = screen.stage.panes["pathway"]
        header = next(y for y in range(pathway.region.y, pathway.region.y + 4) if " who " in screen.lines[y])
        before = screen.lines[header]
        left, right = pathway.region.right - 30, pathway.region.right - 10
        await screen.pilot.mouse_down(offset=(left, header))
        await screen.pilot.mouse_up(offset=(right, header))
        await screen.settle()
        assert screen.lines[header] != before
        await screen.press("0")
        assert screen.lines[header] == before
