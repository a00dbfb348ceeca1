"""The recording format: what is written comes back, and what nobody wrote is named."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus import recording
from cosmo_bus.recording import (
    RecordingReader,
    RecordingWriter,
    read_line,
    read_recording,
    record_line,
    record_lines,
)
from cosmo_bus.recording_files import NeedsZstandard

AT = 1_767_225_605.123456
SUBJECT = "cosmonapse.dev.TASK"
ENVELOPE = b'{"v":"1","id":"evt_1","trace_id":"trc_1","type":"TASK","payload":{"n":  1.50,"t":"h\xc3\xa4"}}'

json_objects = st.dictionaries(
    st.sampled_from(["rx", "subject", "raw", "op", "frame", "type", "v"]) | st.text(max_size=4),
    st.none() | st.integers() | st.text(max_size=6) | st.lists(st.booleans(), max_size=2),
    max_size=5,
)


def read(tmp_path, data: bytes):
    path = tmp_path / "session.ndjson"
    path.write_bytes(data)
    return list(read_recording(path))


def test_a_line_is_the_frame_with_its_time_and_subject_in_front():
    line = record_line(AT, SUBJECT, ENVELOPE)
    assert (
        line == b'{"rx":"2026-01-01T00:00:05.123456Z","subject":"cosmonapse.dev.TASK",' + ENVELOPE[1:] + b"\n"
    )
    assert json.loads(line)["payload"] == {"n": 1.5, "t": "hä"}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"[1]",
        b"not json",
        b"\xff\xfe\x00",
        b'{"a":1',
        b'{\n"a":1\n}',
        b'{"a":NaN}',
        b'{"raw":"x"}',
        b'{"raw":1}',
    ],
)
def test_what_cannot_be_spliced_is_kept_as_text(frame):
    line = record_line(AT, SUBJECT, frame)
    assert list(json.loads(line)) == ["rx", "subject", "raw"]
    assert line.count(b"\n") == 1
    assert read_line(1, line).frame == frame.decode("utf-8", "backslashreplace").encode()


@given(json_objects.map(lambda value: json.dumps(value).encode()), st.text(max_size=12))
def test_an_object_comes_back_with_its_own_bytes_whatever_its_keys(frame, subject):
    line = read_line(7, record_line(AT, subject, frame))
    assert (line.number, line.subject, line.frame, line.problem) == (7, subject, frame, "")
    assert line.at == pytest.approx(AT, abs=1e-6)


said = st.one_of(
    json_objects.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [b"{}", b'{"raw":1}', b'{ "raw":"x"}', b' {"a":1}', b'{"a":1} ', b'{"a":\r1}', b'{"rx":"x"}']
    ),
)


@given(st.lists(st.tuples(st.sampled_from([SUBJECT, "a.b", 'quo"ted']), said), max_size=8))
def test_lines_written_together_are_those_written_one_by_one(rows):
    together = record_lines(
        AT, [subject for subject, _ in rows], b"".join(frame + b"\n" for _, frame in rows)
    )
    assert together == b"".join(record_line(AT, subject, frame) for subject, frame in rows)


@given(st.binary(max_size=60))
def test_no_frame_makes_writing_or_reading_fail(frame):
    line = read_line(1, record_line(AT, SUBJECT, frame))
    assert line.problem == ""
    assert line.subject == SUBJECT


@given(st.binary(max_size=80) | json_objects.map(lambda value: json.dumps(value).encode()))
def test_no_line_makes_reading_fail(line):
    read = read_line(1, line)
    assert bool(read.problem) != bool(read.frame)


def test_bare_envelopes_are_read_as_they_are():
    line = read_line(1, ENVELOPE + b"\n")
    assert line == (1, None, None, ENVELOPE, "")


def test_lines_of_the_bus_are_read():
    message = {"op": "msg", "sub_id": "1", "subject": SUBJECT, "frame": ENVELOPE.decode()}
    assert read_line(1, json.dumps(message).encode()) == (1, None, SUBJECT, ENVELOPE, "")


def test_a_recording_somebody_reformatted_is_still_read():
    loose = json.dumps(json.loads(record_line(AT, SUBJECT, ENVELOPE))).encode()
    line = read_line(1, loose)
    assert (line.at, line.subject, line.problem) == (AT, SUBJECT, "")
    assert json.loads(line.frame)["id"] == "evt_1"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"hello\n", "not JSON"),
        (b'{"v":"1","id"', "not JSON (the last line, cut short)"),
        (b"[1,2]\n", "JSON, but not an object"),
        (b'"text"\n', "JSON, but not an object"),
        (b'{"level":"info","msg":"started"}\n', "an object that is no signal"),
        (b'{"type":"log","text":"x"}\n', "an object that is no signal"),
        (b"\x00\x01\x02\xff\n", "not JSON"),
    ],
)
def test_what_is_no_signal_is_named(line, problem):
    read = read_line(3, line)
    assert (read.number, read.frame) == (3, b"")
    assert read.problem.startswith(problem)


def test_a_file_is_read_line_by_line_with_the_numbers_an_editor_shows(tmp_path):
    first = record_line(AT, SUBJECT, ENVELOPE)
    lines = read(
        tmp_path, b"\xef\xbb\xbf" + first + b"\n  \r\n" + b"junk\n" + first.replace(b"\n", b"\r\n") + b'{"v":'
    )
    assert [(line.number, bool(line.problem)) for line in lines] == [
        (1, False),
        (4, True),
        (5, False),
        (6, True),
    ]
    assert lines[0].frame == lines[2].frame == ENVELOPE


def test_a_line_without_end_is_skipped_and_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "MAX_LINE", 1 << 20)
    line = record_line(AT, SUBJECT, ENVELOPE)
    lines = read(tmp_path, line + b"x" * (3 << 20) + b"\n" + line)
    assert [(each.number, each.problem) for each in lines] == [(1, ""), (2, "longer than 1 MiB"), (3, "")]


def test_an_empty_file_has_no_lines(tmp_path):
    assert read(tmp_path, b"") == []


def test_a_missing_file_cannot_be_read(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        list(read_recording(tmp_path / "none"))


def test_a_writer_counts_and_what_was_flushed_survives(tmp_path):
    path = tmp_path / "session.ndjson"
    writer = RecordingWriter(path)
    writer.write(AT, SUBJECT, ENVELOPE)
    writer.write(AT, SUBJECT, b"\xff")
    writer.flush()
    assert (writer.lines, writer.bytes_written) == (2, path.stat().st_size)
    assert [line.problem for line in read_recording(path)] == ["", ""]
    writer.close()
    writer.close()


def test_a_recording_is_continued_also_after_a_crash_in_the_middle_of_a_line(tmp_path):
    path = tmp_path / "session.ndjson"
    path.write_bytes(record_line(AT, SUBJECT, ENVELOPE)[:-20])
    writer = RecordingWriter(path)
    writer.write(AT, SUBJECT, ENVELOPE)
    writer.close()
    torn, whole = read_recording(path)
    assert torn.problem
    assert whole.frame == ENVELOPE


def test_a_writer_needs_a_file_it_may_write(tmp_path):
    with pytest.raises(IsADirectoryError):
        RecordingWriter(tmp_path)


# -- files


def test_a_compressed_recording_reads_as_it_was_written(tmp_path):
    path = tmp_path / "r.ndjson.zst"
    writer = RecordingWriter(path)
    for number in range(1_000):
        writer.write(float(number), "s", b'{"type":"TASK","number":%d}' % number)
    writer.close()
    writer.close()
    frames = [line.frame for line in read_recording(path)]
    assert frames == [b'{"type":"TASK","number":%d}' % number for number in range(1_000)]
    assert path.stat().st_size < writer.bytes_written / 4


def test_what_was_flushed_of_a_compressed_recording_is_there_after_a_crash(tmp_path):
    path = tmp_path / "r.ndjson.zst"
    writer = RecordingWriter(path)
    for number in range(3):
        writer.write(float(number), "s", b'{"type":"TASK","number":%d}' % number)
        writer.flush()
    whole = path.read_bytes()
    assert len(list(read_recording(path))) == 3
    cut = tmp_path / "cut.ndjson.zst"
    cut.write_bytes(whole[:-5])
    assert [line.problem for line in read_recording(cut)][:2] == ["", ""]
    writer.close()


def test_damage_in_a_compressed_recording_is_said_and_ends_it(tmp_path):
    path = tmp_path / "r.ndjson.zst"
    path.write_bytes(b"this is not compressed at all")
    (line,) = read_recording(path)
    assert "the compressed data is damaged from here on" in line.problem


def test_a_compressed_recording_is_not_appended_to(tmp_path):
    path = tmp_path / "r.ndjson.zst"
    writer = RecordingWriter(path)
    writer.write(1.0, "s", b"{}")
    writer.close()
    with pytest.raises(FileExistsError, match="cannot be appended to"):
        RecordingWriter(path)


def test_without_the_extra_a_compressed_recording_names_the_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    for use in (RecordingWriter, lambda path: next(read_recording(path))):
        with pytest.raises(NeedsZstandard, match=r"pip install 'cosmo-doppler\[zstd\]'"):
            use(tmp_path / "r.ndjson.zst")


@pytest.mark.parametrize("ending", [".ndjson", ".ndjson.zst", ""])
def test_a_recording_goes_on_in_another_file_when_one_is_full(tmp_path, ending):
    path = tmp_path / f"day{ending}"
    (tmp_path / f"day.001{ending}").write_bytes(b"precious")
    writer = RecordingWriter(path, rotate_bytes=150)
    for number in range(4):
        writer.write(float(number), "s", b'{"type":"TASK","number":%d,"pad":"xxxxxxxxxx"}' % number)
    writer.close()
    files = [
        path,
        tmp_path / f"day.002{ending}",
        tmp_path / f"day.003{ending}",
        tmp_path / f"day.004{ending}",
    ]
    assert [len(list(read_recording(file))) for file in files] == [1, 1, 1, 1]
    assert (writer.path, writer.lines) == (files[-1], 4)
    assert (tmp_path / f"day.001{ending}").read_bytes() == b"precious"


def test_the_position_in_the_file_is_known_while_it_is_read(tmp_path):
    path = tmp_path / "r.ndjson"
    path.write_bytes(b'{"type":"TASK","id":"evt_1"}\n' * 20_000)
    reader = RecordingReader(path)
    assert reader.position == 0
    lines = iter(reader)
    next(lines)
    assert 0 < reader.position < path.stat().st_size
    lines.close()


@pytest.mark.parametrize("odd", [rb'"a \ud800"', b"NaN", b"-Infinity", b"1e999"])
def test_a_line_that_only_released_peers_can_read_is_a_frame_like_any_other(odd):
    envelope = b'{"type":"TASK","id":"evt_1","payload":{"x":%b}}' % odd
    bare = read_line(3, envelope + b"\n")
    assert (bare.number, bare.at, bare.subject, bare.frame, bare.problem) == (3, None, None, envelope, "")
    ours = read_line(4, b'{"rx":"2026-01-01T00:00:05.000000Z","subject":"s.\\ud800",' + envelope[1:])
    assert (ours.at, ours.subject, ours.frame, ours.problem) == (1767225605.0, "s.?", envelope, "")
    heard = read_line(5, b'{"op":"msg","subject":"s","frame":"{}","more":%b}' % odd)
    assert (heard.subject, heard.frame, heard.problem) == ("s", b"{}", "")


@pytest.mark.parametrize("line", [b"[NaN]", b'"\\ud800"', b'{"x":NaN}', b'{"type":"TASK","id":"evt_1",NaN}'])
def test_what_is_no_signal_to_anybody_stays_none(line):
    assert read_line(1, line + b"\n").problem
