"""Several recordings at once, recordings somebody still writes, and files that change under our hands."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus.recording import RecordingWriter, record_line
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.session import Session, load_all, open_replay, replay
from cosmo_doppler.store import lines as store_lines
from tests.doppler.model.folding import frame
from tests.doppler.session.waiting import until

AT = 1_767_225_605.0


def line(name: str, after_s: float = 0.0) -> bytes:
    return record_line(AT + after_s, "cosmonapse.dev.TASK", frame("TASK", name, trace=name))


def seen(session: Session) -> list[str]:
    return [session.store.trace_id(seq).removeprefix("trc_") for seq in range(len(session.store))]


def read_on(session: Session) -> None:
    """What the engine does when it looks again."""
    for each in session.source._files:
        each.look()
    while session.source.load(session, 1.0):
        pass


def opened(*paths: Path) -> Session:
    session = open_replay(paths, paused=True)
    while session.source.load(session, 1.0):
        pass
    return session


@given(
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8).map(sorted), min_size=1, max_size=4),
    st.sampled_from([100, 1000, 1 << 20]),
)
def test_several_recordings_are_one_by_time(tmp_path_factory, times, block):
    folder = tmp_path_factory.mktemp("several")
    expected = sorted(
        (at, number, place) for number, each in enumerate(times) for place, at in enumerate(each)
    )
    paths = []
    for number, each in enumerate(times):
        paths.append(folder / f"{number}.ndjson")
        paths[-1].write_bytes(b"".join(line(f"{number}-{place}", at) for place, at in enumerate(each)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_lines, "BLOCK", block)
        session = opened(*paths)
    assert seen(session) == [f"{number}-{place}" for _, number, place in expected]
    assert [session.store.at(seq) - AT for seq in range(len(session.store))] == [at for at, _, _ in expected]
    assert all(
        session.store.frame(seq) == frame("TASK", name, trace=name) for seq, name in enumerate(seen(session))
    )


def test_the_title_says_that_there_are_several(tmp_path):
    for name in "ab":
        (tmp_path / name).write_bytes(line(name))
    session = opened(tmp_path / "a", tmp_path / "b", tmp_path / "a")
    assert (session.title, seen(session)) == ("a and 1 more", ["a", "b"])


def test_one_of_several_that_is_no_recording_is_named(tmp_path):
    (tmp_path / "a").write_bytes(line("a"))
    (tmp_path / "b").write_bytes(b"log\n")
    with pytest.raises(RecordingError, match="b, line 1: not JSON"):
        opened(tmp_path / "a", tmp_path / "b")


def test_skipped_lines_are_named_with_their_file(tmp_path):
    (tmp_path / "a").write_bytes(line("a") + b"x\n")
    (tmp_path / "b").write_bytes(b"y\n" + line("b"))
    session = opened(tmp_path / "a", tmp_path / "b")
    assert sorted((skip.path.name, skip.number) for skip in session.source.skips.first) == [
        ("a", 2),
        ("b", 1),
    ]
    assert session.status().skipped == 2


def test_the_files_of_a_rotated_recording_are_one(tmp_path):
    path = tmp_path / "session.ndjson"
    writer = RecordingWriter(path, rotate_bytes=400)
    for number in range(9):
        writer.write(AT + number, "cosmonapse.dev.TASK", frame("TASK", str(number), trace=str(number)))
    writer.close()
    assert (tmp_path / "session.002.ndjson").exists()
    session = opened(path)
    assert seen(session) == [str(number) for number in range(9)]
    assert session.status().loaded == 1.0


def test_an_older_recording_of_that_name_is_not_taken_for_the_next_file(tmp_path):
    (tmp_path / "session.ndjson").write_bytes(line("new", 100.0))
    (tmp_path / "session.001.ndjson").write_bytes(line("old"))
    (tmp_path / "session.002.ndjson").write_bytes(line("next", 101.0))
    (tmp_path / "session.003.ndjson").write_bytes(b"notes\n")
    assert seen(opened(tmp_path / "session.ndjson")) == ["new", "next"]


def test_files_named_one_by_one_are_read_once(tmp_path):
    paths = [tmp_path / "session.ndjson", tmp_path / "session.001.ndjson"]
    for number, path in enumerate(paths):
        path.write_bytes(line(str(number), number))
    assert seen(opened(*paths)) == ["0", "1"]


def test_a_file_that_grows_is_read_on(tmp_path):
    path = tmp_path / "session.ndjson"
    path.write_bytes(line("a"))
    session = opened(path)
    with path.open("ab") as file:
        file.write(line("b", 1.0) + line("c", 2.0)[:40])
    read_on(session)
    assert (seen(session), session.status().skipped) == (["a", "b"], 1)
    with path.open("ab") as file:
        file.write(line("c", 2.0)[40:] + b"junk\n")
    read_on(session)
    assert seen(session) == ["a", "b", "c"]
    assert [(skip.number, session.status().skipped) for skip in session.source.skips.first] == [(4, 1)]


def test_a_last_line_without_its_newline_is_a_signal_all_the_same(tmp_path):
    path = tmp_path / "session.ndjson"
    path.write_bytes(line("a") + line("b", 1.0)[:-1])
    session = opened(path)
    assert seen(session) == ["a", "b"]
    with path.open("ab") as file:
        file.write(b"\njunk\n  ")
    read_on(session)
    assert [skip.number for skip in session.source.skips.first] == [3]


def test_a_file_put_in_its_place_is_read_from_its_beginning(tmp_path):
    path = tmp_path / "session.ndjson"
    path.write_bytes(line("a"))
    session = opened(path)
    path.rename(tmp_path / "session.ndjson.1")
    read_on(session)
    path.write_bytes(line("b", 1.0))
    read_on(session)
    assert seen(session) == ["a", "b"]
    assert session.store.frame(0) == frame("TASK", "a", trace="a")


def test_a_file_that_was_emptied_is_read_again_and_what_is_gone_is_told(tmp_path):
    path = tmp_path / "session.ndjson"
    path.write_bytes(line("a") + line("b"))
    session = opened(path)
    path.write_bytes(line("c", 1.0))
    read_on(session)
    assert seen(session) == ["a", "b", "c"]
    assert (session.store.frame(0), session.store.frame(2)) == (b"", frame("TASK", "c", trace="c"))
    assert "was emptied" in session.status().detail
    assert session.store.header(0).problem.startswith("it cannot be read any more")
    assert session.store.header(2).problem == ""


def test_a_torn_file_is_gone_on_with_in_the_next_one(tmp_path):
    (tmp_path / "session.ndjson").write_bytes(line("a") + line("b")[:30])
    (tmp_path / "session.001.ndjson").write_bytes(line("c", 1.0))
    session = opened(tmp_path / "session.ndjson")
    assert (seen(session), session.status().skipped) == (["a", "c"], 1)


def test_compressed_and_plain_recordings_merge(tmp_path):
    import zstandard

    (tmp_path / "a.ndjson").write_bytes(line("a") + line("c", 2.0))
    (tmp_path / "b.ndjson.zst").write_bytes(zstandard.compress(line("b", 1.0) + line("d", 3.0)))
    session = opened(tmp_path / "a.ndjson", tmp_path / "b.ndjson.zst")
    assert seen(session) == ["a", "b", "c", "d"]
    assert session.store.frame(3) == frame("TASK", "d", trace="d")


async def test_the_engine_follows_a_file_and_the_view_stays_at_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(replay, "LOOK_EVERY_S", 0.001)
    path = tmp_path / "session.ndjson"
    path.write_bytes(line("a"))
    session = open_replay(path)
    session.start()
    try:
        with session.lock:
            session.timeline.to_end()
        await until(lambda: session.timeline.position == 1)
        with path.open("ab") as file:
            file.write(line("b", 1.0))
        await until(lambda: session.timeline.position == 2)
        with session.lock:
            session.timeline.step(-1)
        with path.open("ab") as file:
            file.write(line("c", 1.0))
        await until(lambda: session.timeline.length == 3)
        assert session.timeline.position < 3
    finally:
        session.stop()


def test_a_recording_is_read_as_it_was_folded(tmp_path):
    path = tmp_path / "session.ndjson"
    path.write_bytes(b"".join(line(str(number), number) for number in range(200)))
    session = open_replay(path)
    load_all(session)
    assert session.timeline.board.signals == 200


def test_a_compressed_file_that_grows_is_read_on(tmp_path):
    path = tmp_path / "s.ndjson.zst"
    writer = RecordingWriter(path)
    for number in range(3):
        writer.write(AT + number, "cosmonapse.dev.TASK", frame("TASK", f"a{number}", trace=f"a{number}"))
    writer.flush()
    session = opened(path)
    assert seen(session) == ["a0", "a1", "a2"]
    for name in ("b", "c"):
        writer.write(AT + 9, "cosmonapse.dev.TASK", frame("TASK", name, trace=name))
        read_on(session)
        assert seen(session)[-1] != name
        writer.flush()
        read_on(session)
        assert seen(session)[-1] == name
    writer.close()
    read_on(session)
    assert len(seen(session)) == 5
    assert session.status().skipped == 0


@given(st.lists(st.integers(1, 4000), max_size=12), st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_however_a_compressed_file_grows_nothing_is_lost_or_read_twice(tmp_path_factory, cuts, flushes):
    folder = tmp_path_factory.mktemp("grows")
    writer, names, first = RecordingWriter(folder / "whole.ndjson.zst"), [], 0
    for count in flushes:
        for _ in range(count):
            names.append(str(len(names)))
            noise = hashlib.sha256(names[-1].encode()).hexdigest() * 4
            data = frame("TASK", names[-1], trace=names[-1], input=noise)
            writer.write(AT + len(names), "cosmonapse.dev.TASK", data)
        writer.flush()
        if len(names) == flushes[0]:
            first = writer.path.stat().st_size
    writer.close()
    whole = writer.path.read_bytes()
    path = folder / "growing.ndjson.zst"
    path.write_bytes(whole[:first])
    session = opened(path)
    for cut in [*cuts, len(whole)]:
        first, last = min(first, len(whole)), min(first + cut, len(whole))
        with path.open("ab") as file:
            file.write(whole[first:last])
        first = last
        read_on(session)
        assert seen(session) == names[: len(session.store)]
    assert seen(session) == names
    assert session.source.skips.count == 0


def test_a_compressed_file_put_in_its_place_is_read_from_its_beginning(tmp_path):
    path = tmp_path / "s.ndjson.zst"

    def put(name):
        writer = RecordingWriter(tmp_path / "new.ndjson.zst")
        writer.write(AT, "cosmonapse.dev.TASK", frame("TASK", name, trace=name))
        writer.close()
        writer.path.rename(path)

    put("a")
    session = opened(path)
    put("b")
    read_on(session)
    assert seen(session) == ["a", "b"]
    path.write_bytes(b"")
    read_on(session)
    put("c")
    read_on(session)
    assert seen(session) == ["a", "b", "c"]
    assert [session.store.frame(seq) for seq in range(3)] == [
        frame("TASK", name, trace=name) for name in "abc"
    ]


def test_what_comes_after_damage_in_a_compressed_file_is_told_and_not_tried_again(tmp_path):
    path = tmp_path / "s.ndjson.zst"
    writer = RecordingWriter(path)
    writer.write(AT, "cosmonapse.dev.TASK", frame("TASK", "a", trace="a"))
    writer.close()
    session = opened(path)
    with path.open("ab") as file:
        file.write(b"no frame of zstandard")
    read_on(session)
    assert seen(session) == ["a"]
    assert ["damaged" in skip.reason for skip in session.source.skips.first] == [True]
    with path.open("ab") as file:
        file.write(b"more of it")
    read_on(session)
    assert session.source.skips.count == 1
