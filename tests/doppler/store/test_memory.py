"""Frames beyond the cap move to disk and stay readable; a full disk loses none either."""

from __future__ import annotations

import tempfile

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.session import Session
from cosmo_doppler.store import Store, memory
from cosmo_doppler.store.memory import FrameMemory
from tests.doppler.model.folding import frame
from tests.doppler.nowhere import Nowhere


@given(st.lists(st.binary(max_size=30), max_size=40), st.integers(0, 200), st.integers(1, 60))
def test_whatever_was_held_is_read_again(frames, cap, piece):
    before, memory.PIECE = memory.PIECE, piece
    try:
        with_cap = FrameMemory(cap)
    finally:
        memory.PIECE = before
    addresses = [with_cap.append(data) for data in frames]
    assert [with_cap.read(at, len(data)) for at, data in zip(addresses, frames, strict=True)] == frames
    assert with_cap.size == sum(len(data) for data in frames)
    assert with_cap.read(0, with_cap.size) == b"".join(frames)
    assert with_cap.size - with_cap.moved <= cap + piece
    with_cap.close()


def test_a_store_shows_signals_that_were_moved(monkeypatch):
    monkeypatch.setattr(memory, "PIECE", 100)
    store = Store(cap=500)
    sent = [frame("TASK", str(number), input={"text": "x" * number}) for number in range(50)]
    for number, data in enumerate(sent):
        store.append(float(number), "s", data)
    assert store.moved > 1_000
    assert [store.frame(seq) for seq in range(50)] == sent
    assert [store.header(seq).id for seq in range(50)] == [f"evt_{number}" for number in range(50)]


def test_without_a_disk_everything_stays_in_memory_and_that_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "PIECE", 100)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))

    session = Session(Nowhere(), kind="live", title="t")
    session.limit_memory(200)
    for number in range(50):
        session.ingest("s", frame("TASK", str(number)))
    status = session.status()
    assert (status.moved, status.signals) == (0, 50)
    assert "No such file" in status.memory_fault
    assert session.store.frame(49) == frame("TASK", "49")


def test_what_was_moved_is_told(monkeypatch):
    monkeypatch.setattr(memory, "PIECE", 100)

    session = Session(Nowhere(), kind="live", title="t")
    session.limit_memory(200)
    for number in range(50):
        session.ingest("s", frame("TASK", str(number)))
    assert session.status().moved == session.store.moved > 0
