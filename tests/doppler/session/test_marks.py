from __future__ import annotations

import json
from pathlib import Path

import pytest

from cosmo_doppler.errors import ExportError
from cosmo_doppler.session.marks import Marks
from cosmo_doppler.store import Store


@pytest.fixture
def store() -> Store:
    store = Store()
    for number in range(10):
        frame = {"id": f"evt_{number}", "trace_id": "trc_1", "type": "TASK", "payload": {}}
        store.append(float(number), "cosmonapse.dev.TASK", json.dumps(frame).encode())
    return store


def test_marks_are_walked_in_the_order_of_signals(store: Store) -> None:
    marks = Marks(store)
    for seq in (7, 2, 5):
        marks.put(seq, f"note {seq}")
    assert [mark.seq for mark in marks] == [2, 5, 7]
    assert [marks.after(2, 1), marks.after(7, 1), marks.after(2, -1)] == [marks.get(5), None, None]
    assert marks.after(6, -1) == marks.get(5)
    assert 5 in marks
    assert 6 not in marks
    marks.remove(5)
    assert [mark.note for mark in marks] == ["note 2", "note 7"]
    assert not marks.kept


def test_they_are_kept_beside_the_recording(store: Store, tmp_path: Path) -> None:
    recording = tmp_path / "day.ndjson"
    marks = Marks(store, recording)
    marks.put(3, "here it went wrong")
    marks.put(4)
    marks.put(3, "no, here")
    again = Marks(store, recording)
    assert [(mark.seq, mark.id, mark.note) for mark in again] == [(3, "evt_3", "no, here"), (4, "evt_4", "")]
    assert again.kept
    assert [path.name for path in tmp_path.iterdir()] == ["day.ndjson.marks.json"]


def test_a_mark_knows_whether_its_signal_is_still_there(store: Store, tmp_path: Path) -> None:
    Marks(store, tmp_path / "day.ndjson").put(3)
    other = Store()
    (mark,) = Marks(other, tmp_path / "day.ndjson")
    assert not Marks(other).is_of(mark)
    assert Marks(store).is_of(mark)


def test_a_file_that_is_something_else_is_left_alone(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "day.ndjson.marks.json"
    file.write_text("[1, 2")
    marks = Marks(store, tmp_path / "day.ndjson")
    assert "is no list of marks" in marks.problem
    marks.put(1)
    assert file.read_text() == "[1, 2"
    assert 1 in marks


def test_a_place_that_takes_no_file_is_named(store: Store, tmp_path: Path) -> None:
    marks = Marks(store, tmp_path / "nowhere" / "day.ndjson")
    with pytest.raises(ExportError, match="cannot write"):
        marks.put(1)
    assert 1 in marks
