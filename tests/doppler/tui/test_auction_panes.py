"""The bids of an auction, what is said about them, and who would have won otherwise: row by row and on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.model.market.suppose import Supposition, suppose
from cosmo_doppler.session import Session
from cosmo_doppler.tui.panes.auctions import AuctionRows
from cosmo_doppler.tui.panes.bids import BidRows
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import DARK, Ink
from cosmo_doppler.tui.widgets.columns import place
from cosmo_sdk.bidding import read_bid

Recorded = Callable[..., Session]
SignalFrame = Callable[..., dict[str, Any]]
INK = Ink(DARK)
BEGIN = 1_790_000_000.0

ROUND = (
    ("s-b", 0.0061, {"cost": 0.005, "eta_ms": 120, "confidence": 0.81}),
    ("s-a", 0.0098, {"cost": 0.002, "eta_ms": 300, "confidence": 0.92}),
    ("s-c", 0.0140, {"cost": 0.0041, "eta_ms": 210, "confidence": 0.97}),
    ("s-d", 0.2613, {"cost": 0.001, "eta_ms": 900, "confidence": 0.99}),
)


@pytest.fixture
def auction(signal_frame: SignalFrame, recorded: Recorded) -> Callable[..., Scene]:
    """A scene with one auction selected, of rounds that follow each other by ten seconds."""

    def build(*rounds: Any, winner: int | None = 1, meta: Any = None, **offer: Any) -> Scene:
        frame, frames = signal_frame, []
        for number, bids in enumerate(rounds or (ROUND,)):
            offered, begin = f"O{number}", BEGIN + 10 * number
            asked = {"input": {"text": "sum"}, "capabilities": ["sum"], "deadline_ms": 250, **offer}
            frames.append((begin, frame("TASK_OFFER", offered, "T", payload=asked, meta=meta)))
            for index, (who, after, payload, *more) in enumerate(bids):
                bid = frame(
                    "BID",
                    f"B{number}{index}",
                    "T",
                    parent=offered,
                    who=who,
                    payload=payload,
                    meta=meta or (more[0] if more else None),
                )
                frames.append((begin + after, bid))
            if winner is not None:
                award = frame(
                    "TASK_AWARDED",
                    f"W{number}",
                    "T",
                    parent=f"B{number}{winner}",
                    who=bids[winner][0],
                    payload={},
                )
                frames.append((begin + 0.251, award))
                for index, (who, after, *_) in enumerate(bids):
                    if index != winner and after < 0.25:
                        lost = frame(
                            "TASK_DECLINED",
                            f"D{number}{index}",
                            "T",
                            parent=f"B{number}{index}",
                            who=who,
                            payload={"reason": "not selected"},
                        )
                        frames.append((begin + 0.252, lost))
        frames.append(
            (BEGIN + 10 * len(rounds or (ROUND,)) + 5, frame("HEARTBEAT", "H", "M", who="s-a", payload={}))
        )
        scene = Scene(recorded(sorted(frames, key=lambda each: each[0])))
        scene.offer_id = scene.board.auction_order[0]
        return scene

    return build


def lines(pane: BidRows | AuctionRows, width: int = 120) -> list[str]:
    """A pane as text: its head, then its rows."""
    head = ["".join(segment.text for segment in each).rstrip() for each in pane.head(width, INK)]
    rows = ["".join(segment.text for segment in pane.row(index, width, INK)) for index in range(pane.count())]
    assert all(len(row) <= width for row in rows)
    return [*head, *(row.rstrip() for row in rows)]


def test_the_table_aligns_its_figures_and_names_every_state(auction: Callable[..., Scene]) -> None:
    shown = lines(BidRows(auction()))
    assert shown == [
        "needs sum   window 250 ms",
        "awarded to s-a after 251 ms",
        "",
        " #  bidder                       after     cost      eta  conf  state      first  cheap  sure",
        " 1  s-b                         6.1 ms   0.0050   120 ms  0.81  declined       1      3     3",
        " 2  s-a                         9.8 ms   0.0020   300 ms  0.92  WON            2      1     2",
        " 3  s-c                        14.0 ms   0.0041   210 ms  0.97  declined       3      2     1",
        " 4  s-d                       261.3 ms   0.0010   900 ms  0.99  late           –      –     –",
        "",
        "explained by  lowest_cost  nobody asked less",
        "              not first_bid: the award waited for the window",
        "              not highest_confidence: s-c said 0.97",
        "against best  cost best   eta +180 ms   confidence -0.05",
        "margin        51% cheaper  than s-c, the cheapest other bid",
        "window        9.8 ms  would have been enough for the same winner",
        "! late        s-d  came 11.3 ms too late to win on cost; it got no TASK_DECLINED: its reservation may still be held",
    ]


def test_a_window_that_stands_still_says_so(auction: Callable[..., Scene]) -> None:
    # Only a released SDK writes an empty meta, and its window does not stand still.
    scene = auction((), winner=None, meta={"asked": "by ours"})
    asked = scene.auction
    assert asked is not None
    asked.state = "open"
    asked.stand_still(asked.opened_at + 0.05)
    pane = BidRows(scene)
    assert "200 ms left, standing still" in lines(pane)[1]
    said = ["".join(text for text, _ in cell) for cell in pane.empty(INK)]
    assert said == ["No bid yet", "something of it is held at a gate; its window stands still"]


def test_where_the_winner_is_ambiguous_the_reach_of_reordering_is_said(auction: Callable[..., Scene]) -> None:
    bids = (
        ("s-a", 0.01, {"cost": 0.5, "confidence": 0.9}),
        ("s-b", 0.25, {"cost": 0.1, "confidence": 0.2}),
    )
    shown = lines(BidRows(auction(bids, winner=0)))
    assert "explained by  lowest_cost or highest_confidence  ambiguous" in shown
    reach = "within 100 ms of each other or of the end reached the producer in another order"
    assert f"              lowest_cost only if bids {reach}" in shown


def test_the_running_verdict_and_the_rounds_of_a_trace_are_said(auction: Callable[..., Scene]) -> None:
    shown = lines(BidRows(auction(ROUND, ROUND, ROUND)))
    assert "so far        lowest_cost  explains 3 of 3 rounds of who asks for sum" in shown
    assert "round         1 of 3  offers on this trace" in shown


def test_ties_default_bidders_and_bad_bids_are_named(auction: Callable[..., Scene]) -> None:
    free = {"cost": 0.0, "confidence": 1.0}
    bids = (
        ("a", 0.01, free, {"auto_bid": True}),
        ("b", 0.02, free),
        ("c", 0.03, {"cost": "free"}),
        ("d", 0.04, {"cost": 1}),
        ("d", 0.05, {"cost": 2}, {"cosmo.instance": "i"}),
    )
    shown = lines(BidRows(auction(bids, winner=0)))
    assert "tie           b  said the same cost; the earlier bid goes first" in shown
    assert "! auto        the default bidder won: it always says cost 0 and confidence 1" in shown
    assert "! invalid     c  cost is not a finite number" in shown
    assert "duplicate     d  another host of that name had bid; its bid stands" in shown
    assert any("a auto" in line for line in shown)


def test_a_mirrored_auction_is_told_from_a_live_one(auction: Callable[..., Scene]) -> None:
    told = {"coord": "auction", "auction_id": "x", "auction_type": "vickrey"}
    bids = (("coord:ann", 0.01, {"sealed": True}), ("coord:bob", 0.02, {"sealed": True}))
    scene = auction(bids, winner=None, meta={"coord": {"v": 1, "mode": "mirror"}}, input=told)
    shown = lines(BidRows(scene))
    assert shown[0] == "mirrored  vickrey  highest wins"
    assert sum("sealed" in line for line in shown) == 2
    assert not any("coord:" in line for line in shown)
    [_, row] = lines(AuctionRows(scene))
    assert {"mirrored", "vickrey"} <= set(row.split())


@pytest.mark.parametrize(("winner", "said"), [("coord:bo", True), ("coord:barbara", False)])
def test_a_narrow_list_says_mirrored_whole_or_not_at_all(
    auction: Callable[..., Scene], winner: str, said: bool
) -> None:
    told = {"coord": "auction", "auction_id": "x", "auction_type": "vickrey"}
    scene = auction(((winner, 0.01, {}),), winner=0, meta={"coord": {"v": 1, "mode": "mirror"}}, input=told)
    row = lines(AuctionRows(scene), 42)[1]
    assert winner.removeprefix("coord:") in row
    assert ("mirrored" in row, "…" in row) == (said, False)


def test_the_list_says_who_won_by_how_much_and_why(auction: Callable[..., Scene]) -> None:
    [_, row] = lines(AuctionRows(auction()))
    assert row.split()[2:9] == ["awarded", "4", "250", "ms", "s-a", "-51%", "cost"]


def test_a_long_window_is_listed_whole(auction: Callable[..., Scene]) -> None:
    [_, row] = lines(AuctionRows(auction(deadline_ms=25_000)))
    assert row.split()[4:6] == ["25.0", "s"]


def test_nothing_is_instead_of_a_winner_that_there_is_not_yet(auction: Callable[..., Scene]) -> None:
    pane = BidRows(auction(ROUND, winner=None))
    assert pane.look("next")
    pane.stamp()
    shown = lines(pane)
    assert any("first_bid" in line and "s-b" in line for line in shown)
    assert not any("instead" in line for line in shown)


def test_what_if_shows_every_rule_the_curve_and_the_session(auction: Callable[..., Scene]) -> None:
    pane = BidRows(auction(ROUND, ROUND))
    assert pane.look("next")
    pane.stamp()
    shown = lines(pane)
    table = {line.split()[0]: line for line in shown if line}
    assert "s-b" in table["first_bid"]
    assert "instead" in table["first_bid"]
    assert "instead" not in table["lowest_cost"]
    assert table["first_bid"].split()[-1] == "0/2"
    assert table["second_price"].split()[2:4] == ["0.0020", "0.0041"]
    curve = next(line for line in shown if line.startswith("lowest_cost") and "├" in line)
    assert "┃" in curve
    assert "├s-a─" in curve
    assert curve.endswith("  s-a")
    assert "session             2 of 2 auctions, 2 awarded" in shown
    assert "shortest window     9.8 of 250 ms, lowest_cost" in shown
    assert pane.look("next")
    assert pane.look("next")
    assert lines(pane)[0].startswith("needs")


def test_promises_rank_who_keeps_least_and_weigh_confidence(
    signal_frame: SignalFrame, recorded: Recorded
) -> None:
    frames = []
    for number, (who, took, fails) in enumerate(
        [("liar", 0.4, False), ("liar", 0.1, True), ("true", 0.1, False)]
    ):
        begin, terms = BEGIN + number, {"cost": 1.0, "eta_ms": 200, "confidence": 0.95}
        award = {"winning_bid": terms}
        frames.append(
            (begin, signal_frame("TASK_AWARDED", f"W{number}", f"T{number}", who=who, payload=award))
        )
        kind = "ERROR" if fails else "AGENT_OUTPUT"
        answer = {"output": {"cost": 2.0}}
        end = signal_frame(kind, f"X{number}", f"T{number}", parent=f"W{number}", who=who, payload=answer)
        frames.append((begin + took, end))
    pane = BidRows(Scene(recorded(frames)))
    pane.face = "promises"
    shown = lines(pane)
    assert shown[2].split() == ["bidder", "kept", "wins", "failed", "late", "time", "cost", "said", "right"]
    assert [line.split()[0] for line in shown[3:5]] == ["liar", "true"]
    assert shown[3].split()[-6:] == ["1", "1/1", "2.00×", "2.00×", "95%", "50%"]
    assert shown[-1].split()[:3] == ["0.9", "to", "1.0"]
    assert shown[-1].endswith("67%  of 3")


def test_a_ghost_may_win_where_nobody_bid(auction: Callable[..., Scene]) -> None:
    pane = BidRows(auction((), winner=None))
    assert pane.count() == 0
    pane.look("next")
    pane.what_if.supposed = suppose("ghost cost=1", pane.what_if.supposed)
    assert any("lowest_cost" in line and "(ghost)" in line for line in lines(pane))


def test_what_is_supposed_changes_the_table(auction: Callable[..., Scene]) -> None:
    pane = BidRows(auction())
    pane.look("next")
    for words in ("score conf - cost", "ghost cost=0.0001,conf=0.1", "window 300"):
        pane.what_if.supposed = suppose(words, pane.what_if.supposed)
    pane.stamp()
    shown = lines(pane)
    assert shown[0].startswith("window 300 ms   ghost cost 0.0001 conf 0.1   score conf - cost")
    table = {line.split()[0]: line for line in reversed(shown) if line}
    assert "(ghost)" in table["lowest_cost"]
    assert "s-d" in table["highest_confidence"]
    assert "the ghost wins      1 by lowest_cost   0 by highest_confidence" in shown
    pane.what_if.supposed = suppose("clear", pane.what_if.supposed)
    assert lines(pane)[0].startswith("window as it was   ghost none   score none")
    pane.what_if.supposed = suppose(
        "score max(conf, cost), ghost cost=0.0001,conf=0.1, window 300", pane.what_if.supposed
    )
    assert lines(pane)[0].startswith("window 300 ms   ghost cost 0.0001 conf 0.1   score max(conf, cost)")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("luck", "nothing to suppose"),
        ("", "nothing to suppose"),
        ("window soon", "no window"),
        ("ghost price=1", "no term of a bid"),
        ("score cnof", "did you mean 'conf'"),
    ],
)
def test_what_cannot_be_supposed_is_said(words: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        suppose(words, Supposition())


@pytest.mark.parametrize("width", [40, 60, 78, 100, 160, 260])
def test_every_width_is_kept(auction: Callable[..., Scene], width: int) -> None:
    hostile = "\x1b[2J\u202e[/nope]" * 9
    bids = ((hostile, 0.01, {"cost": 1e9, "eta_ms": 10**9, "confidence": 0.5}), *ROUND)
    scene = auction(bids, winner=0, input={"text": hostile})
    for pane in (BidRows(scene), AuctionRows(scene)):
        for _ in range(3):
            shown = "".join(lines(pane, width))
            assert "\x1b" not in shown
            assert "\u202e" not in shown
            pane.look("next")
    assert place([("x", INK.plain)], 3)


async def test_keys_show_what_if_and_ask_what_to_try(auction: Callable[..., Scene], shown: Any) -> None:
    async with shown(auction().session, view="auctions", size=(120, 40)) as screen:
        bids = screen.stage.panes["bids"].source
        await screen.press("w")
        assert bids.face == "what if"
        assert "What if" in screen.text
        prompt = screen.app.observatory.prompt
        await screen.press("W", *"score", "space", *"conx", "enter")
        assert prompt.asking
        assert "did you mean" in screen.text
        await screen.press("escape", "W", *"score", "space", *"conf", "enter")
        assert not prompt.asking
        assert bids.what_if.supposed.score.text == "conf"
        assert screen.stage.focused == "bids"
        await screen.press("w")
        assert "Promises" in screen.text
        await screen.press("w")
        assert "explained by" in screen.text


def test_a_round_of_many_bids_is_looked_at_rarely_and_in_the_end_as_it_is(
    auction: Callable[..., Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cosmo_doppler.tui.panes.bid_table.MANY", 2)
    looked: list[int] = []
    monkeypatch.setattr(
        "cosmo_doppler.tui.panes.bid_table.ranks", lambda auction: looked.append(len(auction.bids)) or {}
    )
    scene = auction(winner=None)
    pane, found = BidRows(scene), scene.auction
    assert found is not None
    lines(pane)
    for number in range(10):
        found.admit(read_bid(id=f"evt_{number}", neuron=f"n{number}", payload={}, meta={}), number, BEGIN)
        pane.head(120, INK)
    assert looked == [4]
    stamps = set()
    while looked == [4]:
        stamps.add(pane.stamp())
        pane.head(120, INK)
    assert looked == [4, 14]
    assert len(stamps) > 1
