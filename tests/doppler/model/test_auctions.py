"""Rounds of bidding as an observer can tell them."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.auctions import DEFAULT_WINDOW_MS, GRACE_S
from tests.doppler.model.folding import bids, fold, frame

OFFER = frame("TASK_OFFER", "o", input={"q": 1}, capabilities=["brew", 3], deadline_ms=200)


def bid(id, who, cost=0.5, confidence=0.5, parent="o", **more):
    return frame("BID", id, parent=parent, who=who, cost=cost, confidence=confidence, **more)


def award(winning, who, id="w", **more):
    return frame("TASK_AWARDED", id, parent=winning, who=who, **more)


def the_auction(*frames, until=None):
    return fold((0.0, OFFER), *frames, until=until).auctions["evt_o"]


def test_an_offer_opens_an_auction():
    board = fold((10.0, OFFER))
    auction = board.auctions["evt_o"]
    assert (auction.state, auction.capabilities, auction.deadline_ms) == ("open", ["brew"], 200)
    assert (auction.title, auction.trace_id, board.auction_order) == ('{"q":1}', "trc_1", ["evt_o"])
    assert auction.left_ms(10.05) == pytest.approx(150)
    assert auction.left_ms(11) == 0


def test_winner_losers_and_reasons():
    board = fold(
        (0.0, OFFER),
        (0.01, bid("a", "cheap", cost=0.1)),
        (0.02, bid("b", "dear", cost=0.9)),
        (0.21, frame("TASK_DECLINED", "d", parent="b", who="dear", reason="not selected")),
        (0.21, award("a", "cheap")),
        (0.30, bid("c", "slow")),
    )
    auction = board.auctions["evt_o"]
    assert (auction.state, auction.winner, auction.winning_bid_id) == ("awarded", "cheap", "evt_a")
    assert bids(board, "o") == [("cheap", "won"), ("dear", "declined"), ("slow", "late")]
    assert [seen.declined_reason for seen in auction.bids] == ["", "not selected", ""]
    assert auction.left_ms(0.1) == 0


def test_award_and_decline_come_in_either_order():
    decline = frame("TASK_DECLINED", "d", parent="b", who="m", reason="not selected")
    rounds = [
        fold((0, OFFER), (0.1, bid("a", "n")), (0.1, bid("b", "m")), *[(0.2, last) for last in order])
        for order in ([decline, award("a", "n")], [award("a", "n"), decline])
    ]
    assert bids(rounds[0], "o") == bids(rounds[1], "o") == [("n", "won"), ("m", "declined")]


def test_two_rounds_on_one_trace_stay_apart():
    board = fold(
        (0.0, OFFER),
        (0.1, frame("TASK_OFFER", "p", deadline_ms=200)),
        (0.1, bid("a", "n")),
        (0.1, bid("b", "n", parent="p")),
        (0.2, award("b", "n")),
    )
    assert bids(board, "o") == [("n", "bid")]
    assert bids(board, "p") == [("n", "won")]
    assert [board.auctions[key].state for key in board.auction_order] == ["open", "awarded"]


def test_a_bid_with_an_unknown_parent_joins_the_only_open_auction_of_its_trace():
    stray = frame("BID", "a", parent="lost", who="n", cost=1)
    assert bids(fold((0.0, OFFER), (0.1, stray)), "o") == [("n", "bid")]
    second = frame("TASK_OFFER", "p", deadline_ms=200)
    board = fold((0.0, OFFER), (0.0, second), (0.1, stray))
    assert bids(board, "o") == bids(board, "p") == []
    assert fold((0.1, stray)).auctions == {}


def test_an_award_that_names_no_known_bid_goes_by_its_neuron():
    board = fold((0.0, OFFER), (0.1, bid("a", "m")), (0.1, bid("b", "n")), (0.2, award("lost", "n")))
    assert bids(board, "o") == [("m", "bid"), ("n", "won")]
    auction = the_auction((0.2, award("lost", "who?")))
    assert (auction.state, auction.winner, auction.winning_bid_id) == ("awarded", "who?", "")


def test_frames_without_ids_find_nobody_elses_bid():
    nameless = b'{"v":"1","trace_id":"trc_2","type":"BID","ts":0,"payload":{"cost":1}}'
    board = fold((0.0, OFFER), (0.1, nameless), (0.2, award(None, "n")))
    assert board.auctions["evt_o"].winner == "n"
    assert bids(board, "o") == []


@pytest.mark.parametrize(
    ("payload", "who"),
    [({"cost": None}, "n"), ({"cost": "free"}, "n"), ({"cost": -1}, "n"), ({"cost": 1}, None)],
)
def test_a_bid_that_cannot_win_is_kept_and_shown(payload, who):
    board = fold((0.0, OFFER), (0.1, frame("BID", "a", parent="o", who=who, **payload)), until=2.0)
    assert bids(board, "o") == [(who or "", "invalid")]
    assert board.auctions["evt_o"].bids[0].bid.problem
    assert board.auctions["evt_o"].state == "no bid"


def test_who_bids_again_replaces_its_bid():
    board = fold((0.0, OFFER), (0.1, bid("a", "n", cost=0.9)), (0.15, bid("b", "n", cost=0.4)))
    assert bids(board, "o") == [("n", "replaced"), ("n", "bid")]
    assert [each.cost for each in board.auctions["evt_o"].contenders()] == [0.4]


def test_default_bidders_are_flagged():
    auction = the_auction(
        (0.1, frame("BID", "a", parent="o", who="n", cost=0, confidence=1, meta={"auto_bid": True}))
    )
    assert auction.bids[0].bid.auto


def test_windows_close_with_some_patience_for_the_award():
    closing = 0.2 + GRACE_S
    assert the_auction(until=closing - 0.01).state == "open"
    assert the_auction(until=closing).state == "no bid"
    assert the_auction((0.1, bid("a", "n")), until=closing).state == "unresolved"
    # Time passes with signals too, even when nobody advances the board.
    assert the_auction((closing, frame("HEARTBEAT", "h", trace="9", who="n"))).state == "no bid"


def test_a_bid_after_the_window_does_not_make_somebody_have_bid():
    board = fold((0.0, OFFER), (0.3, bid("a", "n")), until=2.0)
    assert (board.auctions["evt_o"].state, bids(board, "o")) == ("no bid", [("n", "late")])
    board = fold((0.0, OFFER), (1.5, bid("a", "n")), until=2.0)
    assert (board.auctions["evt_o"].state, bids(board, "o")) == ("no bid", [("n", "late")])


def test_an_award_after_all_hope_still_wins():
    auction = the_auction((0.1, bid("a", "n")), (9.0, award("a", "n")))
    assert (auction.state, auction.winner) == ("awarded", "n")
    board = fold((0.0, OFFER), (0.1, bid("a", "n")), (9.0, award("a", "n")))
    assert board.traces["trc_1"].status == "open"


def test_a_bid_late_by_our_clock_that_was_declined_like_any_other_was_in_time():
    board = fold(
        (0.0, OFFER),
        (0.1, bid("a", "n")),
        (0.201, bid("b", "m")),
        (0.202, award("a", "n")),
        (0.203, frame("TASK_DECLINED", "d", parent="b", who="m", reason="not selected")),
    )
    assert bids(board, "o") == [("n", "won"), ("m", "declined")]


def test_who_is_told_it_was_late_stays_late():
    board = fold(
        (0.0, OFFER),
        (0.1, bid("a", "n")),
        (0.11, award("a", "n")),
        (0.12, bid("b", "m")),
        (0.13, frame("TASK_DECLINED", "d", parent="b", who="m", reason="late")),
    )
    assert bids(board, "o")[1] == ("m", "late")
    assert board.auctions["evt_o"].bids[1].declined_reason == "late"


def test_an_offer_without_a_window_is_shown_for_the_usual_time():
    board = fold((0.0, frame("TASK_OFFER", "o")))
    assert board.auctions["evt_o"].deadline_ms == 0
    assert board.auctions["evt_o"].left_ms(0) == DEFAULT_WINDOW_MS


@pytest.mark.parametrize("window", ["soon", -5, 0, None, 1e300, True, [], {}])
def test_windows_that_mean_nothing_are_none(window):
    assert fold((0.0, frame("TASK_OFFER", "o", deadline_ms=window))).auctions["evt_o"].deadline_ms == 0


def test_a_stop_ends_what_was_open():
    board = fold((0.0, OFFER), (0.1, frame("STOP", "s")))
    assert board.auctions["evt_o"].state == "stopped"
    assert board.traces["trc_1"].status == "stopped"


def test_the_latest_award_counts():
    board = fold(
        (0.0, OFFER),
        (0.1, bid("a", "n")),
        (0.1, bid("b", "m")),
        (0.2, award("a", "n")),
        (5.0, award("b", "m", id="w2")),
    )
    assert bids(board, "o") == [("n", "revoked"), ("m", "won")]
    auction = board.auctions["evt_o"]
    assert (auction.winner, auction.awards, auction.bids[0].declined_reason) == ("m", 2, "awarded again")


def test_an_award_that_passes_on_keeps_its_reason_and_the_strategy_of_the_first_award():
    frames = [
        (0.01, bid("a", "n", cost=0.1, confidence=0)),
        (0.02, bid("b", "m", cost=0.5)),
        (0.2, award("a", "n")),
        (9.0, frame("TASK_DECLINED", "d", parent="a", who="n", reason="withdrawn: it left")),
    ]
    lost = the_auction(*frames)
    assert (lost.state, lost.winner, lost.awarded_at, lost.awards) == ("unresolved", "", None, 1)
    assert (lost.bids[0].state, lost.bids[0].declined_reason) == ("revoked", "withdrawn: it left")
    passed_on = the_auction(*frames, (9.1, award("b", "m", id="w2")))
    assert (passed_on.state, passed_on.winner, passed_on.awarded_at, passed_on.awards) == (
        "awarded",
        "m",
        9.1,
        2,
    )
    assert passed_on.explained_by() == ["lowest_cost"]


# -- which strategy it may have been


def explained(*timed, at=0.201, winner=0):
    frames = [
        (when, bid(str(index), f"n{index}", cost=cost, confidence=confidence))
        for index, (when, cost, confidence) in enumerate(timed)
    ]
    return the_auction(*frames, (at, award(str(winner), f"n{winner}"))).explained_by()


def test_an_award_at_the_end_of_the_window_was_no_first_bid():
    assert explained((0.01, 0.1, 0.2), (0.02, 0.9, 0.9)) == ["lowest_cost"]
    assert explained((0.01, 0.9, 0.9), (0.02, 0.1, 0.1)) == ["highest_confidence"]
    assert explained((0.01, 0.1, 0.9)) == ["lowest_cost", "highest_confidence"]


def test_an_award_long_before_the_end_can_only_be_the_first_bids():
    assert explained((0.01, 0.1, 0.9), at=0.011) == ["first_bid"]
    assert explained((0.01, 0.9, 0.1), (0.13, 0.1, 0.9), at=0.131, winner=1) == []


def test_where_time_tells_nothing_every_fitting_strategy_is_named():
    assert explained((0.19, 0.1, 0.9)) == ["first_bid", "lowest_cost", "highest_confidence"]


def test_ties_go_to_the_earlier_bid():
    assert explained((0.01, 0.5, 0.5), (0.02, 0.5, 0.5)) == ["lowest_cost", "highest_confidence"]
    # So close together they may have reached the producer the other way round.
    assert explained((0.01, 0.5, 0.5), (0.02, 0.5, 0.5), winner=1) == ["lowest_cost", "highest_confidence"]
    assert explained((0.0, 0.5, 0.5), (0.101, 0.5, 0.5), winner=1, at=0.31) == []


def test_a_winner_that_no_strategy_picks_is_not_explained():
    assert explained((0.01, 0.1, 0.9), (0.02, 0.9, 0.1), winner=1) == []


def test_released_producers_let_both_bids_of_a_neuron_stand():
    auction = the_auction(
        (0.01, bid("a", "n", cost=0.1, confidence=0)),
        (0.02, bid("b", "m", cost=0.5)),
        (0.03, bid("c", "n", cost=0.9, confidence=0)),
        (0.2, award("a", "n")),
    )
    assert auction.explained_by() == ["lowest_cost"]


def test_nothing_is_explained_before_an_award():
    assert the_auction((0.1, bid("a", "n"))).explained_by() == []
