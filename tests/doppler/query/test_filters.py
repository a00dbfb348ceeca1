"""What expressions mean: one by one, and compiled against evaluated plainly."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.query import Hits, Known, QueryError, Sieve, StoreRow, compile_filter
from cosmo_doppler.query.ast import And, Compare, Node, Not, Or, Pattern, Text, write
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.store import Store
from tests.doppler.query.expressions import expressions
from tests.doppler.query.market import fill, market


def picked(text: str, store: Store, board: Board | None = None) -> list[int]:
    known = Known(board, board.now if board is not None else 0.0)
    return Sieve(compile_filter(text), store, known).pick(0, len(store))


def ids(text: str) -> str:
    """The ids of what matches in the market, in order."""
    store, board = market()
    return " ".join(store.header(seq).id.removeprefix("evt_") for seq in picked(text, store, board))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type:BID", "b1 b2 b3"),
        ("type:task-offer", "o1 o2"),
        ("type:TASK*", "o1 aw d1 t2 o2"),
        ("who:worker-* type:BID", "b1 b2"),
        ("-who:worker-* type:BID", "b3"),
        ("trace:trc_1 type!=BID", "o1 aw d1 q1"),
        ("cost<0.004", "b2"),
        ("cost:0.5 or eta=120ms", "b1 b3"),
        ("conf>=0.9", "b2"),
        ("auto:true", "b3"),
        ("payload.input.text ~ \"(?i)INVOICE\"", "o1"),
        ("payload.input.text:sing", "o2"),
        ("cap:sum", "r1 r2 o1"),
        ("role:engram", "r2"),
        ("meta.note:x*", "b3"),
        ("parent:b2", "aw"),
        ("id:o1", "o1"),
        ("has:error", "e2 e3"),
        ("is:pending", "q1"),
        ("is:orphan", "e3"),
        ("won:true", "b2"),
        ("won:false", "b1 b3"),
        ("late:true", "b3"),
        ("bids>1 type:BID", "b1 b2 b3"),
        ("bids:0", "o2"),
        ("margin>0.002 type:TASK_OFFER", "o1"),
        ("window:250ms type:TASK_OFFER", "o1"),
        ("strategy:lowest_cost type:TASK_OFFER", "o1"),
        ("tie:true", ""),
        ("trace.errors>0", "t2 e2 e3"),
        ("trace.dur>300ms trace.bids>0 type:TASK_OFFER", "o1"),
        ("trace.signals>=6 type:TASK_OFFER", "o1"),
        ("trace.open:true", "o1 b1 b2 aw d1 b3 q1 o2"),
        ("trace.status:failed type:TASK", "t2"),
        ("trace.cost<0.003 trace.cost>0 type:BID", "b1 b2 b3"),
        ("trace.idle>1s type:TASK", ""),
        ("seq<2", "r1 r2"),
        ("age<100ms", "o2"),
        ('"DIVIDE by"', "t2"),
        ("/which (year|month)/", "q1"),
        ("text:straße", "e3"),
        ('"STRASSE"', "e3"),
    ],
)  # fmt: skip
def test_conditions_mean_what_they_say(text: str, expected: str) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("type:BID confi>1", 9, "did you mean conf?"),
        ("type:BIDS", 5, "did you mean BID?"),
        ("cost<cheap", 5, "cost needs a number like 0.01, not 'cheap'"),
        ("eta>5mb", 4, "a span of time"),
        ("who>3", 0, "who has no order"),
        ("auto:maybe", 5, "true or false"),
        ("is:bookmarked", 0, "unknown field 'is:bookmarked'"),
        ("has:eror", 0, "did you mean has:error?"),
        ("strategy:lowest", 9, "did you mean lowest_cost?"),
        ("who ~ (", 6, "expected a value"),
        ('who ~ "("', 6, "no regular expression"),
        ('who ~ "(a+)+b"', 6, "can take too long"),
        ("trace.durr>1s", 0, "did you mean trace.dur?"),
    ],
)
def test_what_cannot_be_meant_is_one_error_with_a_place(text: str, position: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_filter(text)
    assert message in str(caught.value)
    assert caught.value.position == position


# Compiled against plain


def plainly(node: Node) -> Callable[[StoreRow], bool]:
    """The same expression without columns, bytes, order of cost or slices."""
    match node:
        case Not():
            inner = plainly(node.part)
            return lambda row: not inner(row)
        case And():
            return lambda row: {plainly(part)(row) for part in node.parts} == {True}
        case Or():
            return lambda row: True in {plainly(part)(row) for part in node.parts}
        case Compare() | Text() | Pattern():
            return compile_filter(write(node)).matches


def values(dice: random.Random) -> dict[str, Any]:
    texts = ["an invoice", "INVOICE", "Straße", "ünïcode", "a/b", 'say "cost"', "\u212anife", "x" * 50]
    return {
        "input": {"text": dice.choice([*texts, "invoice", 3, None])},
        "cost": dice.choice([0.5, 0.001, 1, "0.5", None, float("1e300")]),
        "eta_ms": dice.choice([120, 119.9, "soon"]),
        "confidence": dice.choice([0.5, 0.9]),
        "items": dice.choice([[1, 2], [], "no", {"1": 2}]),
        "capabilities": dice.choice([["sum"], ["sing", "sum"], None]),
    }


def random_frame(dice: random.Random) -> bytes:
    fields: dict[str, Any] = {
        "v": "1",
        "id": f"evt_{dice.randrange(20)}",
        "trace_id": f"trc_T{dice.randrange(3)}",
        "type": dice.choice(["BID", "TASK", "TASK_OFFER", "ERROR", "INVOICE", ""]),
        "ts": "2026-01-01T00:00:00Z",
        "payload": {key: value for key, value in values(dice).items() if dice.random() < 0.6},
        "meta": dice.choice([{}, {"x": "yes", "auto_bid": True}, {"auto_bid": "yes"}]),
    }
    if dice.random() < 0.5:
        fields["parent_id"] = f"evt_{dice.randrange(20)}"
    if dice.random() < 0.7:
        fields["directed"] = {"id": f"worker-{dice.randrange(3)}", "type": "neuron", "capabilities": []}
    text = json.dumps(fields, ensure_ascii=dice.random() < 0.5)
    if dice.random() < 0.2:
        text = text.replace("/", "\\/").replace("in", "\\u0069n")
    return dice.choice([text.encode()] * 12 + [b"no json at all: invoice", b'{"type":"BID"}'])


@settings(max_examples=60, deadline=None)
@given(expressions(), st.integers(0, 2**32))
def test_stages_and_slices_find_what_a_plain_look_at_each_signal_finds(node: Node, seed: int) -> None:
    dice = random.Random(seed)
    store = Store()
    for number in range(60):
        store.append(float(number), f"cosmonapse.{dice.choice(['dev', 'qa'])}.BID", random_frame(dice))
    wanted = compile_filter(write(node))
    expected = []
    plain, row = plainly(node), StoreRow(store)
    for seq in range(len(store)):
        row.move(seq)
        if plain(row):
            expected.append(seq)
    assert Sieve(wanted, store).pick(0, len(store)) == expected
    hits = Hits(wanted, store, slice_rows=7)
    for position in [*sorted(dice.sample(range(61), 5)), 60]:
        while hits.turn(position, Known(), lambda: dice.random() < 0.7):
            pass
    assert [hits[index] for index in range(len(hits))] == expected


def test_nothing_that_is_redacted_can_be_found() -> None:
    store = Store()
    store.redaction = Redaction(["payload.card"])
    fill(store, 40, payload={"card": "4111-1111"})
    assert picked('"4111"', store) == []
    assert picked("payload.card:4111-1111", store) == []
    assert len(picked("type:BID", store)) == 40
