"""The view of what is coordinated: its list, each object in full, the ways to and from it, and acting on a store."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Button

from cosmo_doppler.session import Session, Timeline
from cosmo_doppler.steward import Steward
from cosmo_doppler.tui.modals.ending import EndForm
from cosmo_doppler.tui.panes.bids import BidRows
from cosmo_doppler.tui.panes.coordination import CoordinationRows
from cosmo_doppler.tui.panes.object import ObjectLines
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import DARK, Ink
from cosmo_sdk.coordination import Task, TaskState
from tests.doppler.model.afternoon import afternoon
from tests.doppler.model.coordinating import Told
from tests.doppler.model.folding import frame
from tests.doppler.nowhere import Nowhere
from tests.doppler.tui.showing import Shown

INK = Ink(DARK)


def watching(told: Told, *, later_s: float = 1.0, kind: Any = "live") -> Session:
    """A session that saw everything that happened, and whose clock stands a little later."""
    session = Session(Nowhere(), kind=kind, title="cosmo://127.0.0.1:7070", namespace="dev")
    for at, data in told.frames():
        session.store.append(at, "cosmonapse.dev.X", data)
    now = told.clock.now_ms() / 1000 + later_s
    session.timeline = Timeline(session.store, live=True, wall=lambda: now)
    session.report("live")
    while not session.timeline.at_end:
        session.pump()
    session.pump()
    return session


@pytest.fixture
def told() -> Told:
    told = Told()
    afternoon(told)
    return told


def listed(scene: Scene, width: int = 80) -> list[str]:
    rows = CoordinationRows(scene)
    return ["".join(s.text for s in rows.row(index, width, INK)).rstrip() for index in range(rows.count())]


def full(scene: Scene, key: str, width: int = 80) -> str:
    """All that is told of an object."""
    scene.object_key = key
    pane = ObjectLines(scene)
    pane.head(width, INK)
    return "\n".join(
        "".join(s.text for s in pane.row(index, width, INK)).rstrip() for index in range(pane.count())
    )


def test_the_list_shows_every_kind_and_what_goes_on_first(told: Told) -> None:
    lines = listed(Scene(watching(told)))
    assert [line.split()[1] for line in lines if line.startswith("▾")] == [
        "Pools",
        "Tasks",
        "Negotiations",
        "Votes",
        "Auctions",
        "Delegations",
    ]
    assert lines[3] == "▾ Tasks  1 running  1 assigned  2 pending  1 failed  1 completed  1 cancelled"
    assert [line.split()[0] for line in lines[4:11]] == [
        "running",
        "assigned",
        "pending",
        "pending",
        "failed",
        "completed",
        "cancelled",
    ]
    [tree] = [lines[place:] for place, line in enumerate(lines) if "▾ Delegations" in line]
    assert [line.split("  ")[-1].strip() and line[11:24].rstrip() for line in tree[1:]][:2] == [
        "owner → ann",
        "└ ann → bob",
    ]
    assert tree[-1].startswith("void")


@pytest.mark.parametrize("width", [20, 43, 52, 80, 150])
def test_no_row_is_wider_than_its_pane(told: Told, width: int) -> None:
    scene = Scene(watching(told))
    rows, lines = CoordinationRows(scene), ObjectLines(scene)
    for index in range(rows.count()):
        assert sum(s.cell_length for s in rows.row(index, width, INK)) <= width
        scene.object_key = rows.key(index)
        lines.head(width, INK)
        assert all(
            sum(s.cell_length for s in lines.row(line, width, INK)) <= width for line in range(lines.count())
        )


def test_a_lease_counts_down_by_the_clock_of_the_session(told: Told) -> None:
    for later_s, says in ((-30.0, "left"), (5.0, "ran out, and nobody released it")):
        shown = full(Scene(watching(told, later_s=later_s)), told.key("task", "t2"))
        assert says in shown
        assert "held by    · bob  not in the registry" in shown


def test_a_negotiation_is_told_round_by_round_with_what_changed(told: Told) -> None:
    scene = Scene(watching(told))
    [key] = [key for key in scene.board.coordination.negotiations.by_key if "countered" in str(
        scene.board.coordination.negotiations.by_key[key].state)]  # fmt: skip
    shown = full(scene, key)
    assert "│ price               10 → 14" in shown
    assert "│ where               + in town" in shown
    assert "│ agreed  cat" in shown
    assert "│ waits for bob" in shown


def test_a_vote_has_bars_a_line_and_a_gauge_and_a_secret_one_is_sealed(told: Told) -> None:
    scene = Scene(watching(told))
    shown = full(scene, told.key("vote", "close at five"))
    [yes] = [line for line in shown.split("\n") if line.startswith("yes")]
    assert yes.endswith("2  67%")
    assert yes.index("│") < yes.rindex("█")
    assert "3 of 5, reached" in shown
    secret = full(scene, told.key("vote", "new foreman"))
    assert secret.count("sealed") == 6
    assert "%" not in secret
    assert "no quorum" in full(scene, told.key("vote", "buy a cat"))


def test_auctions_show_their_ladder_their_clock_and_their_locks(told: Told) -> None:
    scene = Scene(watching(told))
    english = full(scene, told.key("auction", "a-boat"))
    assert "130 by ann leads   the next bid must be at least 140" in english
    assert "1 bid did not stand" in english
    assert "the clock asks 15.5" in full(scene, told.key("auction", "a-flour"))
    assert "sealed until the award" in full(scene, told.key("auction", "a-roof"))
    assert "bob pays 52   bid 55, the price is that of cat" in full(scene, told.key("auction", "a-cart"))


def test_mirrored_auctions_stand_in_the_bid_table(told: Told) -> None:
    scene = Scene(watching(told))
    shown = {}
    for offer, auction in scene.board.auctions.items():
        scene.offer_id = offer
        pane = BidRows(scene)
        pane.stamp()
        head = ["".join(s.text for s in line).rstrip() for line in pane.head(90, INK)]
        rows = ["".join(s.text for s in pane.row(n, 90, INK)).rstrip() for n in range(pane.count())]
        shown[auction.terms.auction_id if auction.terms else ""] = head + rows
    assert shown["a-boat"][0] == "mirrored  English  highest wins   from 100   steps of 10"
    assert any("ann" in line and "130.00" in line and line.endswith("leads") for line in shown["a-boat"])
    assert sum("▒▒▒▒▒▒" in line for line in shown["a-roof"]) == 2
    assert any("its own rules decide" in line for line in shown["a-cart"])
    assert not any("explained by" in line for lines in shown.values() for line in lines)


def test_a_delegation_shows_how_scopes_narrow_and_what_ended_with_it(told: Told) -> None:
    scene = Scene(watching(told))
    grants = scene.board.coordination.grants.by_key.values()
    [shed] = [grant for grant in grants if grant.state == "revoked"]
    shown = full(scene, shed.key)
    assert "ended      revoked by owner" in shown
    assert "took along 1 delegation" in shown
    assert "└ ann → dan  shed:*  no longer mill:*  revoked" in shown
    assert "  └ dan → eve  shed:keys  no longer shed:*  void" in shown


def test_a_large_board_shows_the_latest_and_how_many_more_there_are() -> None:
    told = Told()
    for number in range(40):
        told.tasks.submit(Task(f"t{number}"))
        told.tasks.cancel_task(f"t{number}")
    scene = Scene(watching(told))
    rows = CoordinationRows(scene)
    assert rows.count() == 1 + 12 + 1
    assert "and 28 more cancelled" in listed(scene)[-1]
    rows.seek(told.key("task", "t0"))
    assert rows.index(told.key("task", "t0"), 0) is not None
    assert rows.unfold("more task cancelled")
    assert rows.count() == 41
    assert rows.fold("group task") == "group task"
    assert rows.fold("group task") == "group task"
    assert rows.count() == 1
    assert rows.unfold("group task")
    assert not rows.unfold(told.key("task", "t39"))


# -- on the screen


async def test_the_tab_is_there_only_when_there_is_something(
    told: Told, shown: Shown, market_session: Session
) -> None:
    async with shown(market_session) as screen:
        assert "9 Coordination" not in screen.text
        await screen.press("9")
        assert "Nothing is coordinated here" in screen.text
    async with shown(watching(told)) as screen:
        assert "9 Coordination" in screen.text


async def test_enter_goes_to_the_object_and_on_to_its_signals(told: Told, shown: Shown) -> None:
    async with shown(watching(told), view="coordination") as screen:
        screen.stage.go("coordination", "coordination", told.key("task", "t2"))
        await screen.settle()
        assert "oil the great wheel" in screen.text
        await screen.press("enter")
        assert screen.stage.focused == "object"
        await screen.press("G")
        seen = screen.scene.observed(screen.scene.seq)
        assert seen is not None
        assert seen.header.read_payload()["value"]["event"] == "started"
        await screen.press("enter")
        assert screen.stage.focused == "inspector"
        await screen.press("escape", "escape")
        assert screen.stage.focused == "coordination"


async def test_from_an_object_to_its_trace_and_its_auction_and_back_with_9(told: Told, shown: Shown) -> None:
    key = told.key("auction", "a-boat")
    async with shown(watching(told), view="coordination") as screen:
        screen.stage.go("coordination", "coordination", key)
        await screen.settle()
        await screen.press("b")
        assert screen.stage.view == "auctions"
        assert screen.scene.auction is not None
        assert screen.scene.auction.terms.auction_id == "a-boat"
        await screen.press("9")
        assert (screen.stage.view, screen.scene.object_key) == ("coordination", key)
        await screen.press("t")
        assert screen.stage.view == "traces"
        assert screen.scene.trace_id == screen.scene.board.coordination.find(key).trace_id
        screen.stage.go("signals", "signals", 10)
        await screen.settle()
        await screen.press("9")
        assert screen.scene.object is not None
        assert screen.scene.object.key != key


async def test_a_fault_leads_to_the_object_it_is_about(told: Told, shown: Shown) -> None:
    async with shown(watching(told, later_s=30)) as screen:
        await screen.press("e")
        assert screen.stage.view == "coordination"
        assert screen.scene.object is not None


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (160, 45), (300, 80)])
async def test_there_is_a_screen_at_every_size(told: Told, shown: Shown, size: tuple[int, int]) -> None:
    async with shown(watching(told), view="coordination", size=size) as screen:
        assert "Coordination" in screen.text
        assert all(len(line) <= size[0] for line in screen.lines)


# -- acting


async def test_without_a_store_nothing_is_done_and_it_is_said(told: Told, shown: Shown) -> None:
    async with shown(watching(told), view="coordination") as screen:
        screen.stage.go("coordination", "coordination", told.key("task", "t7"))
        await screen.press("Q")
        assert "start Doppler with --store PATH" in screen.text


async def test_a_task_is_cancelled_in_its_store_and_nobody_mirrors_it(
    told: Told, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cosmo_doppler.tui.modals.ending.PATIENCE_S", 0.2)
    session = watching(told)
    session.read_only_reason = ""
    async with shown(session, view="coordination") as screen:
        screen.app.watched.steward = Steward(told.store, "mill.db")
        screen.stage.go("coordination", "coordination", told.key("task", "t7"))
        await screen.press("Q")
        form = screen.app.screen
        assert isinstance(form, EndForm)
        while form.focused is None:
            await screen.pilot.pause(0.02)
        assert form.focused is form.query_one("#cancel", Button)
        notices: list[str] = []
        monkeypatch.setattr(screen.app, "notify", lambda message, **_: notices.append(message))
        await screen.pilot.press("ctrl+s")
        while not notices:
            await screen.pilot.pause(0.02)
        task = told.tasks.get_task("t7")
        assert task is not None
        assert task.state is TaskState.CANCELLED
        assert "nobody mirrors the store here" in notices[0]
        # The screen itself changes only when a mirror tells.
        assert screen.scene.board.coordination.find(told.key("task", "t7")).state == "pending"


async def test_what_is_in_another_store_or_over_or_read_only_is_refused(told: Told, shown: Shown) -> None:
    session = watching(told)
    async with shown(session, view="coordination") as screen:
        screen.app.watched.steward = Steward(Told().store, "other.db")
        screen.stage.go("coordination", "coordination", told.key("task", "t7"))
        for reason, says in (
            ("nothing may be sent", "nothing may be sent"),
            ("", "another store than other.db"),
        ):
            session.read_only_reason = reason
            await screen.press("Q")
            assert says in screen.text
        screen.app.watched.steward = Steward(told.store, "mill.db")
        screen.stage.go("coordination", "coordination", told.key("task", "t1"))
        await screen.press("Q")
        assert "This task is over" in screen.text


def test_an_auction_on_the_bus_shows_its_rounds_and_who_got_it() -> None:
    def coord(kind: str, **more: Any) -> dict[str, Any]:
        facts = {"v": 1, "kind": kind, "subject": "a1", "mode": "live", "auction_type": "english", **more}
        return {"coord": facts}

    def offer(number: int, **more: Any) -> bytes:
        meta = coord("auction.opened", round=number, **more)
        return frame("TASK_OFFER", f"o{number}", meta=meta, input={"text": "dig"}, deadline_ms=100)

    won = frame("TASK_AWARDED", "w", parent="b1", who="ann", meta=coord("auction.sold"), price=5.0)
    told = [
        (1.0, offer(1)),
        (1.05, frame("BID", "b1", parent="o1", who="ann", cost=5)),
        (1.2, offer(2, leading=5.0, min_next=4.0)),
        (1.4, won),
    ]
    session = Session(Nowhere(), kind="live", title="cosmo://127.0.0.1:7070", namespace="dev")
    for at, data in told:
        session.store.append(at, "cosmonapse.dev.X", data)
    session.timeline = Timeline(session.store, live=True, wall=lambda: 9.0)
    while not session.timeline.at_end:
        session.pump()
    session.timeline.board.advance(9.0)
    scene = Scene(session)
    shown = full(scene, "auction  a1")
    assert "on this bus  English  lowest wins" in shown
    assert "ann is paid 5" in shown
    assert shown.index("round 2") < shown.index("round 1")
    scene.offer_id = "evt_o2"
    pane = BidRows(scene)
    pane.stamp()
    head = ["".join(s.text for s in line).rstrip() for line in pane.head(90, INK)]
    assert "nobody bid before the window closed" in head


async def test_a_filter_shows_the_objects_its_signals_tell_of(told: Told, shown: Shown) -> None:
    session = watching(told)
    async with shown(session, view="coordination", size=(160, 50)) as screen:
        rows = screen.stage.panes["coordination"].source
        whole, every = len(session.timeline.board.coordination), rows.count()
        screen.app.observatory.narrow("coord:vote or coord.event:claimed")
        await screen.settle()
        shown_now = [rows.key(index) for index in range(rows.count())]
        assert {key.split()[0] for key in shown_now if not key.startswith("group")} == {"vote", "task"}
        found = [key for key in shown_now if not key.startswith("group")]
        assert f"{len(found)} of {whole} objects" in screen.text
        assert f"{len(found)} of {whole} match" in screen.text
        # Folded and unfolded as without a filter.
        assert rows.fold("group task") == "group task"
        assert not [key for key in map(rows.key, range(rows.count())) if key.startswith("task ")]
        assert rows.unfold("group task")
        screen.app.observatory.narrow("coord:vote type:HEARTBEAT")
        await screen.settle()
        assert f"0 of {whole} match" in screen.text
        await screen.press("escape")
        assert rows.count() == every


async def test_what_happens_later_joins_those_that_match(told: Told, shown: Shown) -> None:
    session = watching(told)
    async with shown(session, view="coordination", size=(160, 50)) as screen:
        screen.app.observatory.narrow("coord:task")
        await screen.settle()
        late = told.key("task", "late-one")
        assert late not in screen.scene.filtering.objects
        seen = len(list(told.frames()))
        told.tasks.submit(Task(id="late-one", objective="come late"))
        for at, data in list(told.frames())[seen:]:
            session.store.append(at, "cosmonapse.dev.X", data)
        await screen.settle()
        rows = screen.stage.panes["coordination"].source
        assert late in [rows.key(index) for index in range(rows.count())]
