"""The store gives back what it was given."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
