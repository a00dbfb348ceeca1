"""What goes wrong in silence becomes a row: each rule in the case it is for, and in those it must leave alone."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.faults import Fault, FaultBook
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import Header, read_header
from tests.doppler.model.folding import fold, frame

DATA = Path(__file__).parents[1] / "data"


def register(who: str, *can: str, role: str = "neuron", **meta: Any) -> bytes:
    named = f"r{who}{len(meta)}{meta.get('n', '')}"
    return frame("REGISTER", named, trace=named, who=who, meta=meta, role=role, capabilities=list(can))


def beat(who: str, at: float) -> tuple[float, bytes]:
    named = f"h{who}{at:g}"
    return at, frame("HEARTBEAT", named, trace=named, who=who, status="ok")


def beats(who: str, *times: float) -> list[tuple[float, bytes]]:
    return [beat(who, at) for at in times]


def discover(at: float) -> tuple[float, bytes]:
    return at, frame("DISCOVER", "d", trace="d")


def offer(id: str = "o", *can: str, trace: str = "1", window: int = 100) -> bytes:
    return frame(
        "TASK_OFFER",
        id,
        trace=trace,
        input={"text": "brew tea"},
        capabilities=list(can),
        deadline_ms=window,
    )


def bid(id: str, who: str, parent: str = "o", trace: str = "1", **more: Any) -> bytes:
    meta = more.pop("meta", None)
    terms = {"cost": 0.1, "confidence": 0.5, **more}
    return frame("BID", id, parent=parent, trace=trace, who=who, meta=meta, **terms)


def award(id: str, who: str, parent: str, trace: str = "1", meta: Any = None, **won: Any) -> bytes:
    return frame(
        "TASK_AWARDED", id, parent=parent, trace=trace, who=who, meta=meta, input={}, winning_bid=won
    )


def output(id: str, who: str, parent: str, trace: str = "1") -> bytes:
    return frame("AGENT_OUTPUT", id, parent=parent, trace=trace, who=who, output={})


def found(board: Board) -> list[Fault]:
    return [board.faults.by_id[id] for id in board.faults.order]


def kinds(board: Board) -> list[str]:
    return [fault.kind for fault in found(board)]


def only(board: Board) -> Fault:
    (fault,) = found(board)
    return fault


# -- the market


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


# -- work


def test_an_award_after_which_nothing_comes():
    auction = [(0, offer()), (0.01, bid("b", "a")), (0.05, award("w", "a", "b", eta_ms=4000))]
    assert kinds(fold(*auction, until=12)) == []
    board = fold(*auction, until=12.1)
    assert only(board).sentence == "a was awarded “brew tea” 12 s ago, and nothing came"
    fold((13, output("r", "a", "w")), board=board)
    assert (only(board).over_at, dict(board.faults.counts)) == (13, {"warning": 0})


@pytest.mark.parametrize(
    "sign",
    [
        frame("THOUGHT_DELTA", "t", parent="w", who="a", delta="hm"),
        frame("RECALL", "t", parent="w", who="mem", query={}),
        frame("CLARIFICATION", "t", parent="w", who="a", question="?"),
        frame("TASK_OFFER", "t", parent="w", input={}, capabilities=[], deadline_ms=10_000),
        frame("STOP", "t", reason="enough"),
    ],
)
def test_any_sign_of_work_is_enough(sign: bytes):
    frames = [(0, offer()), (0.01, bid("b", "a")), (0.05, award("w", "a", "b", eta_ms=4000)), (5, sign)]
    assert "award, no work" not in kinds(fold(*frames, until=60))


def test_a_task_for_nobody_is_known_two_seconds_later():
    there = [discover(0), (0.1, register("a", "brew"))]
    board = fold(*there, (5, frame("TASK", "t", who="ghost", input={})), until=6.9)
    assert kinds(board) == []
    board.advance(7)
    assert only(board).sentence == "no answer to a TASK: nobody called ghost announced itself"
    fold((8, output("r", "ghost", "t")), board=board)
    assert not only(board).standing
    routed = frame("TASK", "t", input={}, capabilities=["sing"])
    assert "nobody here can do sing" in only(fold(*there, (5, routed), until=9)).sentence
    assert kinds(fold(*there, (5, frame("TASK", "t", who="a", input={})), until=9)) == []
    assert kinds(fold((5, frame("TASK", "t", who="ghost", input={})), until=9)) == []


def test_work_is_lost_when_its_holder_falls_silent():
    frames = [(0, register("a")), *beats("a", 1, 3, 5, 7), (7.5, frame("TASK", "t", who="a", input="tea"))]
    board = fold(*frames, until=13)
    assert kinds(board) == []
    board.advance(13.1)
    lost, silent = sorted(found(board), key=lambda fault: fault.severity)
    assert (lost.kind, lost.severity, lost.sentence) == (
        "work lost",
        "error",
        "a fell silent with “tea” unanswered",
    )
    assert silent.sentence == "no sign of a for 6 s, though it sends one every 2 s; it did not say goodbye"
    assert board.running("a") == 1
    fold((14, output("r", "a", "t")), board=board)
    assert not any(fault.standing for fault in found(board))
    assert board.running("a") == 0


def test_who_leaves_may_finish_its_work_when_it_says_so():
    task = [(0, register("a")), (1, frame("TASK", "t", who="a", input={}))]
    left = frame("DEREGISTER", "d", trace="d", who="a")
    assert kinds(fold(*task, (2, left), (6.9, output("r", "a", "t")), until=99)) == []
    assert kinds(fold(*task, (2, left), until=99)) == ["work lost"]
    finishing = frame("DEREGISTER", "d", trace="d", who="a", meta={"cosmo.running": 1})
    assert kinds(fold(*task, (2, finishing), until=99)) == []


def test_work_given_to_the_next_bidder_is_not_lost():
    frames = [
        (0, offer()),
        (0.01, bid("b", "a")),
        (0.02, bid("c", "z")),
        (0.1, award("w", "a", "b", eta_ms=1000)),
        (8, frame("TASK_DECLINED", "x", parent="b", who="a", reason="withdrawn: silent")),
        (8, award("v", "z", "c", meta={"cosmo.withdraws": "evt_w"}, eta_ms=1000)),
        (9, output("r", "z", "v")),
    ]
    (fault,) = found(fold(*frames, until=99))
    assert (fault.kind, fault.at, fault.over_at) == ("award, no work", 5.1, 8)


def test_two_participants_that_answer_one_task():
    task = frame("TASK", "t", input={}, capabilities=["brew"])
    frames = [(0, task), (1, output("r", "a", "t")), (1.1, output("s", "z", "t"))]
    assert only(fold(*frames)).sentence == "a and z both answered trace trc_1"
    asked = frame("CLARIFICATION", "q", parent="t", who="a", question="?")
    assert kinds(fold((0, task), (1, asked), (2, output("r", "a", "t")))) == []
    open_call = frame("TASK", "t", input={})
    assert kinds(fold((0, open_call), *frames[1:])) == []


def test_work_that_goes_on_after_a_stop():
    task = [(0, frame("TASK", "t", who="a", input="tea")), (1, frame("STOP", "x", reason="no"))]
    assert kinds(fold(*task, (1.1, output("r", "a", "t")))) == []
    late = fold(*task, (3, output("r", "a", "t")), (4, output("s", "a", "t")))
    assert (only(late).count, only(late).sentence) == (
        2,
        "a still said AGENT_OUTPUT on “tea” 3 s after its STOP",
    )
    again = fold(*task, (9, frame("TASK", "u", who="z", input={})))
    assert "z was given work on “tea” 8 s after its STOP" in only(again).sentence


# -- who is there


def test_who_falls_silent_and_comes_back():
    frames = [(0, register("a")), (0, register("z")), *beats("a", 1, 3, 5), *beats("z", 5)]
    board = fold(*frames, until=11)
    assert kinds(board) == []
    board.advance(11.1)
    assert (only(board).kind, only(board).who) == ("silent", "a")
    fold(beat("a", 12.0), board=board)
    assert only(board).over_at == 12
    board.advance(20)
    assert (only(board).count, only(board).standing) == (2, True)


def test_who_never_sent_a_heartbeat_or_said_goodbye_is_not_silent():
    quiet = [(0, register("a")), (0, register("m", role="engram"))]
    left = [*beats("b", 1, 2, 3), (4, frame("DEREGISTER", "x", trace="x", who="b"))]
    assert kinds(fold(*quiet, *left, until=1e6)) == []


def test_when_everybody_falls_silent_it_is_said_once():
    frames = sorted(heard for n in range(5) for heard in beats(f"n{n}", *(t + n / 10 for t in (1, 2, 3, 4))))
    fault = only(fold(*frames, until=60))
    assert (fault.kind, fault.count) == ("all silent", 5)


def test_names_that_look_alike_and_names_with_two_hosts():
    board = fold((0, register("ada")), (1, register("аda")))
    assert only(board).sentence == "аda is easily taken for ada"
    assert kinds(fold((0, register("ada")), (1, register("ada2")))) == []
    hosts = [
        (float(n), register("a", **{"cosmo.host": host, "n": n})) for n, host in enumerate(("x", "y", "x"))
    ]
    assert kinds(fold(*hosts[:2])) == []
    assert "two hosts claim to be a: hosts x and hosts y" in only(fold(*hosts)).sentence


def sent(who: str, number: int, at: float, ts: float) -> tuple[float, bytes]:
    fields = msgspec.json.decode(frame("HEARTBEAT", f"c{who}{number}", trace=f"c{number}", who=who))
    fields["ts"] = datetime.fromtimestamp(ts, UTC).isoformat()
    return at, msgspec.json.encode(fields)


def test_clocks_that_go_back():
    steady = [sent("a", n, 100.0 + n, 100.0 + n - 0.5 * (n % 2)) for n in range(20)]
    assert kinds(fold(*steady)) == []
    back = only(fold(*steady, sent("a", 20, 120, 90)))
    assert (back.kind, back.sentence) == (
        "clock went back",
        "a's clock went back by 28.5 s: what it sent later says it was earlier",
    )


@pytest.mark.parametrize(("off", "said"), [(-60, "arrive 60 s after"), (30, "sent 30 s after they arrived")])
def test_clocks_that_are_off(off: float, said: str):
    frames = [sent("a", n, 100.0 + n, 100.0 + n + off) for n in range(8)]
    assert kinds(fold(*frames[:7])) == []
    board = fold(*frames)
    assert said in only(board).sentence
    fold(*(sent("a", n, 200.0 + n, 200.0 + n) for n in range(8, 24)), board=board)
    assert "clock is off" not in [fault.kind for fault in found(board) if fault.standing]


# -- frames


def test_malformed_frames_share_a_row_and_unknown_types_are_only_notes():
    bad = b'{"v":"1","id":"evt_1","trace_id":"nope","type":"TASK"}'
    worse = b'{"v":"1","id":"evt_2","trace_id":"never","type":"TASK"}'
    fault = only(fold((0, bad), (1, worse)))
    assert (fault.kind, fault.count, fault.severity) == ("malformed", 2, "warning")
    assert "trace_id 'never' does not start with 'trc_'" in fault.sentence
    new = only(fold((0, frame("SONG", "s", who="a"))))
    assert (new.kind, new.severity) == ("unknown type", "note")


def test_a_failure_that_a_final_follows_came_right():
    failed = [(0, frame("TASK", "t", who="a")), (1, frame("ERROR", "e", parent="t", who="a", code="X"))]
    assert (only(fold(*failed)).severity, only(fold(*failed)).sentence) == ("error", "a failed: X")
    assert only(fold(*failed, (2, frame("FINAL", "f", result=1)))).over_at == 2


def test_tools_and_memories_that_fail():
    result = frame("TOOL_RESULT", "r", parent="c", tool="search", error="no index")
    recalled = frame("RECALLED", "s", parent="q", who="m", engram_id="m", hits=[], error="locked")
    board = fold((0, result), (1, recalled))
    assert [fault.sentence for fault in found(board)] == ["search failed: no index", "m failed: locked"]


def test_thoughts_that_are_missing():
    def thought(seq: int) -> bytes:
        return frame("THOUGHT_DELTA", f"t{seq}", parent="x", who="a", delta="hm", seq=seq)

    assert kinds(fold(*((n, thought(n)) for n in range(4)))) == []
    fault = only(fold((0, thought(3)), (1, thought(4)), (2, thought(8))))
    assert fault.sentence == "3 of a's thoughts never came: 8 follows 4"


def test_one_id_on_two_signals_and_one_signal_twice():
    task = frame("TASK", "t", who="a", input={})
    again = only(fold((0, task), (1, task)))
    assert (again.kind, again.severity) == ("delivered twice", "note")
    other = only(fold((0, task), (1, frame("FINAL", "t", who="z"))))
    assert (other.kind, other.sentence) == ("one id twice", "FINAL of z has the id of a TASK: evt_t")
    passed = frame("TASK", "t", who="z", input={}, meta={"cosmo.passed_on_by": "h"})
    assert kinds(fold((0, task), (1, passed))) == []


def test_what_the_bus_does_on_purpose():
    board = Board()
    for seq, (subject, kind, event) in enumerate(
        [
            ("_chaos.dev", "CHAOS", {"rule": "r", "event": "set"}),
            ("_chaos.dev", "CHAOS", {"rule": "r", "event": "drop", "type": "BID", "trace_id": "trc_1"}),
            ("_chaos.dev", "CHAOS", {"rule": "r", "event": "drop", "type": "TASK", "trace_id": "trc_2"}),
            ("_gate.dev", "GATE", {"gate": "g", "event": "held", "type": "BID", "trace_id": "trc_1"}),
            ("_gate.dev", "GATE", {"gate": "g", "event": "edited", "type": "BID", "trace_id": "trc_1"}),
            ("_gate.dev", "GATE", {"gate": "g", "event": "gone", "reason": "held too long"}),
        ]
    ):
        header = Header(
            type=kind,
            trace_id=event.get("trace_id", ""),
            neuron=event.get("rule") or event.get("gate"),
            payload=msgspec.Raw(msgspec.json.encode(event)),
        )
        board.apply(Observed(seq, float(seq), subject, header))
    assert [(fault.severity, fault.count, fault.sentence) for fault in found(board)] == [
        ("note", 2, "chaos rule r dropped a TASK of trace trc_2"),
        ("note", 1, "somebody edited a held BID of trace trc_1"),
        ("warning", 1, "gate g is gone, what it held went on: held too long"),
    ]


# -- the book


def test_the_book_is_bounded_and_says_what_it_forgot():
    book = FaultBook(most=3)
    for number in range(5):
        book.report(Fault("x", "warning", str(number), "", at=float(number)), ("key", number))
    assert [book.by_id[id].sentence for id in book.order] == ["2", "3", "4"]
    assert (book.total, book.forgotten, dict(book.counts)) == (5, 2, {"warning": 3})
    assert book.report(Fault("x", "warning", "again", "", at=9.0), ("key", 0)).count == 1
    assert book.report(Fault("x", "warning", "again", "", at=9.0), ("key", 4)).count == 2


# -- no false alarm, and the same whatever the pace


@pytest.mark.parametrize("name", ["peer-0.1.14.ndjson", "peer-0.1.8.ndjson"])
def test_a_recorded_session_has_the_faults_it_really_had(name: str):
    frames = (DATA / name).read_bytes().splitlines()
    headers = [read_header(data) for data in frames]
    sent_at = [datetime.fromisoformat(str(header.ts)).timestamp() for header in headers]
    board = fold(*zip(accumulate(sent_at, max), frames, strict=True))
    assert kinds(board) == ["failed", "no bid"]
    board.advance(board.now + 3600)
    # One bid came after the award, and one worker ended without a word.
    assert [(fault.kind, fault.who) for fault in found(board)] == [
        ("failed", "clumsy"),
        ("no bid", ""),
        ("late bid", "samovar"),
        ("silent", "patient"),
    ]


def seen(board: Board) -> list[tuple[Any, ...]]:
    return [
        (id, fault.kind, fault.at, fault.last_at, fault.count, fault.sentence, fault.look, fault.over_at)
        for id, fault in board.faults.by_id.items()
    ]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_known_at_a_point_does_not_depend_on_how_one_got_there(data: st.DataObject):
    whos = st.sampled_from(["a", "b", "ghost"])
    ids = st.sampled_from(["1", "2", "3", "4", "5", "6"])
    gaps = st.sampled_from([0.0, 0.05, 0.6, 2.0, 7.0, 40.0])
    types = st.sampled_from(
        [
            "TASK",
            "TASK_OFFER",
            "BID",
            "TASK_AWARDED",
            "TASK_DECLINED",
            "AGENT_OUTPUT",
            "ERROR",
            "STOP",
            "REGISTER",
            "HEARTBEAT",
            "DEREGISTER",
            "DISCOVER",
        ]
    )
    at, frames = 0.0, []
    for _ in range(data.draw(st.integers(5, 30))):
        at += data.draw(gaps)
        kind, id = data.draw(types), data.draw(ids)
        made = frame(
            kind,
            f"{kind}{id}",
            parent=data.draw(st.sampled_from([None, "TASK1", "BID1", "TASK_OFFER1", "TASK_AWARDED1"])),
            trace=data.draw(st.sampled_from("12")),
            who=data.draw(whos),
            capabilities=[],
            deadline_ms=100,
            cost=1.0,
        )
        frames.append((at, made))
    end = at + data.draw(gaps)
    often, once = Board(), Board()
    for seq, (moment, made) in enumerate(frames):
        for step in (0.25, 0.5, 0.75):
            often.advance(often.now + (moment - often.now) * step)
        for board in (often, once):
            board.apply(Observed(seq, moment, "cosmonapse.dev.X", read_header(made)))
    for share in (0.3, 0.7, 1.0):
        often.advance(often.now + (end - often.now) * share)
    once.advance(end)
    often.advance(end)
    assert seen(often) == seen(once)
    assert often.presence.counts == once.presence.counts
    assert once.presence.counts.total() == len(once.roster)
    for who in once.roster.values():
        assert who.state == who.liveness(end)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_payload_makes_it_raise(data: st.DataObject):
    odd = st.recursive(
        st.none() | st.booleans() | st.sampled_from([0, -1, 1e308, 5e-324, 2**63, "", "x" * 900, "evt_t"]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
        max_leaves=4,
    )
    board = Board()
    for seq in range(data.draw(st.integers(1, 12))):
        fields = {
            "v": "1",
            "id": data.draw(st.sampled_from(["evt_t", "evt_u", "evt_w", 7, None])),
            "trace_id": data.draw(st.sampled_from(["trc_1", "", None])),
            "parent_id": data.draw(st.sampled_from(["evt_t", "evt_u", "evt_w", None])),
            "type": data.draw(st.sampled_from(TYPES)),
            "ts": data.draw(st.sampled_from(["2026-01-01T00:00:00Z", 1e18, -1, "never", None])),
            "directed": {"id": data.draw(st.sampled_from(["a", "z" * 300, ""]))},
            "payload": {key: data.draw(odd) for key in data.draw(st.sets(st.sampled_from(KEYS), max_size=4))},
            "meta": {"cosmo.withdraws": data.draw(odd), "coord": data.draw(st.booleans())},
        }
        board.apply(Observed(seq, float(seq), "x", read_header(msgspec.json.encode(fields))))
    board.advance(1e5)
    assert all(len(fault.sentence) <= 600 for fault in found(board))
    for who in board.roster.values():
        assert who.capacity() is None or who.capacity() >= 1


KEYS = [
    "seq",
    "eta_ms",
    "cost",
    "winning_bid",
    "load",
    "in_flight",
    "capabilities",
    "error",
    "tool",
    "call_id",
]
TYPES = ["TASK", "TASK_OFFER", "BID", "TASK_AWARDED", "AGENT_OUTPUT", "ERROR", "THOUGHT_DELTA", "HEARTBEAT"]
TYPES += ["REGISTER", "TOOL_CALL", "TOOL_RESULT", "RECALLED", "STOP", "FINAL", "DEREGISTER", "ODD"]
