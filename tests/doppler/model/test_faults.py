"""What goes wrong in silence becomes a row: each rule in the case it is for, and in those it must leave alone."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.faults import Fault, FaultBook
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import Header
from tests.doppler.model.faulty import award, bid, discover, found, kinds, offer, only, output, register
from tests.doppler.model.folding import fold, frame


def beat(who: str, at: float) -> tuple[float, bytes]:
    named = f"h{who}{at:g}"
    return at, frame("HEARTBEAT", named, trace=named, who=who, status="ok")


def beats(who: str, *times: float) -> list[tuple[float, bytes]]:
    return [beat(who, at) for at in times]


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
    unasked = (5, frame("TASK", "t", who="ghost", input={}))
    assert kinds(fold(unasked, until=9)) == []
    # Where nobody is at all, a question is enough, unless it was for somebody in particular.
    assert kinds(fold(discover(0), unasked, until=9)) == ["task to nobody"]
    assert kinds(fold((0, frame("DISCOVER", "d", trace="d", neuron="a")), unasked, until=9)) == []


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


def called(number: int, *answers: str) -> list[tuple[float, bytes]]:
    """A call to everybody on a trace of its own, and who answers."""
    trace, at = f"c{number}", float(number)
    call = frame("TASK", f"t{number}", trace=trace, input={"text": f"job {number}"})
    given = [(at + 0.1, output(f"r{number}{who}", who, f"t{number}", trace=trace)) for who in answers]
    return [(at, call), *given]


def test_where_the_trace_says_whose_work_it_is_others_do_not_answer():
    def owner(number: int) -> str:
        return ("ann", "bob")[int(hashlib.sha1(f"trc_c{number}".encode()).hexdigest(), 16) % 2]

    def other(number: int) -> str:
        return "bob" if owner(number) == "ann" else "ann"

    kept = [each for number in range(12) for each in called(number, owner(number))]
    assert {owner(number) for number in range(12)} == {"ann", "bob"}
    assert kinds(fold(*kept)) == []
    twice = only(fold(*kept, *called(20, owner(20), other(20))))
    assert twice.kind == "double claim"
    assert twice.look.endswith(f"by the SHA-1 of the trace it is {owner(20)}'s")
    stolen = only(fold(*kept, *called(21, other(21))))
    assert (
        stolen.sentence == f"{other(21)} answered “job 21”, which by the SHA-1 of the trace is {owner(21)}'s"
    )
    # Where all may answer, or one always does, no rule is seen.
    both = [each for number in range(12) for each in called(number, "ann", "bob")]
    assert kinds(fold(*both)) == []
    assert kinds(fold(*(each for number in range(12) for each in called(number, "ann")))) == []


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
    assert "two hosts claim to be a: host x and host y" in only(fold(*hosts)).sentence


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
