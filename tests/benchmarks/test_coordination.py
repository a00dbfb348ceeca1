"""The benchmarks of coordination still run. They are measured elsewhere."""

from __future__ import annotations

import json

from benchmarks.coordination import main


def test_every_figure_is_measured(tmp_path):
    said: list[str] = []
    samples = tmp_path / "rounds.json"
    quick = ["--tasks", "50", "--racing", "40", "--processes", "2", "--rounds", "1", "--json", str(samples)]
    assert main(quick, said.append) == 0
    [rows] = json.loads(samples.read_text())
    assert len(rows) == 7
    for what, left, right, *_ in rows:
        assert left > 0
        assert right > 0
        assert what in said[0]
