"""What goes wrong in silence between an offer and its award, and what must be left alone."""

from __future__ import annotations

from tests.doppler.model.faulty import award, bid, discover, found, kinds, offer, only, output, register
from tests.doppler.model.folding import fold, frame


def test_an_offer_nobody_bids_on_names_the_nearest_capability():
    board = fold(discover(0), (0, register("a", "translate")), (2, offer("o", "translation")), until=2.59)
    assert kinds(board) == []
    board.advance(2.6)
    fault = only(board)
    assert (fault.kind, fault.severity, fault.at, fault.offer_id) == ("no bid", "warning", 2.6, "evt_o")
    assert fault.sentence == "nobody bid on translation for “brew tea” within 100 ms"
    assert fault.look == "nobody here can do translation; the nearest is translate (a)"


def test_nobody_is_said_to_lack_what_may_only_not_be_known_yet():
    board = fold((0, register("a", "translate")), (2, offer("o", "translation")), until=3)
    assert "nearest" not in only(board).look


def test_an_offer_with_bids_and_no_award():
    board = fold((0, offer()), (0.01, bid("b", "a")), until=1)
    assert only(board).sentence == "1 bid for “brew tea”, and no award came"
    fold((2, award("w", "a", "b")), board=board)
    assert only(board).over_at == 2


def test_a_late_bid_nobody_answers_and_one_that_is_declined():
    late = [(0, offer()), (0.01, bid("b", "a")), (0.05, award("w", "a", "b")), (0.07, bid("c", "z"))]
    fault = next(fault for fault in found(fold(*late, until=2.1)) if fault.kind == "late bid")
    assert (fault.who, fault.at, fault.seq) == ("z", 2.07, 3)
    assert "z bid 20 ms after the award for “brew tea”" in fault.sentence
    told = frame("TASK_DECLINED", "x", parent="c", who="z", reason="late")
    assert kinds(fold(*late, (0.08, told), until=3)) == []


def test_a_bidder_that_stands_by_is_not_forgotten_until_the_work_is_done():
    frames = [
        (0, offer()),
        (0.01, bid("b", "a")),
        (0.02, bid("c", "z")),
        (0.1, award("w", "a", "b", eta_ms=9e6)),
    ]
    assert kinds(fold(*frames, until=60)) == []
    board = fold(*frames, (60, output("r", "a", "w")), until=61.9)
    assert kinds(board) == []
    board.advance(62)
    assert (only(board).kind, only(board).who) == ("bid forgotten", "z")
    declined = frame("TASK_DECLINED", "x", parent="c", who="z", reason="not selected")
    assert kinds(fold(*frames, (60, output("r", "a", "w")), (60.1, declined), until=99)) == []


def test_an_award_to_somebody_who_is_gone_or_was_never_there():
    gone = [
        discover(0),
        (0, register("a")),
        (0, register("s")),
        (1, frame("DEREGISTER", "bye", trace="x", who="a")),
    ]
    auction = [(2, offer()), (2.01, bid("b", "a")), (2.02, award("w", "a", "b"))]
    assert only(fold(*gone, *auction)).sentence == "a won “brew tea”, though it had left"
    strange = [(2, offer()), (2.01, bid("b", "x")), (2.02, award("w", "x", "b"))]
    fault = only(fold(*gone, *strange))
    assert (fault.severity, fault.sentence) == ("note", "x won “brew tea” and never announced itself")
    assert kinds(fold(*strange)) == []


def test_a_default_bidder_that_always_wins():
    frames = []
    for number in range(6):
        at, n = 10.0 * number, str(number)
        frames += [
            (at, offer("o" + n, trace=n)),
            (at + 0.01, bid("b" + n, "free", "o" + n, n, cost=0.0, confidence=1.0)),
            (at + 0.02, bid("c" + n, "dear", "o" + n, n)),
            (at + 0.1, award("w" + n, "free", "b" + n, n)),
            (at + 0.11, frame("TASK_DECLINED", "d" + n, parent="c" + n, trace=n, who="dear", reason="x")),
            (at + 0.2, output("r" + n, "free", "w" + n, n)),
        ]
    fault = only(fold(*frames, until=99))
    assert (fault.kind, fault.count, fault.severity) == ("default bidder", 2, "note")
    assert "free won 6 auctions in a row" in fault.sentence
    assert kinds(fold(*frames[:24])) == []


def test_two_hosts_that_bid_in_one_name():
    frames = [
        (0, offer()),
        (0.01, bid("b", "a", meta={"cosmo.instance": "1"})),
        (0.02, bid("c", "a", meta={"cosmo.instance": "1"})),
    ]
    assert kinds(fold(*frames)) == []
    twice = fold(*frames, (0.03, bid("e", "a", meta={"cosmo.instance": "2"})))
    assert only(twice).sentence == "two hosts bid as a for “brew tea”"


def test_what_only_mirrors_a_store_is_no_auction_of_the_bus():
    coord = {"coord": {"v": 1, "kind": "auction.opened", "mode": "mirror"}}
    mirrored = frame("TASK_OFFER", "o", meta=coord, input={}, capabilities=["coord.auction"], deadline_ms=50)
    won = award("w", "coord:a", "b", meta=coord)
    frames = [discover(0), (0, register("a")), (2, mirrored), (9, bid("b", "coord:a", meta=coord)), (9, won)]
    assert kinds(fold(*frames, until=99)) == []
