"""What was done by hand, folded from what a bus tells of its gates."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.bus_events import read_any
from cosmo_doppler.model.explain import explain
from cosmo_doppler.model.market.by_hand import as_sent, without_hands
from cosmo_doppler.model.market.reader import AuctionReader
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.query import Known, Sieve, compile_filter
from cosmo_doppler.store import Store
from cosmo_sdk import Signal, SignalType
from cosmo_sdk.envelope import Directed

OFFER = Signal(type=SignalType.TASK_OFFER, payload={"input": {"text": "add"}, "deadline_ms": 100})
GATE = "doppler/ab12.1 type:BID cost<0.5"


def bid(who: str, cost: float) -> Signal:
    return OFFER.reply(SignalType.BID, {"cost": cost}, Directed(id=who))


class Tape:
    """A board, and frames told to it one after the other."""

    def __init__(self) -> None:
        self.board = Board()
        self.at = 1000.0
        self.seq = 0

    def signal(self, signal: Signal) -> None:
        self._tell(f"cosmonapse.dev.{signal.type}", signal.encode())

    def gate(self, event: str, signal: Signal | None = None, **more: Any) -> None:
        told: dict[str, Any] = {"gate": GATE, "event": event, **more}
        if signal is not None:
            told |= {"signal_id": signal.id, "type": str(signal.type), "trace_id": signal.trace_id}
        self._tell("_gate.dev", json.dumps(told).encode())

    def wait(self, seconds: float) -> None:
        self.at += seconds
        self.board.advance(self.at)

    def _tell(self, subject: str, frame: bytes) -> None:
        self.board.apply(Observed(self.seq, self.at, subject, read_any(subject, frame)))
        self.seq += 1
        self.at += 0.001


@pytest.fixture
def tape() -> Tape:
    return Tape()


def edited(signal: Signal, cost: float) -> Signal:
    changed = Signal.decode(signal.encode())
    changed.payload["cost"] = cost
    return changed


def test_an_edited_bid_says_what_it_was_and_how_long_it_was_held(tape: Tape) -> None:
    ada = bid("ada", 0.4)
    tape.signal(OFFER)
    tape.gate("held", ada, hold="h1", waiting=1)
    assert [each.clause() for each in tape.board.by_hand.held] == ["held by doppler at type:BID cost<0.5"]
    tape.wait(3.2)
    tape.gate("edited", ada, hold="h1", frame=ada.encode().decode())
    tape.signal(edited(ada, 0.1))
    done = tape.board.by_hand.of(ada.id)
    assert done is not None
    assert done.clause() == "edited by doppler: cost 0.4 → 0.1, held 3.2 s"
    assert (done.who, done.signal_seq, done.rule) == ("ada", 3, "type:BID cost<0.5")
    assert tape.board.by_hand.held == []


def test_the_window_stands_still_while_a_bid_is_held(tape: Tape) -> None:
    ada = bid("ada", 0.4)
    tape.signal(OFFER)
    tape.gate("held", ada, hold="h1", waiting=1)
    tape.wait(5)
    auction = tape.board.auctions[OFFER.id]
    assert auction.state == "open"
    assert 0 < auction.left_ms(tape.at) <= 100
    tape.gate("released", ada, hold="h1")
    tape.signal(ada)
    assert auction.bids[0].state == "bid"
    assert auction.after_s(auction.bids[0]) < 0.1
    tape.wait(2)
    assert auction.state == "unresolved"


def test_the_window_of_a_released_producer_runs_on_while_a_bid_is_held(tape: Tape) -> None:
    ada = bid("ada", 0.4)
    released = json.loads(OFFER.encode()) | {"parent_id": None, "directed": None, "meta": {}}
    tape._tell("cosmonapse.dev.TASK_OFFER", json.dumps(released).encode())
    tape.gate("held", ada, hold="h1", waiting=1)
    auction = tape.board.auctions[OFFER.id]
    assert auction.held_since is None
    tape.wait(5)
    assert auction.state == "no bid"
    tape.gate("released", ada, hold="h1")
    tape.signal(ada)
    assert auction.bids[0].state == "late"
    assert auction.after_s(auction.bids[0]) > 5


def test_a_dropped_bid_stands_in_its_auction_and_counts_for_nothing(tape: Tape) -> None:
    ada, bob = bid("ada", 0.4), bid("bob", 0.2)
    tape.signal(OFFER)
    tape.signal(ada)
    tape.gate("held", bob, hold="h1", waiting=1)
    tape.gate("dropped", bob, hold="h1", frame=bob.encode().decode())
    auction = tape.board.auctions[OFFER.id]
    assert [(seen.bid.neuron, seen.state) for seen in auction.all_bids] == [
        ("ada", "bid"),
        ("bob", "dropped"),
    ]
    assert [each.neuron for each in auction.contenders()] == ["ada"]
    assert [seen.bid.neuron for seen in auction.bids] == ["ada"]
    done = tape.board.by_hand.of(bob.id)
    assert done is not None
    assert done.clause().startswith("dropped by hand, held 1.0 ms: ")


def test_a_gate_that_is_gone_holds_nothing_any_more(tape: Tape) -> None:
    ada = bid("ada", 0.4)
    tape.gate("set")
    tape.signal(OFFER)
    tape.gate("held", ada, hold="h1", waiting=1)
    tape.gate("gone", reason="owner left")
    assert tape.board.by_hand.held == []
    assert [each.kind for each in tape.board.by_hand.order] == ["break set", "released", "break gone"]
    assert tape.board.by_hand.order[-1].clause() == "break gone (owner left): type:BID cost<0.5"
    assert tape.board.auctions[OFFER.id].held_since is None


def test_a_signal_that_was_held_does_not_make_its_sender_s_clock_go_back(tape: Tape) -> None:
    held, later = bid("ada", 0.4), bid("ada", 0.3)
    for number, signal in enumerate((held, later)):
        signal.ts = datetime(2026, 9, 1, 12, 0, 20 * number, tzinfo=UTC)
    tape.signal(
        Signal(
            type=SignalType.REGISTER, payload={"capabilities": []}, directed=Directed(id="ada"), ts=held.ts
        )
    )
    tape.signal(OFFER)
    tape.gate("held", held, hold="h1", waiting=1)
    tape.signal(later)
    tape.gate("released", held, hold="h1")
    tape.signal(held)
    assert [fault.kind for fault in tape.board.faults.by_id.values() if "clock" in fault.kind] == []
    # The same without a hand is a fault.
    again = bid("ada", 0.2)
    again.ts = datetime(2026, 9, 1, 12, 0, 5, tzinfo=UTC)
    tape.signal(again)
    assert [fault.kind for fault in tape.board.faults.by_id.values() if "clock" in fault.kind] == [
        "clock went back"
    ]


def test_a_delayed_signal_says_by_how_much(tape: Tape) -> None:
    ada, bob = bid("ada", 0.4), bid("bob", 0.2)
    tape.signal(OFFER)
    for hold, held in (("h1", ada), ("h2", bob)):
        tape.gate("held", held, hold=hold, waiting=1)
        tape.gate("delayed", held, hold=hold, delay_ms=500)
    tape.wait(0.2)
    tape.gate("released", ada, hold="h1")
    tape.wait(0.4)
    tape.gate("released", bob, hold="h2")
    # Whoever lets it go before its time does not delay it.
    assert [each.clause() for each in tape.board.by_hand.order] == [
        "held 204 ms by doppler",
        "delayed by doppler: by 500 ms, held 603 ms",
    ]
    assert tape.board.by_hand.counts["delayed"] == 1


@pytest.mark.parametrize("delay", [None, True, -1, "1", 1e300, [], float("nan")])
def test_a_delay_that_makes_no_sense_is_none(tape: Tape, delay: Any) -> None:
    tape.gate("held", OFFER, hold="h1", waiting=1)
    tape.gate("delayed", OFFER, hold="h1", delay_ms=delay)
    tape.gate("released", OFFER, hold="h1")
    assert [each.kind for each in tape.board.by_hand.order] == ["released"]


def test_what_a_person_sent_is_known_by_its_mark(tape: Tape) -> None:
    asked = {"input": {"text": "dig"}, "capabilities": ["spade"]}
    offer = Signal(type=SignalType.TASK_OFFER, payload=asked, meta={"cosmo.source": "doppler"})
    tape.signal(offer)
    tape.signal(Signal(type=SignalType.DISCOVER, meta={"cosmo.source": "doppler"}))
    assert [each.clause() for each in tape.board.by_hand.order] == ["sent by hand"]
    assert "dig" in tape.board.by_hand.order[0].told()
    assert tape.board.by_hand.counts["sent"] == 1


def test_faults_made_to_order_are_interventions_too(tape: Tape) -> None:
    told = {
        "rule": "flaky",
        "event": "drop",
        "signal_id": OFFER.id,
        "type": "TASK_OFFER",
        "trace_id": OFFER.trace_id,
    }
    tape._tell("_chaos.dev", json.dumps(told).encode())
    done = tape.board.by_hand.of(OFFER.id)
    assert done is not None
    assert done.clause() == "dropped by chaos rule flaky"


def test_gates_of_others_are_named(tape: Tape) -> None:
    tape._tell("_gate.dev", json.dumps({"gate": "cosmo-123", "event": "set"}).encode())
    assert tape.board.by_hand.order[0].clause() == "break set by cosmo gate: cosmo-123"


@pytest.mark.parametrize(
    "event", [{}, {"event": 3}, {"event": "held"}, {"event": "edited", "frame": "{"}, {"gate": []}]
)
def test_nothing_a_bus_says_raises(tape: Tape, event: dict[str, Any]) -> None:
    tape._tell("_gate.dev", json.dumps(event).encode())
    tape._tell("_chaos.dev", json.dumps(event).encode())
    assert tape.board.interventions == 2


def test_the_older_half_goes_when_there_are_too_many(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosmo_doppler.model.interventions.MOST", 10)
    for number in range(25):
        tape._tell("_gate.dev", json.dumps({"gate": str(number), "event": "set"}).encode())
    by_hand = tape.board.by_hand
    assert len(by_hand) + by_hand.forgotten == 25
    assert len(by_hand) <= 10
    assert by_hand.order[-1].gate == "24"


def test_who_would_have_won_had_nobody_touched_the_bids(tape: Tape) -> None:
    ada, bob = bid("ada", 0.4), bid("bob", 0.2)
    tape.signal(OFFER)
    for hold, held in (("h1", ada), ("h2", bob)):
        tape.gate("held", held, hold=hold, waiting=1)
    tape.gate("edited", ada, hold="h1", frame=ada.encode().decode())
    tape.signal(edited(ada, 0.1))
    tape.gate("dropped", bob, hold="h2", frame=bob.encode().decode())
    auction = tape.board.auctions[OFFER.id]
    assert [each.cost for each in as_sent(auction, tape.board.by_hand)] == [0.4, 0.2]
    assert without_hands(auction, tape.board.by_hand)["lowest_cost"] == "bob"


def test_a_gate_that_is_set_again_is_no_second_break(tape: Tape) -> None:
    tape.gate("set")
    tape.gate("set")
    tape.gate("gone", reason="cleared")
    tape.gate("set")
    assert [each.kind for each in tape.board.by_hand.order] == ["break set", "break gone", "break set"]


def test_an_explanation_tells_of_the_hand(tape: Tape) -> None:
    ada = bid("ada", 0.4)
    tape.signal(OFFER)
    tape.gate("held", ada, hold="h1", waiting=1)
    tape.gate("edited", ada, hold="h1", frame=ada.encode().decode())
    changed = edited(ada, 0.1)
    tape.signal(changed)
    subject = f"cosmonapse.dev.{changed.type}"
    seen = Observed(3, tape.at, subject, read_any(subject, changed.encode()))
    assert "edited by doppler: cost 0.4 → 0.1, held" in explain(seen, tape.board)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hand:edited", [2, 3]),
        ("is:edited", [2, 3]),
        ("is:held", [1, 2, 3]),
        ("hand:sent", [4]),
        ("is:dropped", []),
        ("type:BID is:edited", [3]),
    ],
)
def test_filters_find_what_was_done_by_hand(tape: Tape, text: str, expected: list[int]) -> None:
    ada = bid("ada", 0.4)
    frames = [
        ("cosmonapse.dev.TASK_OFFER", OFFER.encode()),
        ("_gate.dev", _event("held", ada)),
        ("_gate.dev", _event("edited", ada, frame=ada.encode().decode())),
        ("cosmonapse.dev.BID", edited(ada, 0.1).encode()),
        ("cosmonapse.dev.TASK", Signal(type=SignalType.TASK, meta={"cosmo.source": "doppler"}).encode()),
    ]
    store = Store()
    for number, (subject, frame) in enumerate(frames):
        store.append(1000.0 + number, subject, frame)
        tape.board.apply(store.observed(number))
    found = Sieve(compile_filter(text), store, Known(tape.board)).pick(0, len(store))
    assert found == expected


def _event(event: str, signal: Signal, **more: Any) -> bytes:
    told = {"gate": GATE, "event": event, "hold": "h1", "signal_id": signal.id, "type": str(signal.type)}
    return json.dumps(told | {"trace_id": signal.trace_id, **more}).encode()


def test_a_producer_that_did_not_wait_is_explained_by_no_moment(tape: Tape) -> None:
    ada, bob = bid("ada", 0.4), bid("bob", 0.2)
    tape.signal(OFFER)
    tape.signal(ada)
    tape.gate("held", bob, hold="h1", waiting=1)
    tape.wait(0.1)
    # A released producer decides at its deadline, without the bid that is held.
    tape.signal(ada.reply(SignalType.TASK_AWARDED, {"input": {}}, Directed(id="ada")))
    tape.wait(3)
    tape.gate("released", bob, hold="h1")
    tape.signal(bob)
    auction = tape.board.auctions[OFFER.id]
    assert (auction.state, auction.held_s) == ("awarded", 0.0)
    assert auction.bids[1].state == "late"
    assert auction.explained_by() == ["first_bid", "lowest_cost", "highest_confidence"]


def test_recordings_of_any_length_know_that_windows_stood_still() -> None:
    reader, ada = AuctionReader(), bid("ada", 0.4)
    told = [
        (1000.0, "cosmonapse.dev.TASK_OFFER", OFFER.encode()),
        (1000.05, "_gate.dev", _event("held", ada)),
        (1040.0, "_gate.dev", _event("released", ada)),
        (1040.01, "cosmonapse.dev.BID", ada.encode()),
    ]
    done = [
        auction
        for seq, (at, subject, frame) in enumerate(told)
        for auction in reader.read(read_any(subject, frame), seq=seq, at=at)
    ]
    done += reader.rest()
    assert [seen.state for auction in done for seen in auction.bids] == ["bid"]
