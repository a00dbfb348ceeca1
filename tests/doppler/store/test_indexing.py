"""A recording indexed in blocks gives the rows that reading it line by line gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.work.recording_file import write
from cosmo_bus.recording import read_line, read_recording, record_line
from cosmo_doppler.store import Indexer, Store, lines, open_blocks
from cosmo_doppler.store.lines import PlainBlocks
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import read_header
from tests.doppler.model.folding import frame

AT = 1_767_225_605.123456
DATA = Path(__file__).parents[1] / "data"

ours = st.builds(
    lambda at, subject, data: record_line(AT + at, subject, data),
    st.floats(-3, 3),
    st.sampled_from(
        ["cosmonapse.dev.TASK", "cosmonapse.dev.BID", "_gate.dev", 'say "x"', "cosmonapse.dev.Ä"]
    ),
    st.sampled_from(
        [
            frame("TASK", "1", who="n"),
            frame("BID", "2", parent="1", who=""),
            frame("NEW", "3", rx="2020-01-01T00:00:00.000000Z", subject="elsewhere"),
            b'{"rx":"2020-01-01T00:00:00.000000Z","subject":"no","type":"TASK","id":"evt_1"}',
            b'{"type":"TASK","directed":{"id":7},"trace_id":[]}',
            b'{"type":"TASK","directed":{"id":null},"neuron":"old","trace_id":"trc_1"}',
            b'{"x":{"rx":"2020-01-01T00:00:00.000000Z","subject":"s","y":1}}',
            b"not json",
            b"{}",
        ]
    ),
)
others = st.sampled_from(
    [
        frame("TASK", "9", who="bare") + b"\n",
        b'{"op":"msg","subject":"cosmonapse.dev.X","frame":"{\\"type\\":\\"BID\\"}"}\n',
        b"hello\n",
        b"\n",
        b"  \r\n",
        b"[1]\n",
        b"\xff\xfe\n",
        b'{"rx":"2026-01-01T00:00:05.123456Z","subject":"s","v":"1","x":NaN}\n',
        b'{"type":"TASK","id":"evt_1","payload":{"x":"\\ud800","y":NaN}}\n',
        b'{"rx":"2026-01-01T00:00:05.123456Z","subject":"\\ud800","type":"BID","id":"evt_1\\udc00"}\n',
        b'{"rx":"9999-99-99T99:99:99.123456Z","subject":"s","v":"1"}\n',
    ]
)


def indexed(path: Path) -> tuple[Store, list[tuple[int, str]]]:
    store = Store()
    skipped: list[tuple[int, str]] = []
    blocks = open_blocks(path)
    plain = isinstance(blocks, PlainBlocks)
    shelf = store.add_shelf(blocks.file if plain else store.memory)
    indexer = Indexer(store.names, shelf, lambda number, reason: skipped.append((number, reason)))
    while (block := blocks.next(torn=True)) is not None:
        at = block.start if plain else store.memory.append(block.data)
        store.extend(indexer.index(block, at))
    if not plain:
        blocks.close()
    return store, skipped


def table(store: Store) -> list[tuple[object, ...]]:
    return [
        (
            store.at(seq),
            store.subject(seq),
            store.type(seq),
            store.who(seq),
            store.trace_id(seq),
            store.frame(seq),
            store.observed(seq),
        )
        for seq in range(len(store))
    ]


def expected(path: Path) -> Store:
    store, last = Store(), 0.0
    for line in read_recording(path):
        if line.problem:
            continue
        header = read_header(line.frame)
        at = line.at
        if at is None:
            moment = read_timestamp(header.ts)
            at = last if moment is None else moment.timestamp()
        last = max(last, at)
        subject = (
            line.subject if line.subject is not None else f"cosmonapse.replay.{header.type or 'UNKNOWN'}"
        )
        store.append(last, subject, line.frame)
    return store


@given(
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(ours | others, max_size=12),
    st.sampled_from([b"", b'{"v":"1","id"', b"{}"]),
)
def test_a_block_read_at_once_gives_what_reading_it_line_by_line_gives(tmp_path_factory, bom, parts, tail):
    path = tmp_path_factory.mktemp("index") / "session.ndjson"
    path.write_bytes(bom + b"".join(parts) + tail)
    store, skipped = indexed(path)
    assert table(store) == table(expected(path))
    assert skipped == [(line.number, line.problem) for line in read_recording(path) if line.problem]


@given(st.lists(ours, min_size=1, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_rows_read_together_are_those_read_one_by_one(tmp_path_factory, parts, first, last):
    path = tmp_path_factory.mktemp("together") / "session.ndjson"
    path.write_bytes(b"".join(parts))
    store, _ = indexed(path)
    first, last = min(first, len(store)), min(last, len(store))
    assert store.observe(first, last) == [store.observed(seq) for seq in range(first, last)]


@pytest.mark.parametrize("name", ["session.ndjson", "session.ndjson.zst"])
def test_blocks_of_any_size_hold_whole_lines(tmp_path, monkeypatch, name):
    plain = tmp_path / "plain.ndjson"
    write(plain, 600)
    path = tmp_path / name
    if path.suffix == ".zst":
        import zstandard

        path.write_bytes(zstandard.compress(plain.read_bytes()))
    else:
        path.write_bytes(plain.read_bytes())
    whole = table(indexed(plain)[0])
    for block in (500, 5_000, 1 << 20):
        monkeypatch.setattr(lines, "BLOCK", block)
        store, skipped = indexed(path)
        assert (table(store), skipped) == (whole, [])


@pytest.mark.parametrize(
    ("name", "length"),
    [("session.ndjson", 10_000), ("session.ndjson", 50_000), ("session.ndjson.zst", 50_000)],
)
def test_a_line_without_end_is_passed_over_and_reported_once(tmp_path, monkeypatch, name, length):
    monkeypatch.setattr(lines, "MAX_LINE", 10_000)
    monkeypatch.setattr(lines, "BLOCK", 1_000)
    good = record_line(AT, "cosmonapse.dev.TASK", frame("TASK", "1"))
    data = good + b'{"x":"' + b"y" * length + b'"}\n' + good
    path = tmp_path / name
    if path.suffix == ".zst":
        import zstandard

        data = zstandard.compress(data)
    path.write_bytes(data)
    store, skipped = indexed(path)
    assert len(store) == 2
    assert [reason[:11] for _, reason in skipped] == ["longer than"]


def test_damaged_compression_costs_only_what_is_near(tmp_path):
    import zstandard

    plain, path = tmp_path / "plain.ndjson", tmp_path / "session.ndjson.zst"
    write(plain, 6_000)
    packed = bytearray(zstandard.compress(plain.read_bytes()))
    packed[-2_000:-1_000] = bytes(1_000)
    path.write_bytes(packed)
    store, skipped = indexed(path)
    assert 3_000 < len(store) < 6_000
    assert [reason[:30] for _, reason in skipped] == ["the compressed data is damaged"]


def test_our_own_lines_are_never_read_one_by_one(tmp_path, monkeypatch):
    path = tmp_path / "session.ndjson"
    write(path, 300)
    monkeypatch.setattr("cosmo_doppler.store.indexing.read_line", None)
    store, _ = indexed(path)
    assert len(store) == 300


def test_a_file_that_shrinks_gives_empty_frames_and_counts_them(tmp_path):
    path = tmp_path / "session.ndjson"
    write(path, 10)
    store, _ = indexed(path)
    path.write_bytes(b"")
    assert store.frame(3) == b""
    assert store.unreadable == 1
    assert store.observed(4).header.problem


def test_the_lines_of_the_generator_are_what_the_recorder_writes(tmp_path):
    path = tmp_path / "session.ndjson"
    write(path, 50)
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True)):
        read = read_line(number, line)
        assert read.at is not None
        assert read.subject is not None
        assert record_line(read.at, read.subject, read.frame) == line
        assert json.loads(line)["type"] in read.subject
