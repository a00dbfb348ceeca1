"""The store gives back what it was given."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.redaction import Redaction
from cosmo_doppler.store import Store
from cosmo_sdk.header import read_header
from tests.doppler.model.folding import frame

frames = st.lists(
    st.tuples(
        st.floats(0, 1e9),
        st.sampled_from(["cosmonapse.dev.TASK", "cosmonapse.dev.BID", ""]),
        st.binary(max_size=40)
        | st.builds(
            frame, st.sampled_from(["TASK", "BID", "NEW"]), st.text(max_size=3), who=st.text(max_size=3)
        ),
    ),
    max_size=20,
)


@given(frames)
def test_rows_come_back_as_they_were_appended(rows):
    store = Store()
    for at, subject, data in rows:
        store.append(at, subject, data)
    assert len(store) == len(rows)
    assert store.size == sum(len(data) for _, _, data in rows)
    latest = 0.0
    for seq, (at, subject, data) in enumerate(rows):
        latest = max(latest, at)
        header = read_header(data)
        assert (store.frame(seq), store.subject(seq), store.at(seq)) == (data, subject, latest)
        assert (store.type(seq), store.who(seq), store.trace_id(seq)) == (
            header.type,
            header.who,
            header.trace_id,
        )
        seen = store.observed(seq)
        assert (seen.seq, seen.at, seen.subject, seen.header) == (seq, latest, subject, header)


OF_THE_BUS = b'{"op":"hold","gate":"ada","rule":"r1","trace_id":"trc_1"}'

arrivals = st.lists(
    st.tuples(
        st.floats(0, 1e9),
        st.sampled_from(["cosmonapse.dev.TASK", "cosmonapse.dev.BID"] * 8 + ["_gate.dev"]),
        st.sampled_from(
            [frame("TASK", "1", who="a"), frame("BID", "2", trace="t2"), frame("NEW", "3", who="b")] * 6
            + [OF_THE_BUS, b"", b"\n", b"{}\n{}", b"no JSON", frame("TASK", "4", input="x" * 20_000)]
        ),
    ),
    max_size=12,
)


@given(arrivals, arrivals)
def test_rows_that_come_together_are_as_they_are_one_by_one(first, then):
    together, one_by_one = Store(), Store()
    for rows in (first, then):
        together.append_many(rows)
        for row in rows:
            one_by_one.append(*row)
    assert len(together) == len(one_by_one) == len(first) + len(then)
    for seq in range(len(together)):
        assert together.observed(seq) == one_by_one.observed(seq)
        assert together.frame(seq) == one_by_one.frame(seq)
        assert (together.type(seq), together.who(seq), together.trace_id(seq)) == (
            one_by_one.type(seq),
            one_by_one.who(seq),
            one_by_one.trace_id(seq),
        )


def test_what_is_redacted_is_redacted_of_rows_that_come_together():
    store = Store()
    store.redaction = Redaction(["payload.card"])
    store.append_many([(1.0, "s", frame("TASK", str(number), card="4111 x")) for number in range(3)])
    for seq in range(3):
        assert b"4111 x" not in store.frame(seq)
        assert "4111 x" not in store.header(seq).read_payload().values()


@given(frames, st.floats(0, 1e9))
def test_positions_are_found_by_time(rows, at):
    store = Store()
    for row in rows:
        store.append(*row)
    position = store.position_at(at)
    assert all(store.at(seq) <= at for seq in range(position))
    assert all(store.at(seq) > at for seq in range(position, len(store)))


@pytest.mark.parametrize("seq", [-1, 1, 99])
def test_rows_that_do_not_exist(seq):
    store = Store()
    store.append(0.0, "s", b"{}")
    with pytest.raises(IndexError, match=f"no signal {seq}"):
        store.frame(seq)


def test_rows_come_back_whether_they_are_fresh_old_or_long():
    store = Store()
    sent = [
        frame("TASK", str(number), input={"text": "x" * (40_000 if number % 7 == 0 else 1)})
        for number in range(1000)
    ]
    for number, data in enumerate(sent):
        store.append(float(number), "s", data)
        assert store.header(number) == read_header(data)
    assert [store.header(seq) for seq in range(1000)] == [read_header(data) for data in sent]


def test_no_object_for_the_garbage_collector_is_kept_for_a_signal():
    store = Store()
    data = frame("TASK", "a", who="n", input={"text": "x"})
    for number in range(2000):
        store.append(float(number), "s", data)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(2000, 10_000):
        store.append(float(number), "s", data)
    gc.collect()
    assert len(gc.get_objects()) - before < 100
