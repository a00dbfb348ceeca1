"""The one screen: views, panes, selection, jumps and the mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cosmo_doppler.session import Session
from cosmo_doppler.tui.theme import LIGHT_NAME
from tests.doppler.tui.market import OFFER1, START, TRACES
from tests.doppler.tui.showing import Shown


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


async def test_the_theme_changes_everywhere(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("ctrl+t")
        assert screen.app.theme == LIGHT_NAME
        assert "#fbfaf7" in screen.app.export_screenshot()
        assert "#11141a" not in screen.app.export_screenshot()


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


async def test_nothing_is_painted_while_nothing_changes(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.settle()
        before = {name: pane.rendered_rows for name, pane in screen.stage.panes.items()}
        for _ in range(20):
            screen.app.observatory.turn()
        await screen.pilot.pause()
        assert {name: pane.rendered_rows for name, pane in screen.stage.panes.items()} == before


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
        # Inside the axis, which begins with its zero.
        zero = before.index(" 0 ", before.index(" says ")) + 1
        left, right = zero + 5, zero + 20
        await screen.pilot.mouse_down(offset=(left, header))
        await screen.pilot.mouse_up(offset=(right, header))
        await screen.settle()
        assert screen.lines[header] != before
        await screen.press("0")
        assert screen.lines[header] == before


async def test_a_key_in_the_footer_can_be_clicked(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        position = market_session.timeline.position
        await screen.pilot.click("#keys", offset=(screen.lines[-1].index("[ ]"), 0))
        await screen.settle()
        assert market_session.timeline.position == position - 1
        await screen.pilot.click("#keys", offset=(screen.lines[-1].index("] step"), 0))
        await screen.settle()
        assert market_session.timeline.position == position
        await screen.pilot.click("#keys", offset=(screen.lines[-1].index("? help"), 0))
        await screen.settle()
        assert "In traces" in screen.text
