"""What is no recording is refused with what it is and what to do."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
import zstandard

from cosmo_doppler.errors import RecordingError
from cosmo_doppler.session import open_replay

SIGNAL = {"v": "1", "type": "TASK", "id": "evt_1", "trace_id": "trc_1", "payload": {}}
LINE = json.dumps(SIGNAL).encode() + b"\n"
PACKED = zstandard.ZstdCompressor().compress(LINE * 400)


def refused(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        open_replay(path)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.ndjson.gz", gzip.compress(LINE, mtime=0), "gunzip"),
        ("a.ndjson", PACKED, "give it a name that ends with .zst"),
        ("a.zip", b"PK\x03\x04 and more", "a zip archive"),
        ("a.db", b"SQLite format 3\x00 and more", "--store"),
        ("a.ndjson.zst", LINE, "leave that out"),
        ("a.ndjson.zst", PACKED[: len(PACKED) // 2], "no whole line"),
        ("a.ndjson.zst", PACKED[:4] + b"\xff" * 60, "damaged"),
        ("a.json", json.dumps([SIGNAL], indent=1).encode(), "jq -c '.[]'"),
        ("a.json", json.dumps(SIGNAL, indent=1).encode(), "jq -c ."),
        ("a.ndjson", b"\n \n\n", "no whole line"),
        ("a.ndjson", b"", "the file is empty"),
        ("a.csv", b"time,who\n1,ada\n", "line 1: not JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_of_another_kind_is_named(name: str, content: bytes, advice: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert advice in refused(tmp_path / name)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "a pipe" in refused(pipe)
    assert "a directory" in refused(tmp_path)
    assert "no such file" in refused(tmp_path / "nothing")
    assert "not a file" in refused(Path("/dev/null"))
