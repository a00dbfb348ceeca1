"""The running verdict on producers, strategy drift, and what winners promised against what they did."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.market.honesty import Honesty, reported_cost
from cosmo_doppler.model.market.ledger import ASKS_FOR, OFFERED_BY, Desk, drifts
from cosmo_doppler.model.market.record import Promise
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import read_header
from tests.doppler.model.folding import fold, frame

CHEAP, SURE = 0, 1


def a_round(number, winner, *, began=None, need="brew", parent=None, window=200):
    """A round that tells strategies apart: bid 0 is the cheapest, bid 1 the surest; neither came at the last moment."""
    start = number * 10.0 if began is None else began
    offer, bids = f"o{number}", (f"a{number}", f"b{number}")
    terms = ((0.1, 0.2), (0.9, 0.9))
    frames = [
        (
            start,
            frame(
                "TASK_OFFER",
                offer,
                trace=str(number),
                parent=parent,
                capabilities=[need],
                deadline_ms=window,
            ),
        )
    ]
    for at, id, who, (cost, sure) in zip((0.01, 0.02), bids, "nm", terms, strict=True):
        frames.append(
            (
                start + at,
                frame("BID", id, trace=str(number), parent=offer, who=who, cost=cost, confidence=sure),
            )
        )
    lost = 1 - winner
    frames.append(
        (
            start + 0.21,
            frame("TASK_AWARDED", f"w{number}", trace=str(number), parent=bids[winner], who="nm"[winner]),
        )
    )
    frames.append(
        (
            start + 0.22,
            frame(
                "TASK_DECLINED",
                f"d{number}",
                trace=str(number),
                parent=bids[lost],
                who="nm"[lost],
                reason="not selected",
            ),
        )
    )
    return frames


def rounds(*winners, **more):
    return [each for number, winner in enumerate(winners) for each in a_round(number, winner, **more)]


def test_the_verdict_counts_the_rounds_a_strategy_explains():
    board = fold(*rounds(*[CHEAP] * 17), until=500.0)
    [(desk, verdict)] = board.market.ledger.desks.items()
    assert (desk, str(desk)) == (Desk(ASKS_FOR, "brew"), "who asks for brew")
    assert verdict.sentence() == "lowest_cost explains 17 of 17"
    assert board.market.ledger.verdict(board.auctions["evt_o0"]) is verdict
    assert not [fault for fault in board.faults.by_id.values() if fault.kind == "drift"]


def test_where_rounds_do_not_tell_the_verdict_is_ambiguous():
    lonely = [
        (0.0, frame("TASK_OFFER", "o", capabilities=["brew"], deadline_ms=200)),
        (0.01, frame("BID", "a", parent="o", who="n", cost=1)),
        (0.21, frame("TASK_AWARDED", "w", parent="a", who="n")),
    ]
    [verdict] = fold(*lonely, until=5.0).market.ledger.desks.values()
    assert verdict.sentence() == "ambiguous: lowest_cost or highest_confidence explain 1 of 1"


def test_a_verdict_is_there_at_once_and_revised_when_declines_follow():
    frames = a_round(0, CHEAP)
    [verdict] = fold(*frames[:-1]).market.ledger.desks.values()
    assert verdict.rounds == 1
    [verdict] = fold(*frames, until=5.0).market.ledger.desks.values()
    assert (verdict.rounds, verdict.best) == (1, ["lowest_cost"])


def test_an_offer_within_somebodys_work_is_laid_to_that_producer():
    task = (0.0, frame("TASK", "t", trace="p", who="orch-1"))
    board = fold(task, *rounds(CHEAP, CHEAP, parent="t"), until=100.0)
    assert list(board.market.ledger.desks) == [Desk(OFFERED_BY, "orch-1")]
    assert board.auctions["evt_o0"].producer == "orch-1"


def test_a_strategy_that_changes_is_noticed_once():
    board = fold(*rounds(CHEAP, CHEAP, CHEAP, SURE, SURE), until=100.0)
    [drift] = board.market.ledger.drifts
    assert (drift.before, drift.rounds, drift.now, drift.offer_id) == (
        ("lowest_cost",),
        3,
        ("highest_confidence",),
        "evt_o3",
    )
    [fault] = [fault for fault in board.faults.by_id.values() if fault.kind == "drift"]
    assert (fault.severity, fault.offer_id, fault.trace_id) == ("note", "evt_o3", "trc_3")
    assert fault.sentence == (
        "the awards of who asks for brew fitted lowest_cost for 3 rounds; this one fits only highest_confidence"
    )
    assert list(drifts(board.auctions.values())) == [drift]


def test_a_producer_that_is_known_by_name_is_warned_of():
    task = (0.0, frame("TASK", "t", trace="p", who="orch-1"))
    board = fold(task, *rounds(CHEAP, CHEAP, CHEAP, SURE, parent="t"), until=100.0)
    [fault] = [fault for fault in board.faults.by_id.values() if fault.kind == "drift"]
    assert (fault.severity, fault.who) == ("warning", "orch-1")


def test_two_producers_that_take_turns_are_no_drift():
    board = fold(*rounds(CHEAP, SURE, CHEAP, SURE, CHEAP, SURE), until=100.0)
    assert not board.market.ledger.drifts


def test_time_passing_in_steps_or_at_once_finds_the_same():
    frames = rounds(CHEAP, CHEAP, CHEAP, SURE)
    stepped = fold()
    for at, data in frames:
        stepped.advance(at - 0.001)
        fold((at, data), board=stepped)
    stepped.advance(100.0)
    at_once = fold(*frames, until=100.0)
    assert list(stepped.market.ledger.drifts) == list(at_once.market.ledger.drifts)


# -- promises


def work(
    id, who, took, *, eta=None, cost=None, confidence=None, began=0.0, finalize=False, fails=False, **said
):
    """An award, and how it ended `took` seconds later."""
    bid = {
        key: value
        for key, value in (("cost", cost), ("eta_ms", eta), ("confidence", confidence))
        if value is not None
    }
    frames = [
        (
            began,
            frame(
                "TASK_AWARDED",
                f"w{id}",
                trace=id,
                who=who,
                winning_bid=bid,
                **({"finalize": True} if finalize else {}),
            ),
        )
    ]
    if fails:
        frames.append((began + took, frame("ERROR", f"e{id}", trace=id, parent=f"w{id}", who=who)))
    else:
        frames.append(
            (began + took, frame("AGENT_OUTPUT", f"x{id}", trace=id, parent=f"w{id}", who=who, output=said))
        )
    return frames


def records(*works):
    frames = sorted((each for one in works for each in one), key=lambda each: each[0])
    return fold(*frames).market.honesty


def test_a_promise_is_held_against_what_was_delivered():
    honesty = records(
        work("1", "n", 0.2, eta=100, cost=1.0, confidence=0.9, cost_usd=2.0),
        work("2", "n", 0.05, eta=100, confidence=0.9, began=5.0),
        work("3", "n", 0.05, fails=True, confidence=0.9, began=9.0),
    )
    record = honesty.records["n"]
    assert (record.wins, record.delivered, record.failed) == (3, 2, 1)
    assert (record.timed, record.late, record.slack.most) == (2, 1, pytest.approx(2.0))
    assert record.confidence == pytest.approx(0.9)
    assert record.overconfidence == pytest.approx(0.9 - 2 / 3)
    # Two of three answered; half and all of the time; half of the price.
    assert honesty.of("n") == pytest.approx((2 / 3 + 0.75 + 0.5) / 3)
    [tenth] = honesty.calibration()
    assert (tenth.least, tenth.promises, tenth.kept) == (0.9, 3, 2)


def test_who_keeps_least_comes_first():
    honesty = records(work("1", "liar", 1.0, eta=10), work("2", "true", 0.1, eta=1000, began=2.0))
    assert [name for name, _ in honesty.ranked()] == ["liar", "true"]
    assert honesty.ranked(least=2) == []
    assert honesty.of("nobody") is None


def test_released_workers_that_answer_under_an_unknown_task_are_found_by_trace_and_name():
    award = (0.0, frame("TASK_AWARDED", "w", who="n", winning_bid={"eta_ms": 50}))
    output = (0.1, frame("AGENT_OUTPUT", "x", parent="never-seen", who="n", output={}))
    assert fold(award, output).market.honesty.records["n"].late == 1


def test_with_finalize_the_work_ends_with_the_final():
    frames = work("1", "n", 0.05, eta=100, finalize=True)
    final = (0.3, frame("FINAL", "f", trace="1", parent="x1", who="n", result={}))
    assert fold(*frames).market.honesty.records["n"].delivered == 0
    assert fold(*frames, final).market.honesty.records["n"].late == 1


def test_the_wait_for_a_person_is_not_the_winners():
    [award, output] = work("1", "n", 60.0, eta=100)
    question = (0.05, frame("CLARIFICATION", "q", trace="1", parent="w1", who="n", question="which?"))
    record = fold(award, question, output).market.honesty.records["n"]
    assert (record.delivered, record.timed, record.took.count) == (1, 0, 0)


def test_an_award_that_passes_on_breaks_the_first_promise():
    frames = a_round(0, CHEAP)
    again = frame("TASK_AWARDED", "w9", trace="0", parent="b0", who="m", meta={"cosmo.withdraws": "evt_w0"})
    honesty = fold(*frames, (5.0, again)).market.honesty
    assert (honesty.records["n"].failed, honesty.records["m"].judged) == (1, 0)


def test_promises_are_bounded_and_what_is_given_up_is_counted(monkeypatch):
    monkeypatch.setattr("cosmo_doppler.model.market.honesty.MOST_PROMISES", 2)
    monkeypatch.setattr("cosmo_doppler.model.market.honesty.MOST_BIDDERS", 1)
    honesty = Honesty()
    for number in range(4):
        terms = {"cost": None, "eta_ms": None, "confidence": None}
        honesty.promised(Promise(f"evt_{number}", "trc_1", f"n{number}", 0.0, finalize=False, **terms))
    assert honesty.given_up == 2
    assert {name: record.wins for name, record in honesty.records.items()} == {"n0": 1, "(others)": 3}


@pytest.mark.parametrize(
    ("payload", "meta", "cost"),
    [
        ({"output": {"cost": 2}}, {}, 2.0),
        ({"output": {"usage": {"cost_usd": 0.5}}}, {}, 0.5),
        ({"output": "text"}, {"cost": 1}, 1.0),
        ({"output": {"cost": -1}}, {}, None),
        ({"output": {"cost": "free"}}, {"cost": True}, None),
        ({}, {}, None),
    ],
)
def test_what_an_answer_says_it_cost(payload, meta, cost):
    assert (
        reported_cost(Observed(0, 0.0, "", read_header(frame("AGENT_OUTPUT", "x", meta=meta, **payload))))
        == cost
    )


# -- auctions held elsewhere


def mirrored(*more, kind="vickrey"):
    meta = {"coord": {"v": 1, "kind": "auction.opened", "mode": "mirror"}}
    offer = frame(
        "TASK_OFFER",
        "o",
        meta=meta,
        capabilities=["coord.auction"],
        input={"coord": "auction", "auction_id": "au1", "auction_type": kind, "direction": "forward"},
    )
    bids = [
        frame("BID", who, parent="o", who=f"coord:{who}", meta=meta, sealed=True, accepted=True)
        for who in ("ann", "bob", "eve")
    ]
    return fold(*((float(at), data) for at, data in enumerate([offer, *bids, *more])))


def test_sealed_bids_stay_sealed_until_the_award_tells_them():
    auction = mirrored().auctions["evt_o"]
    assert (auction.mirror.kind, auction.mirror.auction_id) == ("vickrey", "au1")
    assert [(seen.state, seen.bid.cost) for seen in auction.bids] == [("sealed", None)] * 3
    award = frame(
        "TASK_AWARDED",
        "w",
        parent="ann",
        who="coord:ann",
        input={},
        auction={"bids": [{"agent": "ann", "amount": 9}, {"agent": "bob", "amount": 7}]},
    )
    board = mirrored(award)
    auction = board.auctions["evt_o"]
    assert [(seen.state, seen.bid.cost) for seen in auction.bids] == [
        ("won", 9.0),
        ("sealed", 7.0),
        ("sealed", None),
    ]
    # Its rules are its own, and nobody works on it.
    assert (auction.explained_by(), board.market.ledger.desks, board.market.honesty.records) == ([], {}, {})


def test_a_bid_taken_back_is_withdrawn():
    taken_back = frame(
        "MEMORY_APPEND",
        "m",
        key="coord/auction/au1",
        value={"event": "withdrawn", "agent": "bob"},
    )
    auction = mirrored(taken_back).auctions["evt_o"]
    assert [seen.state for seen in auction.bids] == ["sealed", "withdrawn", "sealed"]


@pytest.mark.parametrize("reason", ["unsold:reserve", "cancelled"])
def test_a_mirrored_auction_may_end_unsold(reason):
    board = mirrored(frame("TASK_DECLINED", "d", parent="o", reason=reason))
    assert board.auctions["evt_o"].state == "unsold"
    assert [seen.state for seen in board.auctions["evt_o"].bids] == ["sealed"] * 3


def test_rounds_on_one_trace_are_numbered():
    board = fold(
        (0.0, frame("TASK_OFFER", "o", deadline_ms=100)), (1.0, frame("TASK_OFFER", "p", deadline_ms=100))
    )
    assert [board.auctions[key].round for key in board.auction_order] == [1, 2]
