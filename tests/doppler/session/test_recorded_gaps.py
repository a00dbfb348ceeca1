"""Times without a bus, as recordings tell of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus.recording import read_line, record_line
from cosmo_doppler.export import whole_recording
from cosmo_doppler.model.bus_events import Unseen, gap_event, loss_event, read_any, read_unseen
from cosmo_doppler.session import Session, open_replay
from cosmo_doppler.session.losses import Loss
from cosmo_doppler.session.session import Gap
from cosmo_doppler.store import lines as store_lines
from tests.doppler.model.folding import frame

AT = 1_767_225_605.0


def line(number: int, at: float) -> bytes:
    return record_line(at, "cosmonapse.dev.TASK", frame("TASK", f"{number}", trace=f"{number}"))


def gap(lost_at: float, back_at: float) -> bytes:
    return record_line(back_at, *gap_event("dev", lost_at))


def opened(*paths: Path) -> Session:
    session = open_replay(paths, paused=True)
    while session.source.load(session, 1.0):
        pass
    return session


def test_a_gap_is_told_in_a_line_of_its_own() -> None:
    read = read_line(1, gap(AT, AT + 3.5))
    assert (read.at, read.subject, read.problem) == (AT + 3.5, "_gap.dev", "")
    assert read_unseen(read.subject, read.frame) == Unseen(AT, 0)
    assert read_any(read.subject or "", read.frame).type == "GAP"


@given(st.lists(st.booleans(), max_size=60), st.sampled_from([300, 1 << 18]))
def test_a_gap_stands_before_the_signal_that_came_next(
    tmp_path_factory: pytest.TempPathFactory, whether: list[bool], block: int
) -> None:
    path = tmp_path_factory.mktemp("gaps") / "session.ndjson"
    parts, expected, signals = [line(0, AT)], [], 1
    for number, is_gap in enumerate(whether, 1):
        at = AT + number
        if is_gap:
            parts.append(gap(at - 0.5, at))
            expected.append(Gap(signals, at - 0.5, at))
        else:
            parts.append(line(number, at))
            signals += 1
    path.write_bytes(b"".join(parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_lines, "BLOCK", block)
        session = opened(path)
    assert (len(session.store), session.gaps) == (signals, expected)
    assert session.status().skipped == 0


def test_of_several_recordings_each_tells_its_own(tmp_path: Path) -> None:
    one, other = tmp_path / "one.ndjson", tmp_path / "other.ndjson"
    one.write_bytes(line(1, AT) + gap(AT + 1, AT + 2) + line(2, AT + 4))
    other.write_bytes(line(3, AT + 3) + line(4, AT + 5) + gap(AT + 6, AT + 7))
    session = opened(one, other)
    assert session.gaps == [Gap(2, AT + 1, AT + 2), Gap(4, AT + 6, AT + 7)]


def test_an_export_of_everything_tells_of_it_too(tmp_path: Path) -> None:
    path = tmp_path / "one.ndjson"
    path.write_bytes(line(1, AT) + gap(AT + 1, AT + 2) + line(2, AT + 4))
    assert b"".join(whole_recording(open_replay(path, paused=True))) == path.read_bytes()


def test_frames_that_did_not_get_here_are_told_in_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "one.ndjson"
    lost = record_line(AT + 2, *loss_event("dev", 12))
    path.write_bytes(line(1, AT) + lost + line(2, AT + 4))
    session = opened(path)
    assert (session.gaps, session.losses.all) == ([], [Loss(1, AT + 2, 12)])
    assert b"".join(whole_recording(open_replay(path, paused=True))) == path.read_bytes()


@pytest.mark.parametrize(
    "told", [b'{"lost_at":"yesterday","frames":1}', b'{"frames":0}', b"{}", b'{"frames":[]}']
)
def test_what_tells_of_nothing_is_a_frame_that_cannot_be_read(tmp_path: Path, told: bytes) -> None:
    path = tmp_path / "one.ndjson"
    path.write_bytes(line(1, AT) + record_line(AT, "_gap.dev", told))
    session = opened(path)
    assert session.gaps == []
    assert session.store.observed(1).header.problem == "no event of a gap"
