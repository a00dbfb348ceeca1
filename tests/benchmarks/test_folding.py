"""The benchmark of the fold still runs. It is measured elsewhere."""

from __future__ import annotations

import json

from benchmarks.folding import main


def test_every_figure_of_the_fold_is_measured(capsys):
    assert main(["--signals", "500", "--rounds", "1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert sum(count for count, _ in figures["types"].values()) == figures["signals"] == 500
    assert min(figures["append_us"], figures["read_us"], figures["fold_us"]) > 0
    assert figures["held_mib"]["traces"] > 0


def test_the_costs_of_the_fold_are_told_by_type_and_by_part(capsys):
    assert main(["--signals", "300", "--rounds", "1"]) == 0
    said = capsys.readouterr().out
    assert "TASK_OFFER" in said
    assert "auctions" in said
