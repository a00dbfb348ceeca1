"""Recordings that are not as they should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cosmo_doppler.session import load_all, open_replay

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_lines_that_are_no_signals(looks_the_same: Callable[..., None], tmp_path: Path, size: str) -> None:
    path = tmp_path / "mixed.ndjson"
    lines = (DATA / "demo.ndjson").read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join((lines[0], b"[1,2,3]\n", *lines[1:60], b"GET / HTTP/1.1\n", lines[60][:90])))
    session = open_replay(path)
    load_all(session)
    looks_the_same(session, size, view="faults", press=("G",), says=("3 skipped", "mixed.ndjson, line 2"))
